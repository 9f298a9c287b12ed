-- name: shared_mounts
-- Of vehicles that have had more than one tracker since then: no other can change hands.
SELECT org_id, vehicle_id, device_id, greatest(coalesce(lower(valid), '-infinity'), '1900-01-01Z') AS since,
    least(coalesce(upper(valid), 'infinity'), '9999-01-01Z') AS until
FROM device_assignment AS mounted
WHERE vehicle_id IS NOT NULL AND (upper(valid) IS NULL OR upper(valid) > %(since)s)
    AND (%(org_id)s::integer IS NULL OR org_id = %(org_id)s)
    AND EXISTS (
        SELECT FROM device_assignment AS other
        WHERE other.org_id = mounted.org_id AND other.vehicle_id = mounted.vehicle_id AND other.device_id <> mounted.device_id
            AND (upper(other.valid) IS NULL OR upper(other.valid) > %(since)s)
    )
ORDER BY org_id, vehicle_id, lower(valid) NULLS FIRST, device_id
