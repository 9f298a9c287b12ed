-- name: begin
INSERT INTO second_step (person_id, org_id, secret, recovery_hashes) VALUES (%(person_id)s, %(org_id)s, %(secret)s, %(hashes)s)
ON CONFLICT (person_id) DO UPDATE
SET secret = excluded.secret, recovery_hashes = excluded.recovery_hashes, last_counter = 0
WHERE second_step.confirmed_at IS NULL
RETURNING person_id

-- name: confirm
UPDATE second_step SET confirmed_at = now() WHERE person_id = %(person_id)s

-- name: end
DELETE FROM second_step WHERE person_id = %(person_id)s

-- name: find
SELECT * FROM second_step_of(%(person_id)s)

-- name: use
SELECT use_second_step(%(person_id)s, %(counter)s, %(recovery_hash)s)
