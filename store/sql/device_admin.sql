-- name: find_organisation
SELECT org_id FROM organisation WHERE slug = %(slug)s

-- name: insert_device
INSERT INTO device (org_id, device_key, model) VALUES (%(org_id)s, %(device_key)s, %(model)s)
ON CONFLICT (org_id, device_key) DO NOTHING
RETURNING device_id

-- name: insert_identity
INSERT INTO device_identity (format, external_id, device_id, org_id)
VALUES (%(format)s, %(external_id)s, %(device_id)s, %(org_id)s)
ON CONFLICT (format, external_id) DO NOTHING
RETURNING device_id

-- name: insert_vehicle
INSERT INTO vehicle (org_id, vehicle_id) VALUES (%(org_id)s, %(subject)s) ON CONFLICT DO NOTHING

-- name: end_assignment
UPDATE device_assignment SET valid = tstzrange(lower(valid), %(since)s)
WHERE device_id = %(device_id)s AND valid @> %(since)s AND lower(valid) < %(since)s

-- name: insert_assignment
INSERT INTO device_assignment (device_id, org_id, vehicle_id, shelf_id, asset_id, valid)
VALUES (%(device_id)s, %(org_id)s, %(vehicle_id)s, %(shelf_id)s, %(asset_id)s, tstzrange(%(since)s, NULL))

-- name: put_credential
INSERT INTO device_credential (device_id, org_id, username, password_hash)
VALUES (%(device_id)s, %(org_id)s, %(username)s, %(password_hash)s)
ON CONFLICT (device_id) DO UPDATE SET username = excluded.username, password_hash = excluded.password_hash, issued_at = now()

-- name: find_device
SELECT device_id, org_id FROM device JOIN organisation USING (org_id) WHERE slug = %(slug)s AND device_key = %(device_key)s

-- name: set_state
UPDATE device SET state = %(state)s WHERE device_id = %(device_id)s

-- name: list_devices
SELECT organisation.slug AS organisation, device.device_key, device.model, device.state, device.adopted, credential.username,
    (SELECT array_agg(identity.format || ' ' || identity.external_id ORDER BY 1) FROM device_identity identity
        WHERE identity.device_id = device.device_id) AS identities,
    (SELECT coalesce(vehicle_id, shelf_id, asset_id) FROM device_assignment assignment
        WHERE assignment.device_id = device.device_id AND valid @> now()) AS mounted_on,
    coalesce(
        greatest(latest.received_at, sensor.received_at, status.received_at),
        (SELECT received_at FROM position WHERE position.device_id = device.device_id ORDER BY fix_time DESC, seq DESC LIMIT 1)
    ) AS last_heard_at
FROM device
JOIN organisation USING (org_id)
LEFT JOIN device_credential credential USING (device_id)
LEFT JOIN latest_position latest USING (device_id)
LEFT JOIN latest_sensor_reading sensor USING (device_id)
LEFT JOIN latest_device_status status USING (device_id)
WHERE %(slug)s::text IS NULL OR organisation.slug = %(slug)s
ORDER BY organisation.slug, device.device_key

-- name: list_broker_accounts
SELECT credential.username, credential.password_hash, array_agg(identity.format ORDER BY identity.format, identity.external_id)
    FILTER (WHERE identity.format IS NOT NULL) AS formats,
    array_agg(identity.external_id ORDER BY identity.format, identity.external_id) FILTER (WHERE identity.format IS NOT NULL) AS external_ids
FROM device
JOIN device_credential credential USING (device_id)
LEFT JOIN device_identity identity USING (device_id)
WHERE device.state = 'active'
GROUP BY credential.username, credential.password_hash
ORDER BY credential.username
