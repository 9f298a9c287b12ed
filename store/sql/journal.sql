-- name: list_events
SELECT event.*, seen.vehicle_id, device.device_key, seen.longitude_e7, seen.latitude_e7, seen.place_name
FROM event
JOIN device USING (device_id)
CROSS JOIN LATERAL place_of_event(event) AS seen
WHERE (%(rules)s::text[] IS NULL OR event.rule = ANY (%(rules)s))
  AND (%(severities)s::text[] IS NULL OR event.severity = ANY (%(severities)s))
  AND (%(trip_id)s::text IS NULL OR event.trip_id = %(trip_id)s)
  AND (%(vehicle_id)s::text IS NULL OR seen.vehicle_id = %(vehicle_id)s)
  AND (%(since)s::timestamptz IS NULL OR event.started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR event.started_at < %(until)s)
  AND (%(superseded)s OR event.superseded_at IS NULL)
  AND {part}

-- name: find_event
SELECT event.*, seen.vehicle_id, device.device_key, seen.longitude_e7, seen.latitude_e7, seen.place_name
FROM event
JOIN device USING (device_id)
CROSS JOIN LATERAL place_of_event(event) AS seen
WHERE event.event_id = %(event_id)s AND (%(org_id)s::integer IS NULL OR event.org_id = %(org_id)s)
ORDER BY event.org_id <> acting_org(), event.org_id
LIMIT 1

-- name: changed_events
SELECT event.*, seen.vehicle_id, device.device_key, seen.longitude_e7, seen.latitude_e7, seen.place_name
FROM event
JOIN device USING (device_id)
CROSS JOIN LATERAL place_of_event(event) AS seen
WHERE event.change_xid >= %(mark)s::text::xid8
ORDER BY event.change_xid, event.change_no
LIMIT %(limit)s

-- name: changed_visits
SELECT * FROM visit WHERE change_xid >= %(mark)s::text::xid8 ORDER BY change_xid, change_no LIMIT %(limit)s

-- name: mark
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS mark
