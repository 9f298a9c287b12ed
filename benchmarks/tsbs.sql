-- The thirteen IoT questions of the Time Series Benchmark Suite: `theirs` in its own schema, `ours` in ours.
-- :fleet, :start and the like are filled in; without the extension, time_bucket is date_bin.

-- name: set_up
INSERT INTO organisation (slug, name, parent_id) SELECT lower(fleet), fleet, 1 FROM unnest(ARRAY['East', 'West', 'North', 'South']) AS fleet;
CREATE TABLE tags (id integer PRIMARY KEY, name text, fleet text, driver text, model text, device_version text,
    load_capacity real, fuel_capacity real,
    nominal_fuel_consumption real, UNIQUE (name, fleet, driver, model, device_version, load_capacity, fuel_capacity,
    nominal_fuel_consumption));
GRANT SELECT ON tags TO beatwatch_api;
CREATE INDEX ON tags (name);
CREATE TABLE readings (time timestamptz NOT NULL, tags_id integer, latitude double precision, longitude double precision,
    elevation double precision, velocity double precision, heading double precision, grade double precision,
    fuel_consumption double precision, additional_tags jsonb);
CREATE TABLE diagnostics (time timestamptz NOT NULL, tags_id integer, fuel_state double precision,
    current_load double precision, status double precision, additional_tags jsonb);

-- name: register
INSERT INTO tags
SELECT number, 'truck_' || number, fleet, driver, model, 'v1.0', capacity_kg, fuel_l, nominal
FROM unnest(%(fleet)s::text[], %(driver)s::text[], %(model)s::text[], %(capacity_kg)s::real[], %(fuel_l)s::real[], %(nominal)s::real[])
    WITH ORDINALITY AS truck (fleet, driver, model, capacity_kg, fuel_l, nominal, number)

-- name: register_devices
INSERT INTO device (org_id, device_key, model)
SELECT org_id, 'truck_' || number, model
FROM unnest(%(org)s::integer[], %(model)s::text[]) WITH ORDINALITY AS truck (org_id, model, number) ORDER BY number

-- name: register_vehicles
INSERT INTO vehicle (org_id, vehicle_id, name, capacity_kg)
SELECT org_id, 'truck_' || number, driver, capacity_kg
FROM unnest(%(org)s::integer[], %(driver)s::text[], %(capacity_kg)s::real[]) WITH ORDINALITY AS truck (org_id, driver, capacity_kg, number)

-- name: mount
INSERT INTO device_assignment (device_id, org_id, vehicle_id, valid)
SELECT device_id, org_id, device_key, '[2020-01-01,)' FROM device WHERE device_key LIKE 'truck_%%'

-- name: make_hypertables
-- As TSBS does: chunks of twelve hours, indexes of its own.
SELECT create_hypertable('readings', 'time', chunk_time_interval => interval '12 hours', create_default_indexes => false);
SELECT create_hypertable('diagnostics', 'time', chunk_time_interval => interval '12 hours', create_default_indexes => false);

-- name: sum_ours
-- As upkeep does it, a few at a time, as time goes on.
INSERT INTO vehicle_span
SELECT span.* FROM (
    SELECT array_agg(device_id) AS devices, array_agg(starts_at) AS starts
    FROM generate_series(:first, :last) AS device_id,
        generate_series(timestamptz ':start', timestamptz ':start' + interval '1 day' * :days - interval '1 s', interval '10 minutes') AS starts_at
) AS wanted, vehicle_spans(devices, starts) AS span
ORDER BY span.starts_at;

-- name: copy_to_theirs
SET work_mem = '512MB';
SET maintenance_work_mem = '512MB';
INSERT INTO readings SELECT fix_time, device_id, latitude_e7 / 1e7, longitude_e7 / 1e7, altitude_m, speed_mps, course_e2 / 100.0, hdop_e2 / 100.0,
    external_mv / 1000.0, NULL FROM position ORDER BY fix_time;
INSERT INTO diagnostics SELECT fix_time, device_id, fuel_pct / 100, cargo_kg, satellites, NULL FROM position ORDER BY fix_time;
CREATE INDEX ON readings (tags_id, time DESC);
CREATE INDEX ON readings (time DESC);
CREATE INDEX ON diagnostics (tags_id, time DESC);
CREATE INDEX ON diagnostics (time DESC);
RESET work_mem;
RESET maintenance_work_mem;

-- name: compress_ours
SELECT compress_chunk(chunk, if_not_compressed => true)
FROM show_chunks('telemetry.position', older_than => now() - interval '2 days') AS chunk

