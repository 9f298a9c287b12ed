-- name: create_incoming_position
CREATE TEMP TABLE IF NOT EXISTS incoming_position (
    row_no integer, device_id integer, fix_time timestamptz, seq bigint, org_id integer, longitude_e7 integer, latitude_e7 integer,
    speed_mps real, course_e2 integer, altitude_m real, accuracy_m real, hdop_e2 integer, satellites smallint,
    fix_valid smallint, ignition smallint, in_motion smallint, door_open smallint, buffered smallint,
    cargo_kg real, fuel_l real, fuel_pct real, external_mv integer, battery_mv integer, battery_pct real, odometer_m double precision,
    boot_id bigint, received_at timestamptz, grade smallint, grade_reason smallint, device_time timestamptz
) ON COMMIT DELETE ROWS

-- name: create_incoming_sensor_reading
CREATE TEMP TABLE IF NOT EXISTS incoming_sensor_reading (
    row_no integer, device_id integer, measured_at timestamptz, seq bigint, org_id integer, weight_g real, temperature_c real,
    humidity_pct real, door_open smallint, count integer, battery_v real, battery_pct real, buffered smallint,
    boot_id bigint, received_at timestamptz, grade smallint, grade_reason smallint, device_time timestamptz
) ON COMMIT DELETE ROWS

-- name: copy_positions
COPY incoming_position FROM STDIN (FORMAT binary)

-- name: copy_sensor_readings
COPY incoming_sensor_reading FROM STDIN (FORMAT binary)

-- name: copy_into_day
COPY {table} ({columns}) FROM STDIN (FORMAT binary)

-- name: find_day_tables
SELECT day, coalesce(hypertable.schema_name, 'public') AS schema_name,
    coalesce(hypertable.table_name, %(series)s || to_char(day, '_YYYYMMDD')) AS table_name
FROM unnest(%(days)s::date[]) AS day LEFT JOIN (
    SELECT 'telemetry' AS schema_name, %(series)s AS table_name WHERE to_regclass('telemetry.' || %(series)s) IS NOT NULL
) hypertable ON true

-- name: find_fresh_position_oid
SELECT 'fresh_position'::regtype::oid AS oid

-- name: advance_latest_positions
INSERT INTO latest_position AS latest (
    device_id, fix_time, seq, org_id, longitude_e7, latitude_e7, speed_mps, course_e2, altitude_m, accuracy_m, hdop_e2, satellites,
    fix_valid, ignition, in_motion, door_open, buffered, cargo_kg, fuel_l, fuel_pct, external_mv, battery_mv, battery_pct, odometer_m,
    boot_id, received_at, grade, grade_reason, device_time, batch_id, temperature_c, alarms)
SELECT * FROM unnest(%(rows)s::fresh_position[])
ON CONFLICT (device_id) DO UPDATE SET (
    device_id, fix_time, seq, org_id, longitude_e7, latitude_e7, speed_mps, altitude_m, accuracy_m, satellites,
    fix_valid, ignition, in_motion, door_open, buffered, cargo_kg, fuel_l, fuel_pct, battery_pct, odometer_m,
    temperature_c, alarms, boot_id, received_at, batch_id, grade, grade_reason, device_time, course_e2, hdop_e2, external_mv, battery_mv) = ROW (
    excluded.device_id, excluded.fix_time, excluded.seq, excluded.org_id, excluded.longitude_e7, excluded.latitude_e7, excluded.speed_mps,
    excluded.altitude_m, excluded.accuracy_m, excluded.satellites, excluded.fix_valid, excluded.ignition, excluded.in_motion,
    excluded.door_open, excluded.buffered, excluded.cargo_kg, excluded.fuel_l, excluded.fuel_pct, excluded.battery_pct,
    excluded.odometer_m, excluded.temperature_c, excluded.alarms, excluded.boot_id, excluded.received_at, excluded.batch_id,
    excluded.grade, excluded.grade_reason, excluded.device_time, excluded.course_e2, excluded.hdop_e2, excluded.external_mv,
    excluded.battery_mv)
WHERE (latest.fix_time, latest.seq) < (excluded.fix_time, excluded.seq)

-- name: next_batch
SELECT nextval('ingest_batch_batch_id_seq') AS batch_id

