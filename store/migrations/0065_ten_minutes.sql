-- Sums of ten minutes, from which the hours are summed: the finest that questions about driving, load and reception over weeks
-- need, and less to read again than an hour when a fix comes in. A segment belongs to the span in which it ends.
CREATE TABLE vehicle_span (
    device_id integer NOT NULL,
    starts_at timestamptz NOT NULL,  -- on the clock's tens of minutes
    org_id integer NOT NULL,
    fixes integer NOT NULL,  -- plausible ones
    speed_fixes integer NOT NULL,  -- of these, that told a speed; and so on
    cargo_fixes integer NOT NULL,
    satellite_fixes integer NOT NULL,
    moving_fixes integer NOT NULL,  -- faster than 5 km/h
    external_fixes integer NOT NULL,  -- moving, that told the vehicle's voltage
    door_openings integer NOT NULL,
    speed_sum_mps real NOT NULL,
    cargo_sum_kg real NOT NULL,
    satellite_sum real NOT NULL,
    external_sum_v real NOT NULL,  -- while moving: whether it charges
    min_speed_mps real,
    max_speed_mps real,
    distance_m real NOT NULL,  -- between consecutive plausible fixes at most ten minutes apart
    moving_s real NOT NULL,  -- of that, faster than 5 km/h
    idling_s real NOT NULL,  -- ignition on and not faster
    first_fix_at timestamptz NOT NULL,
    last_fix_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, starts_at)
);
CREATE INDEX ON vehicle_span (org_id, starts_at);
SELECT fence('vehicle_span');
GRANT SELECT, INSERT, UPDATE, DELETE ON vehicle_span TO beatwatch_worker;
GRANT SELECT ON vehicle_span TO beatwatch_api;

-- The spans of some devices, worked out anew from their rows.
CREATE FUNCTION vehicle_spans(devices integer[], starts timestamptz[]) RETURNS SETOF vehicle_span
    LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    WITH wanted AS (
        SELECT device_id, starts_at FROM unnest(devices, starts) AS given (device_id, starts_at)
    ), fix AS (
        SELECT wanted.starts_at, p.device_id, p.org_id, p.fix_time, p.speed_mps::float8, p.ignition, p.door_open,
            p.cargo_kg::float8, p.satellites, p.external_mv / 1000.0::float8 AS external_v,
            radians(p.longitude_e7 / 1e7::float8) AS longitude, radians(p.latitude_e7 / 1e7::float8) AS latitude
        FROM wanted JOIN position p ON p.device_id = wanted.device_id
            AND p.fix_time >= wanted.starts_at - interval '10 minutes' AND p.fix_time < wanted.starts_at + interval '10 minutes'
        WHERE p.grade < 2 AND p.longitude_e7 IS NOT NULL AND p.latitude_e7 IS NOT NULL
    ), segment AS (
        SELECT *, extract(epoch FROM fix_time - lag(fix_time) OVER track)::float8 AS seconds,
            lag(door_open) OVER track AS door_was_open,
            2 * 6371008.8 * asin(least(1, sqrt(sin((latitude - lag(latitude) OVER track) / 2) ^ 2
                + cos(latitude) * cos(lag(latitude) OVER track) * sin((longitude - lag(longitude) OVER track) / 2) ^ 2))) AS metres
        FROM fix WINDOW track AS (PARTITION BY device_id, starts_at ORDER BY fix_time)
    )
    SELECT device_id, starts_at, min(org_id), count(*)::integer, count(speed_mps)::integer, count(cargo_kg)::integer,
        count(satellites)::integer, (count(*) FILTER (WHERE speed_mps > 1.389))::integer,
        (count(external_v) FILTER (WHERE speed_mps > 1.389))::integer,
        (count(*) FILTER (WHERE door_open AND door_was_open IS FALSE))::integer,
        coalesce(sum(speed_mps), 0), coalesce(sum(cargo_kg), 0), coalesce(sum(satellites), 0),
        coalesce(sum(external_v) FILTER (WHERE speed_mps > 1.389), 0), min(speed_mps), max(speed_mps),
        coalesce(sum(metres) FILTER (WHERE seconds <= 600), 0),
        coalesce(sum(seconds) FILTER (WHERE seconds <= 600 AND coalesce(speed_mps, metres / nullif(seconds, 0)) > 1.389), 0),
        coalesce(sum(seconds) FILTER (WHERE seconds <= 600 AND ignition
            AND coalesce(speed_mps, metres / nullif(seconds, 0)) <= 1.389), 0),
        min(fix_time), max(fix_time)
    FROM segment
    WHERE fix_time >= starts_at
    GROUP BY device_id, starts_at
$$;

-- The hours of some devices, summed from their spans.
CREATE OR REPLACE FUNCTION vehicle_hours(devices integer[], hours timestamptz[]) RETURNS SETOF vehicle_hour
    LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    SELECT min(span.org_id), wanted.device_id, wanted.hour,
        (SELECT assignment.vehicle_id FROM device_assignment assignment
         WHERE assignment.device_id = wanted.device_id AND assignment.valid && tstzrange(wanted.hour, wanted.hour + interval '1 hour')
         ORDER BY upper(assignment.valid * tstzrange(wanted.hour, wanted.hour + interval '1 hour'))
                - lower(assignment.valid * tstzrange(wanted.hour, wanted.hour + interval '1 hour')) DESC LIMIT 1),
        sum(span.fixes)::integer, sum(span.distance_m::float8), sum(span.moving_s::float8), sum(span.idling_s::float8),
        max(span.max_speed_mps), min(span.first_fix_at), max(span.last_fix_at), sum(span.door_openings)::integer
    FROM unnest(devices, hours) AS wanted (device_id, hour)
    JOIN vehicle_span AS span ON span.device_id = wanted.device_id
        AND span.starts_at >= wanted.hour AND span.starts_at < wanted.hour + interval '1 hour'
    GROUP BY wanted.device_id, wanted.hour
$$;
