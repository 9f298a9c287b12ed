-- name: fleet
INSERT INTO device (org_id, device_key) SELECT 1, 'tracker-' || n FROM generate_series(1, :fleet) AS n;
INSERT INTO vehicle (org_id, vehicle_id, registration, name)
SELECT 1, 'van-' || n, 'KA 05 ' || n, 'Beat ' || n FROM generate_series(1, :fleet) AS n;
INSERT INTO device_assignment (device_id, org_id, vehicle_id, valid)
SELECT n, 1, 'van-' || n, tstzrange('2020-01-01', NULL) FROM generate_series(1, :fleet) AS n;
INSERT INTO latest_position (device_id, fix_time, seq, org_id, longitude_e7, latitude_e7, speed_mps, course_e2, satellites,
    fix_valid, ignition, received_at, batch_id, grade, grade_reason)
SELECT n, now(), 0, 1, 775946000 + n * 97, 129716000 + n * 89, n % 20, n % 360 * 100, 9, true, true, now(), 1, 0, 0
FROM generate_series(1, :fleet) AS n;
SELECT show_devices(array_agg(device_id)) FROM latest_position;

-- name: positions
SELECT ensure_days('position', ARRAY[current_date - 1]);
INSERT INTO position (device_id, fix_time, seq, org_id, longitude_e7, latitude_e7, speed_mps, course_e2, altitude_m, hdop_e2,
    satellites, fix_valid, ignition, odometer_m, received_at, batch_id, grade, grade_reason)
SELECT n, at, extract(epoch FROM at), 1, 775946000 + n * 97, 129716000 + n * 89, n % 20, n % 360 * 100, 900, 100, 9, true, true, n,
    at, 1, 0, 0
FROM generate_series(:first, :last) AS n,
    generate_series(current_date - 1, current_date - 1 + interval '86390 s', interval '10 s') AS at
ORDER BY n, at;

-- name: trips
INSERT INTO trip (org_id, trip_id, device_id, planned_start, planned_end, state)
SELECT 1, format('T-%s-%s', n, day), n, current_date - day + interval '6 h' + n * interval '1 ms',
    current_date - day + interval '16 h', 'closed'
FROM generate_series(1, :vans) AS n, generate_series(1, :days) AS day;
INSERT INTO stop (org_id, trip_id, stop_id, position_no, outlet_id, longitude_e7, latitude_e7, radius_m, window_start,
    window_end, planned_service_s, cases)
SELECT 1, trip_id, 'S-' || s, s, format('O-%s-%s', device_id, s), 775946000, 129716000, 75, planned_start, planned_end, 300, 12
FROM trip, generate_series(1, :stops) AS s;
INSERT INTO visit (org_id, trip_id, stop_id, device_id, state, arrived_at, departed_at, confidence)
SELECT 1, trip_id, stop_id, device_id, CASE WHEN position_no % 25 = 0 THEN 'missed' ELSE 'serviced' END,
    planned_start + position_no * interval '18 min', planned_start + position_no * interval '18 min' + interval '6 min', 0.95
FROM trip JOIN stop USING (org_id, trip_id);
INSERT INTO rollup_due (org_id, rollup, subject, day) SELECT org_id, 'trip', trip_id, planned_start::date FROM trip;
INSERT INTO vehicle_hour (org_id, device_id, hour, vehicle_id, fixes, distance_m, moving_s, idling_s, max_speed_mps,
    first_fix_at, last_fix_at, door_openings)
SELECT 1, n, hour, 'van-' || n, 360, 18000, 2400, 300, 16, hour, hour + interval '59 min', 3
FROM generate_series(1, :vans) AS n, generate_series(1, :days) AS day,
    generate_series(current_date - day + interval '6 h', current_date - day + interval '15 h', interval '1 h') AS hour;

-- name: organisation
INSERT INTO organisation (slug, name, parent_id) VALUES ('north', 'North', 1);

-- name: distributor
-- Yesterday's trips of twenty-five vans, and the outlets on their way, belong to an organisation of their own.
UPDATE trip SET org_id = 2 WHERE device_id <= 25 AND trip_id LIKE 'T-%-1';
UPDATE stop SET org_id = 2 WHERE trip_id IN (SELECT trip_id FROM trip WHERE org_id = 2);
UPDATE visit SET org_id = 2 WHERE trip_id IN (SELECT trip_id FROM trip WHERE org_id = 2);
UPDATE trip_sum SET org_id = 2 WHERE trip_id IN (SELECT trip_id FROM trip WHERE org_id = 2);
UPDATE device SET org_id = 2 WHERE device_id <= 25;
INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m, state)
SELECT DISTINCT org_id, outlet_id, 'Shop ' || outlet_id, longitude_e7, latitude_e7, 75, 'approved' FROM stop WHERE org_id = 2;

-- name: latest_plain
SELECT DISTINCT ON (device_id) * FROM position ORDER BY device_id, fix_time DESC

-- name: vehicle_day_plain
SELECT fix_time, longitude_e7, latitude_e7, speed_mps, course_e2 FROM position WHERE device_id + 0 = 200 AND fix_time + interval '0' >= current_date - 1 ORDER BY fix_time

-- name: some_trips
SELECT trip_id FROM trip ORDER BY trip_id LIMIT 3100

-- name: trip_plain
SELECT * FROM stop LEFT JOIN visit USING (org_id, trip_id, stop_id) WHERE stop.org_id = 1 AND stop.trip_id = ':trip'