-- name: single-last-loc theirs
SELECT t.name, t.driver, r.longitude, r.latitude FROM tags t
JOIN LATERAL (SELECT * FROM readings WHERE tags_id = t.id ORDER BY time DESC LIMIT 1) r ON true
WHERE t.name = ':truck'

-- name: single-last-loc ours
SELECT CASE WHEN shown_until <= now() THEN vehicle_of(device_id, now()) ELSE shown_vehicle_id END, shown_name, longitude_e7, latitude_e7
FROM latest_position WHERE device_id = (SELECT device_id FROM device WHERE device_key = ':truck')

-- name: last-loc theirs
SELECT t.name, t.driver, r.longitude, r.latitude FROM tags t
JOIN LATERAL (SELECT * FROM readings WHERE tags_id = t.id ORDER BY time DESC LIMIT 1) r ON true
WHERE t.name IS NOT NULL AND t.fleet = ':fleet'

-- name: last-loc ours
SELECT CASE WHEN shown_until <= now() THEN vehicle_of(device_id, now()) ELSE shown_vehicle_id END, shown_name, longitude_e7, latitude_e7
FROM latest_position WHERE org_id = acting_org()

-- name: low-fuel theirs
SELECT t.name, t.driver, d.fuel_state FROM tags t
JOIN LATERAL (SELECT * FROM diagnostics WHERE tags_id = t.id ORDER BY time DESC LIMIT 1) d ON true
WHERE t.name IS NOT NULL AND d.fuel_state < 0.1 AND t.fleet = ':fleet'

-- name: low-fuel ours
SELECT CASE WHEN shown_until <= now() THEN vehicle_of(device_id, now()) ELSE shown_vehicle_id END, shown_name, fuel_pct
FROM latest_position WHERE org_id = acting_org() AND fuel_pct < 10

-- name: high-load theirs
SELECT t.name, t.driver, d.current_load, t.load_capacity FROM tags t
JOIN LATERAL (SELECT * FROM diagnostics WHERE tags_id = t.id ORDER BY time DESC LIMIT 1) d ON true
WHERE t.name IS NOT NULL AND d.current_load / t.load_capacity > 0.9 AND t.fleet = ':fleet'

-- name: high-load ours
SELECT CASE WHEN shown_until <= now() THEN vehicle_of(device_id, now()) ELSE shown_vehicle_id END, shown_name, cargo_kg, shown_capacity_kg
FROM latest_position WHERE org_id = acting_org() AND cargo_kg / shown_capacity_kg > 0.9

-- name: stationary-trucks theirs
SELECT t.name, t.driver FROM tags t JOIN readings r ON r.tags_id = t.id
WHERE r.time >= ':start' AND r.time < ':ten_minutes' AND t.name IS NOT NULL AND t.fleet = ':fleet'
GROUP BY 1, 2 HAVING avg(r.velocity) < 1

-- name: stationary-trucks ours
-- Whoever was never slower than that in the tens of minutes that the window meets need not be looked at, and only who is found has to
-- be named.
SELECT device_key, vehicle.name
FROM (
    SELECT position.device_id FROM position
    WHERE fix_time >= ':start' AND fix_time < ':ten_minutes' AND position.device_id = ANY (ARRAY(
        SELECT device_id FROM vehicle_span
        WHERE starts_at > timestamptz ':start' - interval '10 minutes' AND starts_at < ':ten_minutes'
        GROUP BY device_id HAVING min(min_speed_mps) < 1
    ))
    GROUP BY position.device_id HAVING avg(speed_mps) < 1
) AS standing
CROSS JOIN LATERAL (SELECT device_key, org_id FROM device WHERE device.device_id = standing.device_id LIMIT 1) AS device
JOIN vehicle ON vehicle_id = device_key AND vehicle.org_id = device.org_id

-- name: long-driving-sessions theirs
SELECT t.name, t.driver FROM tags t
JOIN (SELECT :bucket_of_theirs AS bucket, tags_id FROM readings WHERE time >= ':start' AND time < ':four_hours'
      GROUP BY 1, 2 HAVING avg(velocity) > 1) r ON t.id = r.tags_id
WHERE t.name IS NOT NULL AND t.fleet = ':fleet'
GROUP BY 1, 2 HAVING count(*) > 22

