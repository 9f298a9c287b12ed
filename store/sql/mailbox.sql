-- name: list_messages
SELECT org_id, message_id, alert_id, stage, person, channel, state, attempts, created_at, next_attempt_at, delivered_at,
    coalesce(body ->> 'text', '') AS text, changed_at
FROM message
WHERE (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(alert_id)s::bigint IS NULL OR alert_id = %(alert_id)s)
  AND (%(message_id)s::bigint IS NULL OR message_id = %(message_id)s)
  AND (%(person)s::text IS NULL OR person = %(person)s)
  AND (%(channel)s::text IS NULL OR channel = %(channel)s)
  AND {part}

-- name: attempts
SELECT attempt, at, outcome, detail FROM delivery WHERE message_id = %(message_id)s ORDER BY attempt

-- name: revive
UPDATE message SET state = 'pending', next_attempt_at = now() WHERE message_id = %(message_id)s AND state = 'dead'

-- name: tell_posted
SELECT pg_notify('beatwatch_posted', '')
