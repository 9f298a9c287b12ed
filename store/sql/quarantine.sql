-- name: list_quarantined
SELECT found.received_at, organisation.slug AS organisation, device.device_key AS device, found.kind, found.time, found.grade_reason,
    found.longitude_e7 / 1e7::float8 AS longitude_deg, found.latitude_e7 / 1e7::float8 AS latitude_deg
FROM (
    SELECT received_at, org_id, device_id, 'position' AS kind, fix_time AS time, grade_reason, longitude_e7, latitude_e7
    FROM position WHERE grade = 3
    UNION ALL
    SELECT received_at, org_id, device_id, 'sensor', measured_at, grade_reason, NULL, NULL FROM sensor_reading WHERE grade = 3
    UNION ALL
    SELECT received_at, org_id, device_id, 'status', reported_at, grade_reason, NULL, NULL FROM device_status WHERE grade = 3
) AS found
JOIN organisation USING (org_id)
JOIN device USING (device_id)
WHERE %(reason)s::smallint IS NULL OR found.grade_reason = %(reason)s
ORDER BY found.received_at DESC, found.time DESC
LIMIT %(limit)s
