-- Sums that reports read instead of rows, the same on both servers: ingest keeps them a minute behind.
CREATE TABLE vehicle_hour (
    org_id integer NOT NULL,
    device_id integer NOT NULL,
    hour timestamptz NOT NULL,
    vehicle_id text,  -- what the device was on for most of the hour's fixes
    fixes integer NOT NULL,
    distance_m double precision NOT NULL,  -- between consecutive plausible fixes at most ten minutes apart
    moving_s double precision NOT NULL,  -- of that, faster than 5 km/h
    idling_s double precision NOT NULL,  -- ignition on and not faster
    max_speed_mps real,
    first_fix_at timestamptz NOT NULL,
    last_fix_at timestamptz NOT NULL,
    door_openings integer NOT NULL,
    PRIMARY KEY (device_id, hour)
);
CREATE INDEX ON vehicle_hour (org_id, hour);
SELECT fence('vehicle_hour');

CREATE VIEW vehicle_day WITH (security_invoker = true) AS
SELECT org_id, device_id, date_trunc('day', hour, 'UTC') AS day, max(vehicle_id) AS vehicle_id, sum(fixes)::integer AS fixes,
    sum(distance_m) AS distance_m, sum(moving_s) AS moving_s, sum(idling_s) AS idling_s, max(max_speed_mps) AS max_speed_mps,
    min(first_fix_at) AS first_fix_at, max(last_fix_at) AS last_fix_at, sum(door_openings)::integer AS door_openings
FROM vehicle_hour
GROUP BY org_id, device_id, date_trunc('day', hour, 'UTC');

CREATE TABLE rollup_cursor (rollup text PRIMARY KEY, cursor bigint NOT NULL DEFAULT 0);
INSERT INTO rollup_cursor (rollup) VALUES ('vehicle_hour');

-- The hours of some devices, worked out anew from their rows. A segment belongs to the hour in which it ends.
CREATE FUNCTION vehicle_hours(devices integer[], hours timestamptz[]) RETURNS SETOF vehicle_hour
    LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    WITH wanted AS (
        SELECT device_id, hour FROM unnest(devices, hours) AS given (device_id, hour)
    ), fix AS (
        SELECT wanted.hour, p.device_id, p.org_id, p.fix_time, p.speed_mps, p.ignition, p.door_open,
            radians(p.longitude_e7 / 1e7::float8) AS longitude, radians(p.latitude_e7 / 1e7::float8) AS latitude
        FROM wanted JOIN position p ON p.device_id = wanted.device_id
            AND p.fix_time >= wanted.hour - interval '10 minutes' AND p.fix_time < wanted.hour + interval '1 hour'
        WHERE p.grade < 2 AND p.longitude_e7 IS NOT NULL AND p.latitude_e7 IS NOT NULL
    ), segment AS (
        SELECT *, extract(epoch FROM fix_time - lag(fix_time) OVER track)::float8 AS seconds,
            lag(door_open) OVER track AS door_was_open,
            2 * 6371008.8 * asin(least(1, sqrt(sin((latitude - lag(latitude) OVER track) / 2) ^ 2
                + cos(latitude) * cos(lag(latitude) OVER track) * sin((longitude - lag(longitude) OVER track) / 2) ^ 2))) AS metres
        FROM fix WINDOW track AS (PARTITION BY device_id, hour ORDER BY fix_time)
    )
    SELECT min(org_id), device_id, hour,
        (SELECT assignment.vehicle_id FROM device_assignment assignment
         WHERE assignment.device_id = segment.device_id AND assignment.valid && tstzrange(hour, hour + interval '1 hour')
         ORDER BY upper(assignment.valid * tstzrange(hour, hour + interval '1 hour'))
                - lower(assignment.valid * tstzrange(hour, hour + interval '1 hour')) DESC LIMIT 1),
        count(*)::integer,
        coalesce(sum(metres) FILTER (WHERE seconds <= 600), 0),
        coalesce(sum(seconds) FILTER (WHERE seconds <= 600 AND coalesce(speed_mps, metres / nullif(seconds, 0)) > 1.389), 0),
        coalesce(sum(seconds) FILTER (WHERE seconds <= 600 AND ignition
            AND coalesce(speed_mps, metres / nullif(seconds, 0)) <= 1.389), 0),
        max(speed_mps), min(fix_time), max(fix_time),
        (count(*) FILTER (WHERE door_open AND door_was_open IS FALSE))::integer
    FROM segment
    WHERE fix_time >= hour
    GROUP BY device_id, hour
$$;

-- A day of readings at a time; on TimescaleDB a chunk. Only days that have ended long before `before`.
CREATE FUNCTION drop_days_before(series text, before date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public SET timezone = 'UTC' AS $$
DECLARE
    part record;
    dropped integer := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM telemetry_series known WHERE known.series = drop_days_before.series) THEN
        RAISE EXCEPTION 'no telemetry series %', series;
    ELSIF on_timescale() THEN
        EXECUTE format('SELECT count(*) FROM drop_chunks(%L, older_than => %L::timestamptz)', 'telemetry.' || series, before::timestamptz)
            INTO dropped;
        RETURN dropped;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('days of ' || series, 0));
    FOR part IN
        SELECT relid::regclass AS name FROM pg_partition_tree(series::regclass)
        WHERE isleaf AND relid::regclass::text ~ ('^' || series || '_[0-9]{8}$') AND right(relid::regclass::text, 8) < to_char(before, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %s', part.name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
REVOKE EXECUTE ON FUNCTION drop_days_before FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_days_before TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE ON vehicle_hour, rollup_cursor TO beatwatch_worker;
GRANT SELECT ON vehicle_hour, vehicle_day TO beatwatch_api, beatwatch_worker;
