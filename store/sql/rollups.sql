-- name: lock_cursor
SELECT cursor FROM rollup_cursor WHERE rollup = 'vehicle_hour' FOR UPDATE SKIP LOCKED

-- name: touched_hours
-- A fix also changes the segment that ends in the hour after it.
SELECT DISTINCT p.device_id, date_trunc('hour', p.fix_time + offset_by, 'UTC') AS hour
FROM position p CROSS JOIN (VALUES (interval '0'), (interval '10 minutes')) AS neighbour (offset_by)
WHERE p.batch_id = ANY (%(batch_ids)s) AND p.fix_time BETWEEN %(min_fix_time)s AND %(max_fix_time)s AND p.grade < 2

-- name: refresh_hours
INSERT INTO vehicle_hour
SELECT * FROM vehicle_hours(%(devices)s::integer[], %(hours)s::timestamptz[])
ON CONFLICT (device_id, hour) DO UPDATE SET (
    org_id, device_id, hour, vehicle_id, fixes, distance_m, moving_s, idling_s, max_speed_mps, first_fix_at, last_fix_at, door_openings
) = ROW (excluded.*)

-- name: move_cursor
UPDATE rollup_cursor SET cursor = %(cursor)s WHERE rollup = 'vehicle_hour'

-- name: drop_days_before
SELECT drop_days_before(%(series)s, %(before)s) AS dropped
