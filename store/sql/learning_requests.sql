-- name: ask
INSERT INTO learning_request (org_id, asked_by) VALUES (%(org_id)s, %(asked_by)s)
ON CONFLICT (org_id) WHERE done_at IS NULL DO NOTHING
RETURNING request_id

-- name: newest
SELECT org_id, request_id, asked_by, asked_at, taken_at, done_at, outcome FROM learning_request
WHERE org_id = %(org_id)s ORDER BY request_id DESC LIMIT 1

-- name: take
UPDATE learning_request SET taken_at = %(now)s
WHERE (org_id, request_id) = (
    SELECT org_id, request_id FROM learning_request
    WHERE done_at IS NULL AND (taken_at IS NULL OR taken_at < %(now)s - interval '1 hour')
    ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING org_id, request_id, asked_by, asked_at, taken_at, done_at, outcome

-- name: finish
UPDATE learning_request SET done_at = %(now)s, outcome = %(outcome)s WHERE org_id = %(org_id)s AND request_id = %(request_id)s
