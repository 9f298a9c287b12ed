-- name: forget_old
DELETE FROM idempotency WHERE begun_at < now() - %(kept_for)s::interval

-- name: begin
INSERT INTO idempotency (org_id, actor, idempotency_key, digest) VALUES (%(org_id)s, %(actor)s, %(key)s, %(digest)s)
ON CONFLICT (org_id, actor, idempotency_key) DO UPDATE SET begun_at = now()
WHERE NOT idempotency.is_done AND idempotency.begun_at < now() - %(given_up_after)s::interval
  AND idempotency.digest = excluded.digest
RETURNING true AS is_ours

-- name: find
SELECT digest, is_done, status, headers, body FROM idempotency
WHERE org_id = %(org_id)s AND actor = %(actor)s AND idempotency_key = %(key)s

-- name: keep_answer
UPDATE idempotency SET is_done = true, status = %(status)s, headers = %(headers)s, body = %(body)s
WHERE org_id = %(org_id)s AND actor = %(actor)s AND idempotency_key = %(key)s

-- name: give_up
DELETE FROM idempotency WHERE org_id = %(org_id)s AND actor = %(actor)s AND idempotency_key = %(key)s AND NOT is_done

-- name: note_done
SELECT note_done(%(org_id)s, %(actor)s, %(key)s)
