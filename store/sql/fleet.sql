-- name: list_vehicles
-- By name the page is cut before anything is looked up of it; by change, everything has to be looked up before.
WITH every AS (
    SELECT org_id, vehicle_id, registration, name, NULL::integer AS device_id, changed_at
    FROM vehicle
    WHERE %(words)s::text IS NULL OR concat_ws(' ', vehicle_id, registration, name) ILIKE %(words)s
    UNION ALL
    SELECT device.org_id, device.device_key, NULL, NULL, device.device_id, device.changed_at
    FROM device
    JOIN latest_position USING (device_id)
    WHERE NOT EXISTS (SELECT FROM device_assignment AS a WHERE a.device_id = device.device_id AND a.valid @> now())
      AND (%(words)s::text IS NULL OR device.device_key ILIKE %(words)s)
), named AS (
    SELECT * FROM every AS named WHERE {part_by_name}
)
SELECT latest.*, named.org_id, named.vehicle_id, named.registration, named.name, device.device_key,
    {changed_at} AS changed_at
FROM named
LEFT JOIN LATERAL (
    SELECT assignment.device_id
    FROM device_assignment AS assignment
    LEFT JOIN latest_position AS newest USING (device_id)
    WHERE named.device_id IS NULL AND assignment.org_id = named.org_id AND assignment.vehicle_id = named.vehicle_id
      AND assignment.valid @> now()
    ORDER BY newest.fix_time DESC NULLS LAST, assignment.device_id
    LIMIT 1
) AS mounted ON true
LEFT JOIN device ON device.device_id = coalesce(named.device_id, mounted.device_id)
LEFT JOIN latest_position AS latest ON latest.device_id = device.device_id
LEFT JOIN ingest_batch AS batch USING (batch_id)
WHERE {part}

-- name: changed_at
greatest(named.changed_at, device.changed_at, batch.stored_at)

-- name: find_vehicle
SELECT latest.*, fleet.org_id, fleet.vehicle_id, fleet.registration, fleet.name, fleet.device_key,
    greatest(vehicle.changed_at, device.changed_at, batch.stored_at) AS changed_at
FROM fleet
LEFT JOIN vehicle USING (org_id, vehicle_id)
LEFT JOIN device USING (device_id)
LEFT JOIN latest_position AS latest USING (device_id)
LEFT JOIN ingest_batch AS batch USING (batch_id)
WHERE fleet.vehicle_id = %(vehicle_id)s
ORDER BY fleet.org_id <> acting_org(), fleet.name IS NULL, fleet.org_id
LIMIT 1

-- name: fixes_in_window
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
    SELECT {columns}
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

-- name: track_places
-- Written by the server, of few columns: thousands of rows cost more to take apart than to find.
SELECT concat(
        '{"fix_at":[', string_agg(date_part('epoch', fix_time)::text, ','),
        '],"longitude_e7":[', string_agg(coalesce(longitude_e7::text, 'null'), ','),
        '],"latitude_e7":[', string_agg(coalesce(latitude_e7::text, 'null'), ','),
        '],"speed_mps":[', string_agg(coalesce(speed_mps::text, 'null'), ','),
        '],"course_deg":[', string_agg(coalesce((course_e2 / 100::float8)::text, 'null'), ','), ']}') AS places,
    count(*) AS points, max(fix_time) AS last_time, (array_agg(device_id))[count(*)] AS last_device, (array_agg(seq))[count(*)] AS last_seq
FROM ({fixes}) AS fix

-- name: place_columns
position.device_id, fix_time, seq, longitude_e7, latitude_e7, speed_mps, course_e2

-- name: list_moved
SELECT latest.*, device.org_id, coalesce(vehicle.vehicle_id, device.device_key) AS vehicle_id, vehicle.registration, vehicle.name,
    device.device_key, batch.stored_at AS changed_at
FROM ingest_batch AS batch
JOIN latest_position AS latest USING (batch_id)
JOIN device USING (device_id)
LEFT JOIN device_assignment AS assignment ON assignment.device_id = device.device_id AND assignment.valid @> now()
LEFT JOIN vehicle ON vehicle.org_id = assignment.org_id AND vehicle.vehicle_id = assignment.vehicle_id
WHERE batch.xid >= %(mark)s::text::xid8

-- name: latest_places
-- One table and whole lists: three times as quick as joins and json_agg.
SELECT concat(
    '{"vehicle_id":', coalesce(array_to_json(array_agg(vehicle_id)), '[]'),
    ',"longitude_e7":[', string_agg(longitude_e7::text, ','),
    '],"latitude_e7":[', string_agg(latitude_e7::text, ','),
    '],"speed_mps":[', string_agg(coalesce(speed_mps::text, 'null'), ','),
    '],"course_deg":[', string_agg(coalesce((course_e2 / 100::float8)::text, 'null'), ','),
    '],"fix_at":[', string_agg(date_part('epoch', fix_time)::text, ','), ']}') AS places
FROM (
    SELECT longitude_e7, latitude_e7, speed_mps, course_e2, fix_time,
        CASE WHEN shown_until <= now() THEN vehicle_of(device_id, now()) ELSE shown_vehicle_id END AS vehicle_id
    FROM latest_position
    WHERE longitude_e7 IS NOT NULL AND latitude_e7 IS NOT NULL
) AS place