-- name: long-driving-sessions ours
-- The tens of minutes at both ends of the window are cut by it: these from the rows, all others from their sums.
SELECT device_key, vehicle.name
FROM (
    SELECT device_id, count(*) AS driving FROM vehicle_span
    WHERE starts_at >= ':start' AND starts_at <= timestamptz ':four_hours' - interval '10 minutes'
        AND speed_sum_mps > speed_fixes
    GROUP BY device_id
) AS inner_spans
JOIN device USING (device_id) JOIN vehicle ON vehicle_id = device_key AND vehicle.org_id = device.org_id
CROSS JOIN LATERAL (
    SELECT count(*) AS driving FROM (
        SELECT :bucket_of_ours FROM position
        WHERE position.device_id = inner_spans.device_id AND fix_time >= ':start'
            AND fix_time < date_bin('10 minutes', ':start', 'epoch') + interval '10 minutes'
        GROUP BY 1 HAVING avg(speed_mps) > 1
        UNION ALL
        SELECT :bucket_of_ours FROM position
        WHERE position.device_id = inner_spans.device_id AND fix_time < ':four_hours'
            AND fix_time >= date_bin('10 minutes', ':four_hours', 'epoch')
        GROUP BY 1 HAVING avg(speed_mps) > 1
    ) AS cut
) AS ends
WHERE inner_spans.driving + ends.driving > 22

-- name: long-daily-sessions theirs
SELECT t.name, t.driver FROM tags t
JOIN (SELECT :bucket_of_theirs AS bucket, tags_id FROM readings WHERE time >= ':start' AND time < ':day'
      GROUP BY 1, 2 HAVING avg(velocity) > 1) r ON t.id = r.tags_id
WHERE t.name IS NOT NULL AND t.fleet = ':fleet'
GROUP BY 1, 2 HAVING count(*) > 60

-- name: long-daily-sessions ours
-- The tens of minutes at both ends of the window are cut by it: these from the rows, all others from their sums.
SELECT device_key, vehicle.name
FROM (
    SELECT device_id, count(*) AS driving FROM vehicle_span
    WHERE starts_at >= ':start' AND starts_at <= timestamptz ':day' - interval '10 minutes'
        AND speed_sum_mps > speed_fixes
    GROUP BY device_id
) AS inner_spans
JOIN device USING (device_id) JOIN vehicle ON vehicle_id = device_key AND vehicle.org_id = device.org_id
CROSS JOIN LATERAL (
    SELECT count(*) AS driving FROM (
        SELECT :bucket_of_ours FROM position
        WHERE position.device_id = inner_spans.device_id AND fix_time >= ':start'
            AND fix_time < date_bin('10 minutes', ':start', 'epoch') + interval '10 minutes'
        GROUP BY 1 HAVING avg(speed_mps) > 1
        UNION ALL
        SELECT :bucket_of_ours FROM position
        WHERE position.device_id = inner_spans.device_id AND fix_time < ':day'
            AND fix_time >= date_bin('10 minutes', ':day', 'epoch')
        GROUP BY 1 HAVING avg(speed_mps) > 1
    ) AS cut
) AS ends
WHERE inner_spans.driving + ends.driving > 60

-- name: avg-vs-projected-fuel-consumption theirs
SELECT t.fleet, avg(r.fuel_consumption), avg(t.nominal_fuel_consumption)
FROM tags t JOIN readings r ON r.tags_id = t.id
WHERE r.velocity > 1 AND t.fleet IS NOT NULL AND t.nominal_fuel_consumption IS NOT NULL AND t.name IS NOT NULL
GROUP BY 1

-- name: avg-vs-projected-fuel-consumption ours
SELECT organisation.name, sum(consumed) / sum(fixes), sum(nominal_fuel_consumption * fixes) / sum(fixes)
FROM (
    SELECT device_id, sum(moving_fixes) AS fixes, sum(external_sum_v::float8) AS consumed FROM vehicle_span GROUP BY 1
) AS drive
JOIN device USING (device_id) JOIN organisation USING (org_id) JOIN tags ON tags.id = device_id
GROUP BY 1

-- name: avg-daily-driving-duration theirs
WITH ten AS (
    SELECT :bucket_of_theirs AS bucket, tags_id FROM readings GROUP BY 1, 2 HAVING avg(velocity) > 1
), daily AS (
    SELECT tags_id, date_trunc('day', bucket) AS day, count(*) / 6 AS hours FROM ten GROUP BY 1, 2
)
SELECT fleet, name, driver, avg(hours) FROM daily JOIN tags ON tags.id = tags_id GROUP BY 1, 2, 3

