-- name: list_alerts
SELECT alert.*, device.device_key, seen.vehicle_id, seen.longitude_e7, seen.latitude_e7, seen.place_name, event.facts
FROM alert
JOIN event USING (org_id, event_id)
LEFT JOIN device ON device.device_id = alert.device_id
CROSS JOIN LATERAL place_of_event(event) AS seen
WHERE (%(alert_id)s::bigint IS NULL OR alert.alert_id = %(alert_id)s)
  AND (%(states)s::text[] IS NULL OR alert.state = ANY (%(states)s))
  AND (%(rules)s::text[] IS NULL OR alert.rule = ANY (%(rules)s))
  AND (%(severities)s::text[] IS NULL OR alert.severity = ANY (%(severities)s))
  AND (%(trip_id)s::text IS NULL OR alert.trip_id = %(trip_id)s)
  AND (%(vehicle_id)s::text IS NULL OR seen.vehicle_id = %(vehicle_id)s)
  AND (%(since)s::timestamptz IS NULL OR alert.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR alert.opened_at < %(until)s)
  AND {part}

-- name: changed_alerts
SELECT alert.*, device.device_key, seen.vehicle_id, seen.longitude_e7, seen.latitude_e7, seen.place_name, event.facts
FROM alert
JOIN event USING (org_id, event_id)
LEFT JOIN device ON device.device_id = alert.device_id
CROSS JOIN LATERAL place_of_event(event) AS seen
WHERE alert.change_xid >= %(mark)s::text::xid8
ORDER BY alert.change_xid, alert.alert_id
LIMIT %(limit)s

-- name: acknowledge
UPDATE alert
SET state = 'acknowledged', acknowledged_at = now(), acknowledged_by = %(actor)s, escalate_at = NULL, changed_at = now()
WHERE alert_id = %(alert_id)s AND state = 'open'
RETURNING org_id

-- name: resolve
UPDATE alert
SET state = 'resolved', resolved_at = now(), resolved_by = %(actor)s, resolution = %(resolution)s, reason = %(reason)s,
    escalate_at = NULL, changed_at = now()
WHERE alert_id = %(alert_id)s AND state <> 'resolved'
RETURNING org_id

-- name: reopen
UPDATE alert
SET state = 'acknowledged', acknowledged_at = now(), acknowledged_by = %(actor)s, resolved_at = NULL, resolved_by = NULL,
    resolution = NULL, reason = NULL, reopened_count = reopened_count + 1, changed_at = now()
WHERE alert_id = %(alert_id)s AND state = 'resolved'
RETURNING org_id

-- name: note
INSERT INTO alert_entry (org_id, alert_id, at, actor, action, note)
VALUES (%(org_id)s, %(alert_id)s, now(), %(actor)s, %(action)s, %(note)s)

-- name: entries
SELECT at, actor, action, note FROM alert_entry WHERE alert_id = %(alert_id)s ORDER BY at, alert_entry_id

-- name: tell
SELECT pg_notify('beatwatch_alerted', %(org_id)s::text)

-- name: open_alerts_by_trip
SELECT trip_id, count(*) AS alerts FROM alert WHERE state <> 'resolved' AND trip_id = ANY (%(trip_ids)s) GROUP BY trip_id

-- name: lock_alert
SELECT FROM alert WHERE alert_id = %(alert_id)s FOR UPDATE
