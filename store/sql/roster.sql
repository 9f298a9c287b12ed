-- name: list_devices
SELECT device.org_id, device.device_key, device.model, device.state, device.adopted, device.created_at,
    assignment.vehicle_id, assignment.shelf_id, assignment.asset_id,
    greatest(latest_position.received_at, latest_sensor_reading.received_at, latest_device_status.received_at) AS last_heard_at
FROM device
LEFT JOIN device_assignment AS assignment ON assignment.device_id = device.device_id AND assignment.valid @> now()
LEFT JOIN latest_position ON latest_position.device_id = device.device_id
LEFT JOIN latest_sensor_reading ON latest_sensor_reading.device_id = device.device_id
LEFT JOIN latest_device_status ON latest_device_status.device_id = device.device_id
WHERE (%(state)s::text IS NULL OR device.state = %(state)s)
  AND (%(device_key)s::text IS NULL OR device.device_key = %(device_key)s)
  AND (%(after_key)s::text IS NULL OR (device.device_key, device.org_id) > (%(after_key)s, %(after_org)s::integer))
ORDER BY device.device_key, device.org_id
LIMIT %(limit)s
