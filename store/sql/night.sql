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
-- From half an hour before the last one looked at, so that a fault that goes on is one.
SELECT watch.batch_id AS after, coalesce(max(batch.batch_id), watch.batch_id) AS upto,
    coalesce(min(batch.batch_id) FILTER (WHERE batch.stored_at >= before.stored_at - interval '30 minutes'), 0) AS first
FROM clock_watch watch
LEFT JOIN ingest_batch before ON before.batch_id = watch.batch_id
LEFT JOIN ingest_batch batch ON batch.xid < pg_snapshot_xmin(pg_current_snapshot())
    AND (before.stored_at IS NULL OR batch.stored_at >= before.stored_at - interval '30 minutes')
GROUP BY watch.batch_id

-- name: note_clocks_watched
UPDATE clock_watch SET batch_id = %(batch_id)s

-- name: devices_with_odd_clocks
-- A quick sieve: a clock that screening has refused, or numbers that do not rise with time and receipt.
SELECT DISTINCT device_id FROM (
    SELECT device_id, batch_id, grade, grade_reason, seq, at, boot_id,
        lag(seq) OVER arrival AS seq_before, lag(at) OVER arrival AS at_before, lag(boot_id) OVER arrival AS boot_before
    FROM (
        SELECT device_id, batch_id, grade, grade_reason, seq, fix_time AS at, received_at, boot_id FROM position
        WHERE batch_id BETWEEN %(first)s AND %(upto)s
        UNION ALL
        SELECT device_id, batch_id, grade, grade_reason, seq, measured_at, received_at, boot_id FROM sensor_reading
        WHERE batch_id BETWEEN %(first)s AND %(upto)s
    ) said
    WINDOW arrival AS (PARTITION BY device_id ORDER BY received_at, at, seq)
) told
WHERE batch_id > %(after)s AND ((grade = 3 AND grade_reason = ANY (%(reasons)s))
    OR (seq >= 0 AND seq < seq_before)
    OR (seq > seq_before AND seq_before >= 0 AND boot_id = boot_before AND at < at_before - interval '10 seconds'))

-- name: stamps_of_devices
SELECT device_id, fix_time AS at, received_at, seq, boot_id, coalesce(buffered, false) AS buffered FROM position
WHERE device_id = ANY (%(device_ids)s) AND batch_id BETWEEN %(first)s AND %(upto)s
UNION ALL
SELECT device_id, measured_at, received_at, seq, boot_id, coalesce(buffered, false) FROM sensor_reading
WHERE device_id = ANY (%(device_ids)s) AND batch_id BETWEEN %(first)s AND %(upto)s
