-- name: list_vehicles
SELECT latest.*, fleet.org_id, fleet.vehicle_id, fleet.registration, fleet.name, fleet.device_key
FROM fleet
LEFT JOIN latest_position AS latest USING (device_id)
WHERE (%(words)s::text IS NULL OR concat_ws(' ', fleet.vehicle_id, fleet.registration, fleet.name) ILIKE %(words)s)
  AND (%(after_vehicle)s::text IS NULL OR (fleet.vehicle_id, fleet.org_id) > (%(after_vehicle)s, %(after_org)s::integer))
ORDER BY fleet.vehicle_id, fleet.org_id
LIMIT %(limit)s

-- name: find_vehicle
SELECT latest.*, fleet.org_id, fleet.vehicle_id, fleet.registration, fleet.name, fleet.device_key
FROM fleet
LEFT JOIN latest_position AS latest USING (device_id)
WHERE fleet.vehicle_id = %(vehicle_id)s
ORDER BY fleet.org_id <> acting_org(), fleet.name IS NULL, fleet.org_id
LIMIT 1

-- name: list_positions
WITH mounted AS (
    SELECT device_id, lower(valid) AS since, upper(valid) AS until
    FROM device_assignment
    WHERE org_id = %(org_id)s AND vehicle_id = %(vehicle_id)s AND valid && tstzrange(%(since)s, %(until)s, '[)')
    UNION ALL
    SELECT device_id, NULL, NULL
    FROM device
    WHERE org_id = %(org_id)s AND device_key = %(vehicle_id)s
      AND NOT EXISTS (SELECT FROM vehicle WHERE org_id = %(org_id)s AND vehicle_id = %(vehicle_id)s)
)
SELECT fix.*
FROM mounted
CROSS JOIN LATERAL (
    SELECT position.*
    FROM position
    WHERE position.device_id = mounted.device_id
      AND position.fix_time >= greatest(%(since)s::timestamptz, mounted.since)
      AND position.fix_time < least(%(until)s::timestamptz, mounted.until)
      AND (%(after_time)s::timestamptz IS NULL
           OR (position.fix_time, position.device_id, position.seq) > (%(after_time)s, %(after_device)s::integer, %(after_seq)s::bigint))
      AND (%(rejected)s OR position.grade < %(rejected_grade)s)
    ORDER BY position.fix_time, position.seq
    LIMIT %(limit)s
) AS fix
ORDER BY fix.fix_time, fix.device_id, fix.seq
LIMIT %(limit)s

-- name: list_moved
SELECT latest.*, fleet.org_id, fleet.vehicle_id, fleet.registration, fleet.name, fleet.device_key
FROM latest_position AS latest
JOIN ingest_batch AS batch USING (batch_id)
JOIN fleet USING (device_id)
WHERE batch.xid >= %(mark)s::text::xid8
