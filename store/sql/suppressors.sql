-- name: save_suppressor
INSERT INTO suppressor (org_id, suppressor_id, kind, vehicle_id, trip_id, geometry, radius_m, width_m, schedule, valid, source, state, reason)
VALUES (%(org_id)s, %(suppressor_id)s, %(kind)s, %(vehicle_id)s, %(trip_id)s, %(geometry)s, %(radius_m)s, %(width_m)s, %(schedule)s,
    %(valid)s, %(source)s, %(state)s, %(reason)s)
ON CONFLICT (org_id, suppressor_id) DO UPDATE SET
    kind = excluded.kind, vehicle_id = excluded.vehicle_id, trip_id = excluded.trip_id, geometry = excluded.geometry,
    radius_m = excluded.radius_m, width_m = excluded.width_m, schedule = excluded.schedule, valid = excluded.valid,
    source = excluded.source, state = excluded.state, reason = excluded.reason, stored_at = now()

-- name: list_suppressors
SELECT suppressor.*, lower(valid) AS valid_from, upper(valid) AS valid_until FROM suppressor
WHERE (%(kinds)s::text[] IS NULL OR kind = ANY (%(kinds)s)) AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s))
    AND (%(vehicle_id)s::text IS NULL OR vehicle_id = %(vehicle_id)s) AND (%(trip_id)s::text IS NULL OR trip_id = %(trip_id)s)
    AND (%(at)s::timestamptz IS NULL OR valid @> %(at)s::timestamptz)
    AND {part}

-- name: find_suppressor
SELECT suppressor.*, lower(valid) AS valid_from, upper(valid) AS valid_until FROM suppressor
WHERE suppressor_id = %(suppressor_id)s AND (%(org_id)s::integer IS NULL OR org_id = %(org_id)s)
ORDER BY org_id <> acting_org(), org_id
LIMIT 1

-- name: lock_suppressor
SELECT FROM suppressor WHERE org_id = %(org_id)s AND suppressor_id = %(suppressor_id)s FOR UPDATE

-- name: end_suppressor
UPDATE suppressor SET valid = tstzrange(lower(valid), %(until)s), stored_at = now()
WHERE org_id = %(org_id)s AND suppressor_id = %(suppressor_id)s

-- name: approved_between
-- An approval of a vehicle holds for each tracker for as long as that is on it.
SELECT suppressor.*, mounted.device_key, lower(suppressor.valid * coalesce(mounted.valid, '(,)')) AS valid_from,
    upper(suppressor.valid * coalesce(mounted.valid, '(,)')) AS valid_until
FROM suppressor
LEFT JOIN LATERAL (
    SELECT device.device_key, device_assignment.valid
    FROM device_assignment JOIN device USING (device_id)
    WHERE device_assignment.org_id = suppressor.org_id AND device_assignment.vehicle_id = suppressor.vehicle_id
        AND device_assignment.valid && suppressor.valid
    UNION ALL
    SELECT device.device_key, '(,)' FROM device
    WHERE device.org_id = suppressor.org_id AND device.device_key = suppressor.vehicle_id
) AS mounted ON suppressor.vehicle_id IS NOT NULL
WHERE suppressor.state = 'approved' AND suppressor.valid && tstzrange(%(since)s, %(until)s, '[]')
    AND (%(org_id)s::integer IS NULL OR suppressor.org_id = %(org_id)s)
    AND (suppressor.vehicle_id IS NULL OR mounted.device_key IS NOT NULL)
ORDER BY suppressor.org_id, suppressor.suppressor_id, mounted.device_key, valid_from

-- name: vehicle_exists
SELECT EXISTS (SELECT FROM vehicle WHERE org_id = %(org_id)s AND vehicle_id = %(vehicle_id)s)
    OR EXISTS (SELECT FROM device WHERE org_id = %(org_id)s AND device_key = %(vehicle_id)s) AS is_there

-- name: trip_exists
SELECT EXISTS (SELECT FROM trip WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s) AS is_there
