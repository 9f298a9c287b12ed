-- name: count_everything
SELECT
    (SELECT count(*) FROM position) AS positions,
    (SELECT count(*) FROM dead_letter) AS dead_letters,
    (SELECT count(*) FROM event WHERE superseded_at IS NULL) AS events,
    (SELECT count(*) FROM alert) AS alerts,
    (SELECT 1000 * percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM b.stored_at - p.received_at))
     FROM position p JOIN ingest_batch b USING (batch_id))::float8 AS ingest_lag_p95_ms

-- name: stored_readings
SELECT d.device_key, p.fix_time, p.seq
FROM position p JOIN device d USING (device_id)
WHERE d.device_key = ANY (%(device_keys)s)

-- name: backlog
-- Batches that some lane has not judged, and changes of events that no alert has been made of yet.
SELECT
    (SELECT count(*) FROM ingest_batch
     WHERE position_count > 0 AND xid > (SELECT min(batch_cursor) FROM geofence_lane)::text::xid8) AS batches,
    (SELECT count(*) FROM event, alert_cursor c WHERE (event.change_xid, event.change_no) > (c.change_xid::text::xid8, c.change_no)) AS events
