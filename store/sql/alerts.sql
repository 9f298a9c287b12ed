-- name: cursor
SELECT change_xid, change_no FROM alert_cursor

-- name: move_cursor
UPDATE alert_cursor SET change_xid = %(change_xid)s, change_no = %(change_no)s

-- name: events_after
-- Everything below xmin has ended, so nothing can still appear before what this returns.
SELECT event.*, device.device_key, change_xid::text::bigint AS xid
FROM event JOIN device USING (device_id)
WHERE (change_xid, change_no) > (%(change_xid)s::text::xid8, %(change_no)s)
    AND change_xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY change_xid, change_no
LIMIT %(limit)s

-- name: event
SELECT event.*, device.device_key FROM event JOIN device USING (device_id) WHERE event.org_id = %(org_id)s AND event_id = %(event_id)s

-- name: linked_alerts
SELECT alert.*, link.event_id AS linked_event_id
FROM unnest(%(org_ids)s::integer[], %(event_ids)s::text[]) AS wanted (org_id, event_id)
JOIN alert_event link USING (org_id, event_id)
JOIN alert ON alert.alert_id = link.alert_id
ORDER BY alert.alert_id
FOR NO KEY UPDATE OF alert

-- name: alerts_of_keys
SELECT alert.* FROM alert WHERE alert_id IN (
    SELECT found.alert_id
    FROM unnest(%(org_ids)s::integer[], %(rules)s::text[], %(subjects)s::text[], %(trip_ids)s::text[]) AS wanted (org_id, rule, subject, trip_id)
    CROSS JOIN LATERAL (
        (SELECT alert_id FROM alert
         WHERE alert.org_id = wanted.org_id AND alert.rule = wanted.rule AND alert.subject = wanted.subject
            AND coalesce(alert.trip_id, '') = coalesce(wanted.trip_id, '') AND state <> 'resolved')
        UNION ALL
        (SELECT alert_id FROM alert
         WHERE alert.org_id = wanted.org_id AND alert.rule = wanted.rule AND alert.subject = wanted.subject
            AND coalesce(alert.trip_id, '') = coalesce(wanted.trip_id, '') AND state = 'resolved'
         ORDER BY resolved_at DESC LIMIT 1)
    ) AS found)
ORDER BY alert_id
FOR NO KEY UPDATE

-- name: links
SELECT alert_id, event_id, standing FROM alert_event WHERE alert_id = ANY (%(alert_ids)s)

-- name: next_numbers
SELECT nextval('alert_alert_id_seq') AS alert_id FROM generate_series(1, %(count)s) ORDER BY alert_id

-- name: insert_alerts
INSERT INTO alert (alert_id, org_id, rule, subject, trip_id, stop_id, device_id, severity, state, late, event_id, started_at, opened_at,
    resolved_at, resolved_by, resolution, reason, reopened_count, escalation_level, escalate_at, storm_id, changed_at)
OVERRIDING SYSTEM VALUE
SELECT alert_id, org_id, rule, subject, trip_id, stop_id, device_id, severity, state, late, event_id, started_at, opened_at,
    resolved_at, resolved_by, resolution, reason, reopened_count, escalation_level, escalate_at, storm_id, %(now)s
FROM jsonb_populate_recordset(NULL::alert, %(rows)s)

-- name: update_alerts
UPDATE alert SET severity = given.severity, state = given.state, late = given.late, event_id = given.event_id,
    resolved_at = given.resolved_at, resolved_by = given.resolved_by, resolution = given.resolution, reason = given.reason,
    reopened_count = given.reopened_count, escalation_level = given.escalation_level, escalate_at = given.escalate_at,
    snoozed_until = given.snoozed_until, storm_id = given.storm_id, changed_at = %(now)s,
    acknowledged_at = CASE WHEN given.state <> 'open' THEN alert.acknowledged_at END,
    acknowledged_by = CASE WHEN given.state <> 'open' THEN alert.acknowledged_by END
FROM jsonb_populate_recordset(NULL::alert, %(rows)s) AS given
WHERE alert.alert_id = given.alert_id

-- name: link_events
INSERT INTO alert_event (org_id, event_id, alert_id, standing)
SELECT org_id, event_id, alert_id, standing FROM jsonb_populate_recordset(NULL::alert_event, %(rows)s)
ON CONFLICT (org_id, event_id) DO UPDATE SET standing = excluded.standing

-- name: note
INSERT INTO alert_entry (org_id, alert_id, at, actor, action, note)
SELECT org_id, alert_id, %(now)s, actor, action, note
FROM ROWS FROM (
    jsonb_to_recordset(%(rows)s) AS (org_id integer, alert_id bigint, actor text, action text, note text)
) WITH ORDINALITY
ORDER BY ordinality

