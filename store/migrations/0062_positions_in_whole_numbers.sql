-- Course and dilution of precision in whole hundredths and voltages in millivolts, which is as finely as any device tells them: whole numbers
-- compress to one or two bytes, the same values as `real` to three.
DO $$
DECLARE
    series regclass := CASE WHEN on_timescale() THEN 'telemetry.position' ELSE 'public.position' END;
    one regclass;
BEGIN
    IF on_timescale() THEN
        DROP VIEW public.position;
    END IF;
    FOREACH one IN ARRAY ARRAY[series, 'latest_position'::regclass] LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN course_e2 integer, ADD COLUMN hdop_e2 integer, '
                       'ADD COLUMN external_mv integer, ADD COLUMN battery_mv integer', one);
        EXECUTE format('UPDATE %s SET course_e2 = CASE WHEN course_deg BETWEEN -2e7 AND 2e7 THEN round(100 * course_deg::numeric) END, '
                       'hdop_e2 = CASE WHEN hdop BETWEEN 0 AND 2e7 THEN round(100 * hdop::numeric) END, '
                       'external_mv = CASE WHEN external_v BETWEEN -2e6 AND 2e6 THEN round(1000 * external_v::numeric) END, '
                       'battery_mv = CASE WHEN battery_v BETWEEN -2e6 AND 2e6 THEN round(1000 * battery_v::numeric) END '
                       'WHERE course_deg IS NOT NULL OR hdop IS NOT NULL OR external_v IS NOT NULL OR battery_v IS NOT NULL', one);
        EXECUTE format('ALTER TABLE %s DROP COLUMN course_deg, DROP COLUMN hdop, DROP COLUMN external_v, DROP COLUMN battery_v', one);
    END LOOP;
    IF on_timescale() THEN
        -- The fence of 0003 around the new columns.
        EXECUTE format('CREATE VIEW public.position WITH (security_barrier) AS SELECT * FROM telemetry.position'
                       ' WHERE (SELECT current_user IN (%L, ''beatwatch_worker'')) OR org_id = ANY ((SELECT visible_orgs())::integer[])',
                       current_user);
        GRANT SELECT, INSERT ON public.position TO beatwatch_worker;
        GRANT SELECT ON public.position TO beatwatch_api;
    END IF;
END
$$;

-- The columns of `position` in the order in which workers send them.
DROP TYPE fresh_position;
CREATE TYPE fresh_position AS (
    device_id integer, fix_time timestamptz, seq bigint, org_id integer, longitude_e7 integer, latitude_e7 integer,
    speed_mps real, course_e2 integer, altitude_m real, accuracy_m real, hdop_e2 integer, satellites smallint,
    fix_valid boolean, ignition boolean, in_motion boolean, door_open boolean, buffered boolean,
    cargo_kg real, fuel_l real, fuel_pct real, external_mv integer, battery_mv integer, battery_pct real, odometer_m double precision,
    boot_id bigint, received_at timestamptz, grade smallint, grade_reason smallint, device_time timestamptz, batch_id bigint,
    temperature_c real[], alarms text[]
);
