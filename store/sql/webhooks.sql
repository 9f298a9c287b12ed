-- name: add
INSERT INTO webhook (org_id, url, topics, secret, created_by) VALUES (%(org_id)s, %(url)s, %(topics)s, %(secret)s, %(created_by)s)
RETURNING webhook_id

-- name: list
SELECT webhook_id, org_id, url, topics, state, failed_count, last_error, created_by, created_at, changed_at, revision
FROM webhook
WHERE (%(webhook_id)s::uuid IS NULL OR webhook_id = %(webhook_id)s) AND (%(state)s::text IS NULL OR state = %(state)s)
    AND {part}

-- name: lock
SELECT FROM webhook WHERE webhook_id = %(webhook_id)s FOR UPDATE

-- name: change
UPDATE webhook SET url = coalesce(%(url)s, url), topics = coalesce(%(topics)s, topics),
    failed_count = CASE WHEN %(state)s::text = 'active' THEN 0 ELSE failed_count END, state = coalesce(%(state)s, state)
WHERE webhook_id = %(webhook_id)s

-- name: set_secret
UPDATE webhook SET secret = %(secret)s WHERE webhook_id = %(webhook_id)s

-- name: delete
DELETE FROM webhook WHERE webhook_id = %(webhook_id)s

-- name: ping
INSERT INTO webhook_message (webhook_id, org_id, topic, body)
VALUES (%(webhook_id)s, %(org_id)s, 'ping', jsonb_build_object('asked_by', %(actor)s::text))
RETURNING message_id

-- name: tell
SELECT pg_notify('beatwatch_webhooks', '')

-- name: list_messages
SELECT message.message_id, message.topic, message.body, message.state, message.created_at, message.changed_at,
    CASE WHEN message.state = 'pending' THEN message.next_attempt_at END AS next_attempt_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('attempt_no', attempt.attempt_no, 'at', attempt.at,
            'succeeded', attempt.succeeded, 'detail', attempt.detail) ORDER BY attempt.attempt_no), '[]')
        FROM webhook_attempt AS attempt WHERE attempt.message_id = message.message_id) AS attempts
FROM webhook_message AS message
WHERE message.webhook_id = %(webhook_id)s
  AND (%(state)s::text IS NULL OR message.state = %(state)s)
  AND (%(topic)s::text IS NULL OR message.topic = %(topic)s)
  AND {part}

-- name: claim
-- A lease instead of a lock: nothing is held open in the database while a message is on its way.
UPDATE webhook_message AS message
SET attempt_count = message.attempt_count + 1, next_attempt_at = %(now)s::timestamptz + %(lease)s::interval
FROM webhook
WHERE webhook.webhook_id = message.webhook_id AND message.message_id = ANY (
    SELECT due.message_id FROM webhook_message AS due JOIN webhook AS open USING (webhook_id)
    WHERE due.state = 'pending' AND due.next_attempt_at <= %(now)s AND open.state = 'active'
    ORDER BY due.next_attempt_at LIMIT %(limit)s FOR UPDATE OF due SKIP LOCKED)
RETURNING message.message_id, message.webhook_id, message.org_id, message.topic, message.body, message.created_at,
    message.attempt_count, webhook.url, webhook.secret

-- name: finish
UPDATE webhook_message SET state = %(state)s, next_attempt_at = %(next_attempt_at)s
WHERE message_id = %(message_id)s AND state = 'pending'

-- name: log_attempt
INSERT INTO webhook_attempt (message_id, attempt_no, org_id, at, succeeded, detail)
VALUES (%(message_id)s, %(attempt_no)s, %(org_id)s, %(now)s, %(succeeded)s, %(detail)s)
ON CONFLICT DO NOTHING

-- name: note_success
UPDATE webhook SET failed_count = 0, last_error = NULL WHERE webhook_id = %(webhook_id)s AND failed_count > 0

-- name: note_failure
UPDATE webhook SET failed_count = failed_count + 1, last_error = %(detail)s,
    state = CASE WHEN failed_count + 1 >= %(disabled_after)s AND state = 'active' THEN 'disabled' ELSE state END
WHERE webhook_id = %(webhook_id)s

-- name: forget_before
DELETE FROM webhook_message WHERE state <> 'pending' AND created_at < %(moment)s
