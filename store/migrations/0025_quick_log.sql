-- A BRIN index knows nothing of the newest pages until a vacuum, so reading back the newest batch went through all of them.
DO $$
DECLARE
    place text := CASE WHEN on_timescale() THEN 'telemetry' ELSE 'public' END;
    series text;
BEGIN
    FOR series IN SELECT s.series FROM telemetry_series s LOOP
        EXECUTE format('DROP INDEX %I.%I', place, series || '_batch_id_idx');
        EXECUTE format('CREATE INDEX ON %I.%I (batch_id)', place, series);
    END LOOP;
END
$$;

-- Workers copy new positions straight into their day's table: COPY does not go through a table with row-level security.
DO $$
DECLARE
    part regclass;
BEGIN
    IF on_timescale() THEN
        GRANT USAGE ON SCHEMA telemetry TO beatwatch_worker;
        GRANT INSERT ON telemetry.position TO beatwatch_worker;
        RETURN;
    END IF;
    FOR part IN SELECT relid FROM pg_partition_tree('position') WHERE isleaf AND relid <> 'position_outside'::regclass LOOP
        EXECUTE format('GRANT INSERT ON %s TO beatwatch_worker', part);
    END LOOP;
END
$$;

-- As before, with that grant.
CREATE OR REPLACE FUNCTION ensure_days(series text, days date[]) RETURNS void
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
        EXECUTE format('GRANT INSERT ON %I TO beatwatch_worker', part);
        EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *) INSERT INTO %5$I SELECT * FROM moved',
                       series || '_outside', time_column, day::timestamptz, (day + 1)::timestamptz, part);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       series, part, day::timestamptz, (day + 1)::timestamptz);
    END LOOP;
END
$$;

-- The columns of `position` in the order in which workers send them.
CREATE TYPE fresh_position AS (
    device_id integer, fix_time timestamptz, seq bigint, org_id integer, longitude_e7 integer, latitude_e7 integer,
    speed_mps real, course_deg real, altitude_m real, accuracy_m real, hdop real, satellites smallint,
    fix_valid boolean, ignition boolean, in_motion boolean, door_open boolean, buffered boolean,
    cargo_kg real, fuel_l real, fuel_pct real, external_v real, battery_v real, battery_pct real, odometer_m double precision,
    boot_id bigint, received_at timestamptz, grade smallint, grade_reason smallint, batch_id bigint,
    temperature_c real[], alarms text[]
);
