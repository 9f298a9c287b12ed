-- What devices said. Rows are never changed; the same reading delivered again is the same primary key.
--
-- TimescaleDB: hypertables. It cannot compress a table that has row-level security, so the hypertable stands in schema
-- telemetry and `position` is an updatable view with the same fence. Plain PostgreSQL: `position` is a table with row-level
-- security and a native partition for each day. Every statement of the programs is the same on both.
CREATE FUNCTION on_timescale() RETURNS boolean LANGUAGE sql STABLE
    RETURN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
           AND current_setting('shared_preload_libraries') LIKE '%timescaledb%';

DO $$
BEGIN
    IF on_timescale() THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
END
$$;

CREATE TABLE position_shape (
    device_id integer NOT NULL,
    fix_time timestamptz NOT NULL,
    seq bigint NOT NULL,  -- the device's own, or a negative hash of the content
    org_id integer NOT NULL,
    longitude_e7 integer,  -- 1e-7 degree: half the size of float8 when compressed, and 1 cm
    latitude_e7 integer,
    speed_mps real,
    course_deg real,
    altitude_m real,
    accuracy_m real,
    hdop real,
    satellites smallint,
    fix_valid boolean,
    ignition boolean,
    in_motion boolean,
    door_open boolean,
    buffered boolean,
    cargo_kg real,
    fuel_l real,
    fuel_pct real,
    external_v real,
    battery_v real,
    battery_pct real,
    odometer_m double precision,
    temperature_c real[],
    alarms text[],
    boot_id bigint,
    received_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    grade smallint NOT NULL,  -- domain.grades.Grade
    grade_reason smallint NOT NULL,  -- domain.grades.GradeReason
    PRIMARY KEY (device_id, fix_time, seq)
);

CREATE TABLE sensor_reading_shape (
    device_id integer NOT NULL,
    measured_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    org_id integer NOT NULL,
    weight_g real,
    temperature_c real,
    humidity_pct real,
    door_open boolean,
    count integer,
    battery_v real,
    battery_pct real,
    buffered boolean,
    boot_id bigint,
    received_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    grade smallint NOT NULL,
    grade_reason smallint NOT NULL,
    PRIMARY KEY (device_id, measured_at, seq)
);

CREATE TABLE device_status_shape (
    device_id integer NOT NULL,
    reported_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    org_id integer NOT NULL,
    online boolean,
    firmware text,
    signal_dbm real,
    configuration_version text,
    battery_v real,
    battery_pct real,
    boot_id bigint,
    received_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    grade smallint NOT NULL,
    grade_reason smallint NOT NULL,
    PRIMARY KEY (device_id, reported_at, seq)
);

CREATE TABLE telemetry_series (series text PRIMARY KEY, time_column text NOT NULL);
INSERT INTO telemetry_series VALUES ('position', 'fix_time'), ('sensor_reading', 'measured_at'), ('device_status', 'reported_at');

