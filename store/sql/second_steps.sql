-- name: forget_unconfirmed
DELETE FROM second_step WHERE person_id = %(person_id)s AND confirmed_at IS NULL

-- name: begin
INSERT INTO second_step (person_id, org_id, secret, recovery_hashes) VALUES (%(person_id)s, %(org_id)s, %(secret)s, %(hashes)s)
ON CONFLICT (person_id) DO NOTHING
RETURNING person_id

-- name: confirm
UPDATE second_step SET confirmed_at = now() WHERE person_id = %(person_id)s

-- name: end
DELETE FROM second_step WHERE person_id = %(person_id)s

-- name: find
SELECT * FROM second_step_of(%(person_id)s)

-- name: use
SELECT use_second_step(%(person_id)s, %(counter)s, %(recovery_hash)s)