-- name: store_positions
WITH list AS (
    SELECT row_no, string_to_array(temperatures, ',', '')::real[] AS temperature_c, string_to_array(alarm_words, E'\x1f') AS alarms
    FROM unnest(%(row_nos)s::integer[], %(temperatures)s::text[], %(alarms)s::text[]) AS given (row_no, temperatures, alarm_words)
), fresh AS (
    INSERT INTO position (
        device_id, fix_time, seq, org_id, longitude_e7, latitude_e7, speed_mps, course_e2, altitude_m, accuracy_m, hdop_e2, satellites,
        fix_valid, ignition, in_motion, door_open, buffered, cargo_kg, fuel_l, fuel_pct, external_mv, battery_mv, battery_pct, odometer_m,
        temperature_c, alarms, boot_id, received_at, batch_id, grade, grade_reason, device_time)
    SELECT device_id, fix_time, seq, org_id, nullif(longitude_e7, -2147483648), nullif(latitude_e7, -2147483648),
        nullif(speed_mps, 'NaN'), nullif(course_e2, -2147483648), nullif(altitude_m, 'NaN'), nullif(accuracy_m, 'NaN'), nullif(hdop_e2, -2147483648),
        nullif(satellites, -1), nullif(fix_valid, -1)::integer::boolean, nullif(ignition, -1)::integer::boolean,
        nullif(in_motion, -1)::integer::boolean, nullif(door_open, -1)::integer::boolean, nullif(buffered, -1)::integer::boolean,
        nullif(cargo_kg, 'NaN'), nullif(fuel_l, 'NaN'), nullif(fuel_pct, 'NaN'), nullif(external_mv, -2147483648), nullif(battery_mv, -2147483648),
        nullif(battery_pct, 'NaN'), nullif(odometer_m, 'NaN'), list.temperature_c, list.alarms, nullif(boot_id, -9223372036854775808),
        received_at, %(batch_id)s, grade, grade_reason, nullif(device_time, '-infinity')
    FROM incoming_position LEFT JOIN list USING (row_no)
    ORDER BY device_id, fix_time, seq
    ON CONFLICT (device_id, fix_time, seq) DO NOTHING
    RETURNING *
), advanced AS (
    INSERT INTO latest_position AS latest
    SELECT DISTINCT ON (device_id) * FROM fresh
    WHERE grade < 2 AND longitude_e7 IS NOT NULL
    ORDER BY device_id, fix_time DESC, seq DESC
    ON CONFLICT (device_id) DO UPDATE SET (
        device_id, fix_time, seq, org_id, longitude_e7, latitude_e7, speed_mps, altitude_m, accuracy_m, satellites,
        fix_valid, ignition, in_motion, door_open, buffered, cargo_kg, fuel_l, fuel_pct, battery_pct, odometer_m,
        temperature_c, alarms, boot_id, received_at, batch_id, grade, grade_reason, device_time, course_e2, hdop_e2, external_mv, battery_mv) = ROW (
        excluded.device_id, excluded.fix_time, excluded.seq, excluded.org_id, excluded.longitude_e7, excluded.latitude_e7,
        excluded.speed_mps, excluded.altitude_m, excluded.accuracy_m, excluded.satellites, excluded.fix_valid, excluded.ignition,
        excluded.in_motion, excluded.door_open, excluded.buffered, excluded.cargo_kg, excluded.fuel_l, excluded.fuel_pct,
        excluded.battery_pct, excluded.odometer_m, excluded.temperature_c, excluded.alarms, excluded.boot_id, excluded.received_at,
        excluded.batch_id, excluded.grade, excluded.grade_reason, excluded.device_time, excluded.course_e2, excluded.hdop_e2,
        excluded.external_mv, excluded.battery_mv)
    WHERE (latest.fix_time, latest.seq) < (excluded.fix_time, excluded.seq)
)
SELECT count(*) AS stored, count(*) FILTER (WHERE grade = 3) AS quarantined,
    min(fix_time) FILTER (WHERE grade < 3) AS min_time, max(fix_time) FILTER (WHERE grade < 3) AS max_time
FROM fresh