CREATE FUNCTION make_native_series(series text, time_column text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %1$I (LIKE %2$I INCLUDING ALL) PARTITION BY RANGE (%3$I)', series, series || '_shape', time_column);
    -- Readings with an impossible clock share one partition, so that a confused device cannot make thousands of them.
    EXECUTE format('CREATE TABLE %1$I PARTITION OF %2$I DEFAULT', series || '_outside', series);
    EXECUTE format('CREATE INDEX ON %1$I USING brin (batch_id)', series);
    PERFORM fence(series::regclass);
END
$$;

CREATE FUNCTION make_timescale_series(series text, time_column text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE telemetry.%1$I (LIKE public.%2$I INCLUDING ALL)', series, series || '_shape');
    PERFORM create_hypertable(format('telemetry.%I', series)::regclass, time_column::name,
                              chunk_time_interval => interval '1 day', create_default_indexes => false);
    EXECUTE format('CREATE INDEX ON telemetry.%1$I USING brin (batch_id)', series);
    PERFORM make_fenced_view(series);
    IF current_setting('timescaledb.license', true) = 'timescale' THEN
        EXECUTE format('ALTER TABLE telemetry.%1$I SET (timescaledb.compress, timescaledb.compress_segmentby = %2$L, '
                       'timescaledb.compress_orderby = %3$L)', series, 'device_id', format('%I, seq', time_column));
        PERFORM add_compression_policy(format('telemetry.%I', series)::regclass, interval '2 days');
    END IF;
END
$$;

-- The fence as an updatable view: open to its owner and the workers, a subtree to everybody else.
CREATE FUNCTION make_fenced_view(series text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE VIEW public.%1$I WITH (security_barrier) AS SELECT * FROM telemetry.%1$I'
                   ' WHERE (SELECT current_user IN (%2$L, ''beatwatch_worker'')) OR org_id = ANY ((SELECT visible_orgs())::integer[])',
                   series, current_user);
END
$$;

DO $$
BEGIN
    IF on_timescale() THEN
        CREATE SCHEMA telemetry;
        PERFORM make_timescale_series(series, time_column) FROM telemetry_series;
    ELSE
        PERFORM make_native_series(series, time_column) FROM telemetry_series;
    END IF;
END
$$;

-- The newest plausible reading of each device; only ever moved forward.
CREATE TABLE latest_position (LIKE position_shape, PRIMARY KEY (device_id)) WITH (fillfactor = 50);
CREATE TABLE latest_sensor_reading (LIKE sensor_reading_shape, PRIMARY KEY (device_id)) WITH (fillfactor = 50);
CREATE TABLE latest_device_status (LIKE device_status_shape, PRIMARY KEY (device_id)) WITH (fillfactor = 50);
DROP TABLE position_shape, sensor_reading_shape, device_status_shape;
DROP FUNCTION make_native_series, make_timescale_series;

-- One row for each transaction that stored readings: the log that readers follow, in the order of xid.
CREATE TABLE ingest_batch (
    batch_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id() UNIQUE,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    min_fix_time timestamptz,  -- of the positions that may be judged, so that reading them back leaves other days alone
    max_fix_time timestamptz,
    min_measured_at timestamptz,
    max_measured_at timestamptz,
    position_count integer NOT NULL,
    sensor_count integer NOT NULL,
    status_count integer NOT NULL,
    duplicate_count integer NOT NULL,
    row_count integer GENERATED ALWAYS AS (position_count + sensor_count + status_count) STORED
);

-- Messages that could not become readings, with their bytes. The same bytes again are one row, counted.
CREATE TABLE dead_letter (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer REFERENCES organisation,  -- as far as the topic names one
    digest bytea NOT NULL UNIQUE,  -- SHA-256 of topic and payload
    received_at timestamptz NOT NULL,
    last_received_at timestamptz NOT NULL,
    deliveries integer NOT NULL DEFAULT 1,
    topic text NOT NULL,
    payload bytea NOT NULL,
    format text,
    reason text NOT NULL,
    detail text NOT NULL,
    redriven_at timestamptz
);
CREATE INDEX ON dead_letter (reason, last_received_at) WHERE redriven_at IS NULL;

-- Makes the partitions of the days named; rows that had waited in the default partition move into theirs.
CREATE FUNCTION ensure_days(series text, days date[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public SET timezone = 'UTC' AS $$
DECLARE
    day date;
    part text;
    time_column text := (SELECT s.time_column FROM telemetry_series s WHERE s.series = ensure_days.series);
BEGIN
    IF time_column IS NULL THEN
        RAISE EXCEPTION 'no telemetry series %', series;
    ELSIF on_timescale() THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('days of ' || series, 0));
    FOREACH day IN ARRAY days LOOP
        part := series || to_char(day, '_YYYYMMDD');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', series || '_outside');
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, series);
        EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *) INSERT INTO %5$I SELECT * FROM moved',
                       series || '_outside', time_column, day::timestamptz, (day + 1)::timestamptz, part);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       series, part, day::timestamptz, (day + 1)::timestamptz);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION ensure_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_days TO beatwatch_worker;

SELECT fence(name::regclass)
FROM unnest(ARRAY['latest_position', 'latest_sensor_reading', 'latest_device_status', 'dead_letter']) AS name;

GRANT SELECT, INSERT ON position, sensor_reading, device_status TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE ON latest_position, latest_sensor_reading, latest_device_status, dead_letter TO beatwatch_worker;
GRANT SELECT, INSERT, DELETE ON ingest_batch TO beatwatch_worker;
GRANT USAGE ON SEQUENCE ingest_batch_batch_id_seq TO beatwatch_worker;
GRANT SELECT ON position, sensor_reading, device_status, latest_position, latest_sensor_reading, latest_device_status TO beatwatch_api;
GRANT SELECT, UPDATE (redriven_at) ON dead_letter TO beatwatch_api;
GRANT SELECT ON ingest_batch TO beatwatch_api;
