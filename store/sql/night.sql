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

-- name: said
-- When and as what devices say that they made their readings of either kind.
SELECT device_id, batch_id, grade, grade_reason, seq, fix_time AS at, received_at, boot_id, coalesce(buffered, false) AS buffered FROM position
UNION ALL
SELECT device_id, batch_id, grade, grade_reason, seq, measured_at, received_at, boot_id, coalesce(buffered, false) FROM sensor_reading

-- name: devices_heard
-- Every device of the new batches, and whether a quick sieve holds it: a clock that screening has refused, or numbers that do not
-- rise with time. What each had said last before is read with them, for what happens between two looks.
WITH fresh AS (
    SELECT * FROM ({said}) AS new WHERE batch_id > %(after)s AND batch_id <= %(upto)s
), first AS MATERIALIZED (
    SELECT min(received_at) - interval '30 minutes' AS since FROM fresh
), known AS (
    SELECT * FROM fresh
    UNION ALL
    SELECT before.* FROM (SELECT DISTINCT device_id FROM fresh) AS device CROSS JOIN LATERAL (
        SELECT * FROM ({said}) AS old
        WHERE old.device_id = device.device_id AND at >= (SELECT since FROM first) AND batch_id <= %(after)s AND grade < 3
        ORDER BY at DESC, seq DESC LIMIT 1
    ) AS before
), told AS (
    SELECT *, max(seq) OVER earlier AS seq_before, max(at) OVER earlier AS at_before
    FROM known
    WINDOW earlier AS (PARTITION BY device_id, boot_id ORDER BY received_at, at, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT device_id, min(received_at) AS first_at, bool_or((grade = 3 AND grade_reason = ANY (%(reasons)s)) OR (NOT buffered AND seq >= 0 AND (
    (seq < seq_before AND received_at <= at + interval '60 seconds') OR (boot_id IS NOT NULL AND at < at_before - interval '10 seconds')))) AS is_odd
FROM told WHERE batch_id > %(after)s
GROUP BY device_id

-- name: stamps_of_batches
SELECT device_id, at, received_at, seq, boot_id, buffered FROM ({said}) AS said
WHERE device_id = ANY (%(device_ids)s) AND batch_id > %(after)s AND batch_id <= %(upto)s

-- name: stamps_before
-- What some devices said shortly before, so that a fault that goes on is one.
SELECT device_id, at, received_at, seq, boot_id, buffered FROM ({said}) AS said
WHERE device_id = ANY (%(device_ids)s) AND received_at >= %(since)s AND batch_id <= %(after)s
    AND (at >= %(since)s - interval '1 day' OR at < '2015-01-01Z')
