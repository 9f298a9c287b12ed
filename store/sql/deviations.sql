-- name: deviations
SELECT deviation.*, vehicle_of(deviation.device_id, deviation.started_at) AS vehicle_id
FROM deviation
WHERE (%(trip_id)s::text IS NULL OR trip_id = %(trip_id)s)
    AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
    AND {part}
