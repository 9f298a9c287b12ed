-- name: post
INSERT INTO message (org_id, alert_id, stage, person, channel, address, body, next_attempt_at, created_at)
SELECT org_id, alert_id, stage, person, channel, address, body, send_at, %(now)s
FROM ROWS FROM (
    jsonb_to_recordset(%(rows)s) AS (org_id integer, alert_id bigint, stage text, person text, channel text, address text, body jsonb,
        send_at timestamptz)
) WITH ORDINALITY
ORDER BY ordinality
ON CONFLICT DO NOTHING

-- name: claim
-- A lease instead of a lock: nothing is held open in the database while a message is on its way.
WITH due AS (
    SELECT message_id, next_attempt_at AS due_at FROM message WHERE state = 'pending' AND next_attempt_at <= %(now)s
    ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE message SET attempts = attempts + 1, next_attempt_at = %(lease_until)s
FROM due
WHERE message.message_id = due.message_id
RETURNING message.message_id, org_id, alert_id, stage, person, channel, address, body, attempts, created_at, due_at,
    (SELECT alert.state FROM alert WHERE alert.alert_id = message.alert_id) AS alert_state,
    (SELECT time_zone FROM organisation WHERE organisation.org_id = message.org_id) AS time_zone,
    (SELECT mounted.vehicle_id FROM alert JOIN device_assignment AS mounted USING (device_id)
        WHERE alert.alert_id = message.alert_id AND mounted.valid @> alert.started_at LIMIT 1) AS vehicle_id

-- name: finish
-- What may be told only once is forgotten as soon as it is told, or never will be.
UPDATE message SET state = %(state)s, next_attempt_at = %(next_attempt_at)s,
    body = CASE WHEN %(state)s = 'pending' THEN body ELSE body - 'once' END,
    delivered_at = CASE WHEN %(state)s = 'delivered' THEN %(now)s::timestamptz END
WHERE message_id = %(message_id)s AND state = 'pending'

-- name: log_delivery
INSERT INTO delivery (message_id, attempt, org_id, at, outcome, detail)
VALUES (%(message_id)s, %(attempt)s, %(org_id)s, %(now)s, %(outcome)s, %(detail)s)
ON CONFLICT (message_id, attempt) DO NOTHING

-- name: tell_posted
SELECT pg_notify('beatwatch_posted', '')
