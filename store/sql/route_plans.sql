-- name: add_version
INSERT INTO route_plan_version (org_id, route_plan_id, version, plan, made_by)
SELECT %(org_id)s, %(route_plan_id)s, coalesce(max(version), 0) + 1, %(plan)s, %(made_by)s
FROM route_plan_version WHERE org_id = %(org_id)s AND route_plan_id = %(route_plan_id)s

-- name: list_versions
SELECT version, plan, made_by, made_at FROM route_plan_version
WHERE org_id = %(org_id)s AND route_plan_id = %(route_plan_id)s AND {part}

-- name: tracker_on
SELECT device_key FROM device_assignment JOIN device USING (device_id)
WHERE device_assignment.org_id = %(org_id)s AND vehicle_id = %(vehicle_id)s AND valid @> %(moment)s::timestamptz
  AND device.state = 'active'
ORDER BY lower(valid) DESC
LIMIT 1
