-- The ten minutes whose sums are due: each once, however often readings of it come in while it waits, so that sums can be worked
-- out a few at a time, with rests between, and the effort falls behind a flood instead of growing with it.
CREATE TABLE span_due (
    device_id integer NOT NULL,
    starts_at timestamptz NOT NULL,
    org_id integer NOT NULL,
    due_no bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (device_id, starts_at)
);
CREATE INDEX ON span_due (due_no);
SELECT fence('span_due');
GRANT SELECT, INSERT, DELETE ON span_due TO beatwatch_worker;

-- Hours that were summed before there were sums of ten minutes: these are due once, and the hour is then the sum of all of its own.
INSERT INTO span_due (device_id, starts_at, org_id)
SELECT device_id, hour + part * interval '10 minutes', org_id
FROM vehicle_hour, generate_series(0, 5) AS part
WHERE NOT EXISTS (
    SELECT FROM vehicle_span AS known
    WHERE known.device_id = vehicle_hour.device_id AND known.starts_at = hour + part * interval '10 minutes'
);

-- The spans of some devices, worked out anew from their rows, and from the one fix before, with which the first segment begins.
CREATE OR REPLACE FUNCTION vehicle_spans(devices integer[], starts timestamptz[]) RETURNS SETOF vehicle_span
    LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    WITH fix AS (
        SELECT wanted.starts_at, p.device_id, p.org_id, p.fix_time, p.seq, p.speed_mps::float8, p.ignition, p.door_open,
            p.cargo_kg::float8, p.satellites, p.external_mv / 1000.0::float8 AS external_v,
            radians(p.longitude_e7 / 1e7::float8) AS longitude, radians(p.latitude_e7 / 1e7::float8) AS latitude
        FROM unnest(devices, starts) AS wanted (device_id, starts_at) CROSS JOIN LATERAL (
            SELECT * FROM position
            WHERE position.device_id = wanted.device_id AND grade < 2 AND longitude_e7 IS NOT NULL AND latitude_e7 IS NOT NULL
                AND fix_time >= wanted.starts_at AND fix_time < wanted.starts_at + interval '10 minutes'
            UNION ALL (
                SELECT * FROM position
                WHERE position.device_id = wanted.device_id AND grade < 2 AND longitude_e7 IS NOT NULL AND latitude_e7 IS NOT NULL
                    AND fix_time >= wanted.starts_at - interval '10 minutes' AND fix_time < wanted.starts_at
                ORDER BY fix_time DESC, seq DESC LIMIT 1
            )
        ) AS p
    ), segment AS (
        SELECT *, extract(epoch FROM fix_time - lag(fix_time) OVER track)::float8 AS seconds,
            lag(door_open) OVER track AS door_was_open,
            2 * 6371008.8 * asin(least(1, sqrt(sin((latitude - lag(latitude) OVER track) / 2) ^ 2
                + cos(latitude) * cos(lag(latitude) OVER track) * sin((longitude - lag(longitude) OVER track) / 2) ^ 2))) AS metres
        FROM fix WINDOW track AS (PARTITION BY device_id, starts_at ORDER BY fix_time, seq)
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
