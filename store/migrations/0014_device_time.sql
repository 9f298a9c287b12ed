-- The third clock: what the device's own said when it spoke, beside the receiver's of the fix and ours of the receipt.
DO $$
DECLARE
    series text;
BEGIN
    FOREACH series IN ARRAY ARRAY['position', 'sensor_reading'] LOOP
        IF on_timescale() THEN
            EXECUTE format('ALTER TABLE telemetry.%I ADD COLUMN device_time timestamptz', series);
            -- The fence of 0003, with the new column.
            EXECUTE format('CREATE OR REPLACE VIEW public.%1$I WITH (security_barrier) AS SELECT * FROM telemetry.%1$I'
                           ' WHERE (SELECT current_user IN (%2$L, ''beatwatch_worker'')) OR org_id = ANY ((SELECT visible_orgs())::integer[])',
                           series, current_user);
        ELSE
            EXECUTE format('ALTER TABLE %I ADD COLUMN device_time timestamptz', series);
        END IF;
        EXECUTE format('ALTER TABLE %I ADD COLUMN device_time timestamptz', 'latest_' || series);
    END LOOP;
END
$$;
