-- name: readings_between
SELECT measured_at, weight_g, temperature_c, humidity_pct, door_open, count
FROM sensor_reading
WHERE device_id = %(device_id)s AND measured_at >= %(since)s AND measured_at < %(until)s AND grade < 2
ORDER BY measured_at, seq
LIMIT %(limit)s
