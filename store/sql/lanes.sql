-- name: join_workers
SELECT pg_advisory_lock_shared(%(space)s, 64)

-- name: count_workers
SELECT greatest(1, count(DISTINCT pid)) AS workers FROM pg_locks
WHERE locktype = 'advisory' AND classid = %(space)s AND objid = 64 AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: take_lanes
-- Which free lanes are tried first depends on the worker, so that two that start together take different ones.
SELECT lane FROM (
    SELECT lane FROM unnest(%(lanes)s::integer[]) AS lane ORDER BY (lane * 37 + pg_backend_pid() * 11) %% 64
) shuffled WHERE pg_try_advisory_lock(%(space)s, lane) LIMIT %(limit)s

-- name: release_lanes
SELECT pg_advisory_unlock(%(space)s, lane) FROM unnest(%(lanes)s::integer[]) AS lane

-- name: lanes
SELECT lane, batch_cursor, plan_cursor FROM geofence_lane WHERE lane = ANY (%(lanes)s::smallint[]) ORDER BY lane

-- name: clocks
SELECT lane, org_id, newest_fix_at, newest_stored_at, ticked_at FROM geofence_clock WHERE lane = ANY (%(lanes)s::smallint[]) ORDER BY lane, org_id

-- name: move_lanes
UPDATE geofence_lane SET batch_cursor = %(batch_cursor)s, plan_cursor = %(plan_cursor)s, moved_at = now()
WHERE lane = ANY (%(lanes)s::smallint[])

-- name: save_clock
INSERT INTO geofence_clock (lane, org_id, newest_fix_at, newest_stored_at, ticked_at)
SELECT lane, %(org_id)s, %(newest_fix_at)s, %(newest_stored_at)s, %(ticked_at)s FROM unnest(%(lanes)s::smallint[]) AS lane
ON CONFLICT (lane, org_id) DO UPDATE SET newest_fix_at = excluded.newest_fix_at,
    newest_stored_at = excluded.newest_stored_at, ticked_at = excluded.ticked_at

-- name: plan_changes_after
SELECT xid::text::bigint AS cursor, org_id, device_id, greatest(since, '1900-01-01') AS since, of_sensors FROM plan_change
WHERE xid > %(cursor)s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, plan_change_id

-- name: registered_devices
SELECT device_id, org_id, device_key, state = 'active' AS is_active FROM device ORDER BY device_id