-- name: store_sensor_readings
WITH fresh AS (
    INSERT INTO sensor_reading (
        device_id, measured_at, seq, org_id, weight_g, temperature_c, humidity_pct, door_open, count, battery_v, battery_pct,
        buffered, boot_id, received_at, batch_id, grade, grade_reason, device_time)
    SELECT device_id, measured_at, seq, org_id, nullif(weight_g, 'NaN'), nullif(temperature_c, 'NaN'), nullif(humidity_pct, 'NaN'),
        nullif(door_open, -1)::integer::boolean, nullif(count, -2147483648), nullif(battery_v, 'NaN'), nullif(battery_pct, 'NaN'),
        nullif(buffered, -1)::integer::boolean, nullif(boot_id, -9223372036854775808), received_at, %(batch_id)s, grade, grade_reason,
        nullif(device_time, '-infinity')
    FROM incoming_sensor_reading
    ORDER BY device_id, measured_at, seq
    ON CONFLICT (device_id, measured_at, seq) DO NOTHING
    RETURNING *
), advanced AS (
    INSERT INTO latest_sensor_reading AS latest
    SELECT DISTINCT ON (device_id) * FROM fresh
    WHERE grade < 2
    ORDER BY device_id, measured_at DESC, seq DESC
    ON CONFLICT (device_id) DO UPDATE SET (
        device_id, measured_at, seq, org_id, weight_g, temperature_c, humidity_pct, door_open, count, battery_v, battery_pct,
        buffered, boot_id, received_at, batch_id, grade, grade_reason, device_time) = ROW (excluded.*)
    WHERE (latest.measured_at, latest.seq) < (excluded.measured_at, excluded.seq)
)
SELECT count(*) AS stored, count(*) FILTER (WHERE grade = 3) AS quarantined,
    min(measured_at) FILTER (WHERE grade < 3) AS min_time, max(measured_at) FILTER (WHERE grade < 3) AS max_time
FROM fresh

-- name: store_statuses
-- A report without a time of its own that says what is already known is a repetition.
WITH fresh AS (
    INSERT INTO device_status (
        device_id, reported_at, seq, org_id, online, firmware, signal_dbm, configuration_version, battery_v, battery_pct,
        boot_id, received_at, batch_id, grade, grade_reason)
    SELECT device_id, reported_at, seq, org_id, online, firmware, signal_dbm, configuration_version, battery_v, battery_pct,
        boot_id, received_at, %(batch_id)s, grade, grade_reason
    FROM unnest(%(device_id)s::integer[], %(reported_at)s::timestamptz[], %(seq)s::bigint[], %(org_id)s::integer[],
        %(online)s::boolean[], %(firmware)s::text[], %(signal_dbm)s::real[], %(configuration_version)s::text[],
        %(battery_v)s::real[], %(battery_pct)s::real[], %(boot_id)s::bigint[], %(received_at)s::timestamptz[],
        %(grade)s::smallint[], %(grade_reason)s::smallint[], %(timeless)s::boolean[])
        AS given (device_id, reported_at, seq, org_id, online, firmware, signal_dbm, configuration_version, battery_v, battery_pct,
        boot_id, received_at, grade, grade_reason, timeless)
    WHERE NOT (timeless AND EXISTS (
        SELECT FROM latest_device_status latest WHERE latest.device_id = given.device_id AND latest.seq = given.seq))
    ORDER BY device_id, reported_at, seq
    ON CONFLICT (device_id, reported_at, seq) DO NOTHING
    RETURNING *
), advanced AS (
    INSERT INTO latest_device_status AS latest
    SELECT DISTINCT ON (device_id) * FROM fresh
    WHERE grade < 2
    ORDER BY device_id, reported_at DESC, seq DESC
    ON CONFLICT (device_id) DO UPDATE SET (
        device_id, reported_at, seq, org_id, online, firmware, signal_dbm, configuration_version, battery_v, battery_pct,
        boot_id, received_at, batch_id, grade, grade_reason) = ROW (excluded.*)
    WHERE (latest.reported_at, latest.seq) < (excluded.reported_at, excluded.seq)
)
SELECT count(*) AS stored, count(*) FILTER (WHERE grade = 3) AS quarantined FROM fresh

-- name: record_batch
WITH batch AS (
    INSERT INTO ingest_batch (batch_id, min_fix_time, max_fix_time, min_measured_at, max_measured_at,
        position_count, sensor_count, status_count, duplicate_count)
    VALUES (%(batch_id)s, %(min_fix_time)s, %(max_fix_time)s, %(min_measured_at)s, %(max_measured_at)s,
        %(position_count)s, %(sensor_count)s, %(status_count)s, %(duplicate_count)s)
    RETURNING batch_id
)
SELECT pg_notify('beatwatch_stored', batch_id::text) FROM batch

-- name: ensure_days
SELECT ensure_days(%(series)s, %(days)s)
