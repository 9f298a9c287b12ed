-- name: watched_until
SELECT org_id, watched_until FROM night_watch

-- name: note_watched
INSERT INTO night_watch (org_id, watched_until) VALUES (%(org_id)s, %(until)s)
ON CONFLICT (org_id) DO UPDATE SET watched_until = excluded.watched_until

-- name: events_of_rules
SELECT event.event_id, event.rule, event.severity, event.device_id, device.device_key, event.trip_id, event.stop_id, event.started_at,
    event.ended_at, event.detected_at, event.confidence, event.late, event.supersedes, event.facts, trip.driver_id, trip.vehicle_id
FROM event JOIN device USING (device_id) LEFT JOIN trip ON trip.org_id = event.org_id AND trip.trip_id = event.trip_id
WHERE event.org_id = %(org_id)s AND event.rule = ANY (%(rules)s) AND event.superseded_at IS NULL
    AND coalesce(event.ended_at, event.started_at) >= %(since)s AND event.started_at < %(until)s
ORDER BY event.started_at, event.event_id

-- name: batches_to_watch
-- As many as come to %(rows)s readings, and at least one.
WITH next AS (
    SELECT batch.batch_id, sum(batch.row_count) OVER (ORDER BY batch.batch_id) - batch.row_count AS rows_before
    FROM ingest_batch batch
    WHERE batch.batch_id > (SELECT batch_id FROM clock_watch) AND batch.xid < pg_snapshot_xmin(pg_current_snapshot())
)
SELECT watch.batch_id AS after,
    coalesce((SELECT max(batch_id) FROM next WHERE rows_before < %(rows)s), watch.batch_id) AS upto,
    EXISTS (SELECT FROM next WHERE rows_before >= %(rows)s) AS has_more
FROM clock_watch watch

-- name: note_clocks_watched
UPDATE clock_watch SET batch_id = %(batch_id)s

-- name: devices_heard
-- Every device of the new batches, and whether a quick sieve holds it: a clock that screening has refused, or numbers that do not
-- rise with time. What each had said last before is read with them, for what happens between two looks.
WITH fresh AS (
    SELECT device_id, batch_id, grade, grade_reason, seq, fix_time AS at, received_at, boot_id, buffered, 'position' AS series
    FROM position WHERE batch_id > %(after)s AND batch_id <= %(upto)s
    UNION ALL
    SELECT device_id, batch_id, grade, grade_reason, seq, measured_at, received_at, boot_id, buffered, 'sensor_reading'
    FROM sensor_reading WHERE batch_id > %(after)s AND batch_id <= %(upto)s
), first AS MATERIALIZED (
    SELECT min(received_at) - interval '30 minutes' AS since FROM fresh
), said AS (
    SELECT * FROM fresh
    UNION ALL
    SELECT before.* FROM (SELECT DISTINCT device_id, series FROM fresh) device CROSS JOIN LATERAL (
        (SELECT p.device_id, p.batch_id, p.grade, p.grade_reason, p.seq, p.fix_time, p.received_at, p.boot_id, p.buffered, 'position'
        FROM position p
        WHERE p.device_id = device.device_id AND device.series = 'position' AND p.fix_time >= (SELECT since FROM first) AND p.batch_id <= %(after)s AND p.grade < 3
        ORDER BY p.fix_time DESC, p.seq DESC LIMIT 1)
        UNION ALL
        (SELECT s.device_id, s.batch_id, s.grade, s.grade_reason, s.seq, s.measured_at, s.received_at, s.boot_id, s.buffered, 'sensor_reading'
        FROM sensor_reading s
        WHERE s.device_id = device.device_id AND device.series = 'sensor_reading' AND s.measured_at >= (SELECT since FROM first) AND s.batch_id <= %(after)s AND s.grade < 3
        ORDER BY s.measured_at DESC, s.seq DESC LIMIT 1)
    ) before
), told AS (
    SELECT *, max(seq) OVER earlier AS seq_before, max(at) OVER earlier AS at_before
    FROM said
    WINDOW earlier AS (PARTITION BY device_id, boot_id ORDER BY received_at, at, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT device_id, min(received_at) AS first_at, bool_or((grade = 3 AND grade_reason = ANY (%(reasons)s)) OR (buffered IS NOT TRUE AND seq >= 0 AND (
    (seq < seq_before AND received_at <= at + interval '60 seconds') OR (boot_id IS NOT NULL AND at < at_before - interval '10 seconds')))) AS is_odd
FROM told WHERE batch_id > %(after)s
GROUP BY device_id

-- name: stamps_of_batches
SELECT device_id, fix_time AS at, received_at, seq, boot_id, coalesce(buffered, false) AS buffered FROM position
WHERE device_id = ANY (%(device_ids)s) AND batch_id > %(after)s AND batch_id <= %(upto)s
UNION ALL
SELECT device_id, measured_at, received_at, seq, boot_id, coalesce(buffered, false) FROM sensor_reading
WHERE device_id = ANY (%(device_ids)s) AND batch_id > %(after)s AND batch_id <= %(upto)s

-- name: stamps_before
-- What some devices said shortly before, so that a fault that goes on is one.
SELECT device_id, fix_time AS at, received_at, seq, boot_id, coalesce(buffered, false) AS buffered FROM position
WHERE device_id = ANY (%(device_ids)s) AND received_at >= %(since)s AND batch_id <= %(after)s
    AND (fix_time >= %(since)s - interval '1 day' OR fix_time < '2015-01-01Z')
UNION ALL
SELECT device_id, measured_at, received_at, seq, boot_id, coalesce(buffered, false) FROM sensor_reading
WHERE device_id = ANY (%(device_ids)s) AND received_at >= %(since)s AND batch_id <= %(after)s
    AND (measured_at >= %(since)s - interval '1 day' OR measured_at < '2015-01-01Z')
