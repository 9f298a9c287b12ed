-- name: list_devices
SELECT device.org_id, device.device_key, device.model, device.state, device.adopted, device.created_at,
    device.changed_at, device.revision,
    assignment.vehicle_id, assignment.shelf_id, assignment.asset_id,
    coalesce(
        greatest(latest_position.received_at, latest_sensor_reading.received_at, latest_device_status.received_at),
        (SELECT received_at FROM position WHERE position.device_id = device.device_id ORDER BY fix_time DESC, seq DESC LIMIT 1)
    ) AS last_heard_at  -- who never told a place of use has no latest position
FROM device
LEFT JOIN device_assignment AS assignment ON assignment.device_id = device.device_id AND assignment.valid @> now()
LEFT JOIN latest_position ON latest_position.device_id = device.device_id
LEFT JOIN latest_sensor_reading ON latest_sensor_reading.device_id = device.device_id
LEFT JOIN latest_device_status ON latest_device_status.device_id = device.device_id
WHERE (%(state)s::text IS NULL OR device.state = %(state)s)
  AND (%(device_key)s::text IS NULL OR device.device_key = %(device_key)s)
  AND {part}

-- name: insert_device
INSERT INTO device (org_id, device_key, model) VALUES (%(org_id)s, %(device_key)s, %(model)s)
ON CONFLICT (org_id, device_key) DO NOTHING
RETURNING device_id

-- name: lock_device
SELECT device_id, org_id, device_key, model, state, revision FROM device
WHERE device_key = %(device_key)s
ORDER BY org_id <> acting_org(), org_id
LIMIT 1
FOR UPDATE

-- name: change_device
UPDATE device SET model = %(model)s, state = %(state)s WHERE device_id = %(device_id)s

-- name: list_assignments
SELECT vehicle_id, shelf_id, asset_id, lower(valid) AS since, upper(valid) AS until
FROM device_assignment WHERE device_id = %(device_id)s
    AND (%(at)s::timestamptz IS NULL OR valid @> %(at)s::timestamptz)
    AND {part}

-- name: forget_assignments_from
DELETE FROM device_assignment WHERE device_id = %(device_id)s AND lower(valid) >= %(since)s

-- name: end_assignment
UPDATE device_assignment SET valid = tstzrange(lower(valid), %(since)s)
WHERE device_id = %(device_id)s AND valid @> %(since)s::timestamptz

-- name: insert_assignment
INSERT INTO device_assignment (device_id, org_id, vehicle_id, shelf_id, asset_id, valid)
VALUES (%(device_id)s, %(org_id)s, %(vehicle_id)s, %(shelf_id)s, %(asset_id)s, tstzrange(%(since)s, NULL))
