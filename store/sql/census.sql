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
