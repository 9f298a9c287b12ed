-- name: upsert_vehicle
INSERT INTO vehicle (org_id, vehicle_id, registration, name)
VALUES (%(org_id)s, %(vehicle_id)s, %(registration)s, %(name)s)
ON CONFLICT (org_id, vehicle_id) DO UPDATE SET registration = excluded.registration, name = excluded.name

-- name: forget_later_assignments
DELETE FROM device_assignment a USING device d
WHERE d.device_id = a.device_id AND d.org_id = %(org_id)s AND d.device_key = %(device_key)s AND lower(a.valid) >= %(since)s

-- name: end_assignment
UPDATE device_assignment a SET valid = tstzrange(lower(a.valid), %(since)s)
FROM device d
WHERE d.device_id = a.device_id AND d.org_id = %(org_id)s AND d.device_key = %(device_key)s AND a.valid @> %(since)s::timestamptz

-- name: insert_assignment
INSERT INTO device_assignment (device_id, org_id, vehicle_id, valid)
SELECT device_id, org_id, %(vehicle_id)s, tstzrange(%(since)s, NULL)
FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s