-- name: avg-daily-driving-duration ours
WITH daily AS (
    SELECT device_id, date_trunc('day', starts_at) AS day, count(*) / 6 AS hours FROM vehicle_span
    WHERE speed_sum_mps > speed_fixes
    GROUP BY 1, 2
)
SELECT organisation.name, device_key, vehicle.name, avg(hours)
FROM daily JOIN device USING (device_id) JOIN organisation USING (org_id)
JOIN vehicle ON vehicle_id = device_key AND vehicle.org_id = device.org_id
GROUP BY 1, 2, 3

-- name: avg-daily-driving-session theirs
WITH ten AS (
    SELECT tags_id, :bucket_of_theirs AS bucket, avg(velocity) > 5 AS driving FROM readings GROUP BY 1, 2
), turned AS (
    SELECT *, lag(driving) OVER (PARTITION BY tags_id ORDER BY bucket) AS before FROM ten
), session AS (
    SELECT tags_id, bucket, driving, lead(bucket) OVER (PARTITION BY tags_id ORDER BY bucket) AS stop FROM turned
    WHERE driving IS DISTINCT FROM before
)
SELECT name, date_trunc('day', bucket), avg(age(stop, bucket)) FROM session JOIN tags ON tags.id = tags_id WHERE driving GROUP BY 1, 2

-- name: avg-daily-driving-session ours
WITH ten AS (
    SELECT device_id, starts_at AS bucket, speed_sum_mps > 5 * speed_fixes AS driving FROM vehicle_span
), turned AS (
    SELECT *, lag(driving) OVER (PARTITION BY device_id ORDER BY bucket) AS before FROM ten
), session AS (
    SELECT device_id, bucket, driving, lead(bucket) OVER (PARTITION BY device_id ORDER BY bucket) AS stop FROM turned
    WHERE driving IS DISTINCT FROM before
)
SELECT device_key, date_trunc('day', bucket), avg(age(stop, bucket)) FROM session JOIN device USING (device_id) WHERE driving GROUP BY 1, 2

-- name: avg-load theirs
SELECT fleet, model, load_capacity, avg(share)
FROM (SELECT tags_id, avg(current_load) AS share FROM diagnostics GROUP BY 1) AS d JOIN tags ON tags.id = tags_id
GROUP BY 1, 2, 3

-- name: avg-load ours
SELECT organisation.name, device.model, capacity_kg, avg(share)
FROM (SELECT device_id, sum(cargo_sum_kg::float8) / sum(cargo_fixes) AS share FROM vehicle_span GROUP BY 1) AS carried
JOIN device USING (device_id) JOIN organisation USING (org_id)
JOIN vehicle ON vehicle_id = device_key AND vehicle.org_id = device.org_id
GROUP BY 1, 2, 3

-- name: daily-activity theirs
WITH ten AS (
    SELECT tags_id, :bucket_of_theirs AS bucket, count(*) AS n FROM diagnostics GROUP BY 1, 2 HAVING avg(status) < 1
)
SELECT fleet, model, date_trunc('day', bucket), sum(n) / 144 FROM ten JOIN tags ON tags.id = tags_id GROUP BY 1, 2, 3

-- name: daily-activity ours
SELECT organisation.name, model, date_trunc('day', starts_at), sum(fixes) / 144
FROM vehicle_span JOIN device USING (device_id) JOIN organisation ON organisation.org_id = device.org_id
WHERE satellite_sum < satellite_fixes
GROUP BY 1, 2, 3

-- name: breakdown-frequency theirs
WITH ten AS (
    SELECT tags_id, :bucket_of_theirs AS bucket, count(status = 0) / count(*) >= 0.5 AS broken
    FROM diagnostics GROUP BY 1, 2
), next AS (
    SELECT *, lead(broken) OVER (PARTITION BY tags_id ORDER BY bucket) AS after FROM ten
)
SELECT model, count(*) FROM next JOIN tags ON tags.id = tags_id WHERE NOT broken AND after GROUP BY 1

-- name: breakdown-frequency ours
-- TSBS's own condition counts what is known, not what is 0, and divides whole numbers: it holds where all is known.
WITH ten AS (
    SELECT device_id, starts_at AS bucket, satellite_fixes = fixes AS broken FROM vehicle_span
), next AS (
    SELECT *, lead(broken) OVER (PARTITION BY device_id ORDER BY bucket) AS after FROM ten
)
SELECT model, count(*) FROM next JOIN device USING (device_id) WHERE NOT broken AND after GROUP BY 1
