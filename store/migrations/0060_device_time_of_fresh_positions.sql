-- As in 0025, with the device's own clock.
DROP TYPE fresh_position;
CREATE TYPE fresh_position AS (
    device_id integer, fix_time timestamptz, seq bigint, org_id integer, longitude_e7 integer, latitude_e7 integer,
    speed_mps real, course_deg real, altitude_m real, accuracy_m real, hdop real, satellites smallint,
    fix_valid boolean, ignition boolean, in_motion boolean, door_open boolean, buffered boolean,
    cargo_kg real, fuel_l real, fuel_pct real, external_v real, battery_v real, battery_pct real, odometer_m double precision,
    boot_id bigint, received_at timestamptz, grade smallint, grade_reason smallint, device_time timestamptz, batch_id bigint,
    temperature_c real[], alarms text[]
);