-- name: tell_alerted
SELECT pg_notify('beatwatch_alerted', org_id::text) FROM unnest(%(org_ids)s::integer[]) AS org_id

-- name: alerts_to_escalate
SELECT * FROM alert WHERE escalate_at <= %(now)s AND state = 'open' ORDER BY escalate_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED

-- name: alerts_to_wake
SELECT * FROM alert WHERE snoozed_until <= %(now)s AND state <> 'resolved' ORDER BY snoozed_until LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED

-- name: burst
SELECT count(*) AS alerts, min(alert_id) AS first_id FROM alert
WHERE org_id = %(org_id)s AND rule = %(rule)s AND opened_at > %(since)s AND NOT late

-- name: lock_alert
SELECT * FROM alert WHERE alert_id = %(alert_id)s FOR UPDATE

-- name: act
UPDATE alert SET assigned_to = %(assigned_to)s, assigned_by = %(assigned_by)s, assignment_due = %(assignment_due)s,
    snoozed_until = %(snoozed_until)s, escalate_at = %(escalate_at)s, changed_at = %(now)s
WHERE alert_id = %(alert_id)s

-- name: alerts_to_hand_over
SELECT * FROM alert WHERE assignment_due ORDER BY alert_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED

-- name: handed_over
UPDATE alert SET assignment_due = false WHERE alert_id = ANY (%(alert_ids)s)

-- name: recipients
SELECT * FROM recipient WHERE org_id = %(org_id)s ORDER BY person, channel, rule

-- name: list_recipients
SELECT * FROM recipient
WHERE org_id = %(org_id)s AND (%(person)s::text IS NULL OR person = %(person)s)
    AND (%(channel)s::text IS NULL OR channel = %(channel)s) AND (%(rule)s::text IS NULL OR rule = %(rule)s)
    AND {part}

-- name: lock_recipient
SELECT FROM recipient WHERE org_id = %(org_id)s AND person = %(person)s AND channel = %(channel)s AND rule = %(rule)s FOR UPDATE

-- name: on_duty
SELECT person, bool_or(span @> %(now)s::timestamptz) AS is_on_duty FROM duty WHERE org_id = %(org_id)s GROUP BY person

-- name: save_recipient
INSERT INTO recipient (org_id, person, channel, rule, address, least_severity, level, territory, quiet_from, quiet_until, time_zone, wants_digest)
VALUES (%(org_id)s, %(person)s, %(channel)s, %(rule)s, %(address)s, %(least_severity)s, %(level)s, %(territory)s, %(quiet_from)s,
    %(quiet_until)s, %(time_zone)s, %(wants_digest)s)
ON CONFLICT (org_id, person, channel, rule) DO UPDATE SET address = excluded.address, least_severity = excluded.least_severity,
    level = excluded.level, territory = excluded.territory, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
    time_zone = excluded.time_zone, wants_digest = excluded.wants_digest

-- name: delete_recipient
DELETE FROM recipient WHERE org_id = %(org_id)s AND person = %(person)s AND channel = %(channel)s AND rule = %(rule)s

-- name: save_duty
INSERT INTO duty (org_id, person, span) VALUES (%(org_id)s, %(person)s, %(span)s) ON CONFLICT DO NOTHING

-- name: list_duties
SELECT person, lower(span) AS since, upper(span) AS until, changed_at FROM duty
WHERE org_id = %(org_id)s AND (%(person)s::text IS NULL OR person = %(person)s)
    AND (%(at)s::timestamptz IS NULL OR span @> %(at)s::timestamptz)
    AND {part}

-- name: delete_duty
DELETE FROM duty WHERE org_id = %(org_id)s AND person = %(person)s AND lower(span) = %(since)s

-- name: lead
-- One worker follows the events; the others stand by and take over when its session is gone.
SELECT pg_try_advisory_lock(%(space)s, 0) AS leads

-- name: digest_readers
SELECT DISTINCT ON (org_id, person, channel) * FROM recipient WHERE wants_digest ORDER BY org_id, person, channel, rule

-- name: day_counts
SELECT rule, count(*) AS opened, count(*) FILTER (WHERE state <> 'resolved') AS open,
    count(*) FILTER (WHERE resolution = 'confirmed') AS confirmed, count(*) FILTER (WHERE resolution = 'false') AS false
FROM alert WHERE org_id = %(org_id)s AND opened_at >= %(since)s AND opened_at < %(until)s AND resolution IS DISTINCT FROM 'superseded'
GROUP BY rule ORDER BY rule
