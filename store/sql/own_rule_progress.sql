-- name: lead
SELECT pg_try_advisory_lock(%(space)s, 1) AS leads

-- name: cursor
SELECT batch_cursor, plan_cursor FROM own_rule_cursor

-- name: move_cursor
UPDATE own_rule_cursor SET batch_cursor = %(batch_cursor)s, plan_cursor = %(plan_cursor)s

-- name: newest_plan_cursor
SELECT coalesce(max(xid)::text::bigint, 0) AS cursor FROM plan_change WHERE xid < pg_snapshot_xmin(pg_current_snapshot())

-- name: first_positions
SELECT device_id, org_id, min(fix_time) AS at FROM position
WHERE batch_id = ANY (%(batch_ids)s) AND fix_time BETWEEN %(min_fix_time)s AND %(max_fix_time)s AND org_id = ANY (%(org_ids)s)
    AND grade < 2
GROUP BY device_id, org_id

-- name: first_sensor_readings
SELECT device_id, org_id, min(measured_at) AS at FROM sensor_reading
WHERE batch_id = ANY (%(batch_ids)s) AND measured_at BETWEEN %(min_measured_at)s AND %(max_measured_at)s
    AND org_id = ANY (%(org_ids)s) AND grade < 2
GROUP BY device_id, org_id

-- name: positions_after
SELECT series.device_id, series.fix_time AS at, series.longitude_e7, series.latitude_e7, series.speed_mps,
    series.course_e2 / 100.0 AS course_deg, series.altitude_m,
    series.accuracy_m, series.satellites,
    series.ignition, series.in_motion, series.door_open, series.cargo_kg, series.fuel_l, series.fuel_pct,
    series.external_mv / 1000.0 AS external_v, series.battery_mv / 1000.0 AS battery_v, series.battery_pct, series.odometer_m,
    series.temperature_c AS probes_c, series.alarms
FROM unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[]) AS wanted (device_id, after)
JOIN position AS series ON series.device_id = wanted.device_id AND series.fix_time > wanted.after
WHERE series.fix_time > %(first_after)s AND series.fix_time < %(until)s AND series.grade < 2
    {as_seen}
ORDER BY series.device_id, series.fix_time, series.seq
LIMIT %(limit)s

-- name: sensor_readings_after
SELECT series.device_id, series.measured_at AS at, series.weight_g, series.temperature_c, series.humidity_pct, series.door_open, series.count, series.battery_v, series.battery_pct
FROM unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[]) AS wanted (device_id, after)
JOIN sensor_reading AS series ON series.device_id = wanted.device_id AND series.measured_at > wanted.after
WHERE series.measured_at > %(first_after)s AND series.measured_at < %(until)s AND series.grade < 2
    {as_seen}
ORDER BY series.device_id, series.measured_at, series.seq
LIMIT %(limit)s

-- name: as_seen
AND NOT EXISTS (SELECT FROM ingest_batch b WHERE b.batch_id = series.batch_id AND b.xid > %(cursor)s::text::xid8)

-- name: devices_of
SELECT device_id, org_id, device_key FROM device WHERE org_id = ANY (%(org_ids)s) ORDER BY device_id

-- name: trips_of
SELECT trip_id, device_id, planned_start, planned_end FROM trip
WHERE org_id = %(org_id)s AND device_id = ANY (%(device_ids)s) AND planned_end > %(since)s AND planned_start < %(until)s
ORDER BY device_id, planned_start, trip_id

-- name: mountings_of
SELECT device_id, vehicle_id, lower(valid) AS since, upper(valid) AS until FROM device_assignment
WHERE device_id = ANY (%(device_ids)s) AND vehicle_id IS NOT NULL
ORDER BY device_id, lower(valid)

-- name: checkpoints_before
SELECT DISTINCT ON (kept.device_id) kept.device_id, kept.at, kept.state
FROM unnest(%(device_ids)s::integer[], %(befores)s::timestamptz[]) AS wanted (device_id, before)
JOIN own_rule_checkpoint kept ON kept.device_id = wanted.device_id AND kept.series = %(series)s AND kept.at < wanted.before
ORDER BY kept.device_id, kept.at DESC

-- name: drop_checkpoints_since
DELETE FROM own_rule_checkpoint kept USING unnest(%(device_ids)s::integer[], %(sinces)s::timestamptz[]) AS gone (device_id, since)
WHERE kept.device_id = gone.device_id AND kept.series = %(series)s AND kept.at >= gone.since

-- name: save_checkpoint
INSERT INTO own_rule_checkpoint (device_id, series, at, org_id, state) VALUES (%(device_id)s, %(series)s, %(at)s, %(org_id)s, %(state)s)
ON CONFLICT (device_id, series, at) DO UPDATE SET state = excluded.state

-- name: thin_checkpoints
-- Of each device every one of the last six hours is kept, one for six hours up to 31 days, and the newest in any case.
DELETE FROM own_rule_checkpoint kept
USING (SELECT device_id, max(at) AS newest FROM own_rule_checkpoint
       WHERE device_id = ANY (%(device_ids)s) AND series = %(series)s GROUP BY device_id) AS of_device
WHERE kept.device_id = of_device.device_id AND kept.series = %(series)s AND kept.at < of_device.newest - interval '6 hours'
    AND (kept.at < of_device.newest - interval '31 days' OR EXISTS (
        SELECT FROM own_rule_checkpoint other
        WHERE other.device_id = kept.device_id AND other.series = kept.series AND other.at < kept.at
            AND date_bin('6 hours', other.at, '2000-01-01') = date_bin('6 hours', kept.at, '2000-01-01')))

-- name: events_since
-- What own rules hold of devices that was decided after a moment of each.
SELECT event.device_id, event.event_id FROM event
JOIN unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[]) AS wanted (device_id, after)
    ON wanted.device_id = event.device_id AND event.detected_at > wanted.after
WHERE event.org_id = %(org_id)s AND event.rule = ANY (%(rules)s) AND event.superseded_at IS NULL

-- name: open_events
SELECT event.*, device.device_key FROM event JOIN device USING (device_id)
WHERE event.org_id = %(org_id)s AND event.rule = %(rule)s AND event.facts @> %(facts)s
    AND event.ended_at IS NULL AND event.superseded_at IS NULL AND event.started_at < %(until)s
