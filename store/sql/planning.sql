-- name: same_zone_version
SELECT EXISTS (
    SELECT FROM zone
    WHERE org_id = %(org_id)s AND zone_id = %(zone_id)s AND valid = %(valid)s AND name = %(name)s AND kind = %(kind)s
        AND geometry = %(geometry)s AND radius_m IS NOT DISTINCT FROM %(radius_m)s AND width_m IS NOT DISTINCT FROM %(width_m)s
        AND speed_limit_mps IS NOT DISTINCT FROM %(speed_limit_mps)s AND schedule IS NOT DISTINCT FROM %(schedule)s
) AS is_stored

-- name: delete_covered_zone_versions
DELETE FROM zone WHERE org_id = %(org_id)s AND zone_id = %(zone_id)s AND valid <@ %(valid)s::tstzrange

-- name: keep_zone_versions_after
INSERT INTO zone (org_id, zone_id, name, kind, geometry, radius_m, width_m, speed_limit_mps, schedule, valid, stored_at)
SELECT org_id, zone_id, name, kind, geometry, radius_m, width_m, speed_limit_mps, schedule,
    tstzrange(upper(%(valid)s::tstzrange), upper(valid)), stored_at
FROM zone
WHERE org_id = %(org_id)s AND zone_id = %(zone_id)s
    AND valid && %(valid)s::tstzrange AND NOT valid &< %(valid)s::tstzrange AND NOT valid &> %(valid)s::tstzrange

-- name: trim_zone_versions
UPDATE zone
SET valid = CASE
    WHEN valid &> %(valid)s::tstzrange THEN valid - %(valid)s::tstzrange
    ELSE tstzrange(lower(valid), lower(%(valid)s::tstzrange))
END
WHERE org_id = %(org_id)s AND zone_id = %(zone_id)s AND valid && %(valid)s::tstzrange

-- name: insert_zone_version
INSERT INTO zone (org_id, zone_id, name, kind, geometry, radius_m, width_m, speed_limit_mps, schedule, valid)
VALUES (%(org_id)s, %(zone_id)s, %(name)s, %(kind)s, %(geometry)s, %(radius_m)s, %(width_m)s, %(speed_limit_mps)s, %(schedule)s,
    %(valid)s)

-- name: zones_between
SELECT org_id, zone_id, name, kind, geometry, radius_m, width_m, speed_limit_mps, schedule,
    lower(valid) AS valid_from, upper(valid) AS valid_until
FROM zone
WHERE valid && tstzrange(%(since)s, %(until)s, '[]') AND (%(org_id)s::integer IS NULL OR org_id = %(org_id)s)
ORDER BY org_id, zone_id, lower(valid) NULLS FIRST

-- name: outlets
SELECT outlet_id, name, longitude_e7, latitude_e7, radius_m FROM outlet WHERE org_id = %(org_id)s ORDER BY outlet_id

-- name: device_of_key
SELECT device_id FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s

-- name: lock_trip
SELECT state FROM trip WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s FOR NO KEY UPDATE

-- name: trip_starting_together
SELECT trip_id FROM trip
WHERE device_id = %(device_id)s AND planned_start = %(planned_start)s AND (org_id, trip_id) <> (%(org_id)s, %(trip_id)s)

-- name: upsert_trip
INSERT INTO trip (org_id, trip_id, device_id, vehicle_id, planned_start, planned_end, route, corridor_m, depot, route_id)
VALUES (
    %(org_id)s, %(trip_id)s, %(device_id)s,
    (SELECT vehicle_id FROM device_assignment WHERE device_id = %(device_id)s AND valid @> %(planned_start)s::timestamptz),
    %(planned_start)s, %(planned_end)s, %(route)s, %(corridor_m)s, %(depot)s, %(route_id)s
)
ON CONFLICT (org_id, trip_id) DO UPDATE SET
    device_id = excluded.device_id, vehicle_id = excluded.vehicle_id, planned_start = excluded.planned_start,
    planned_end = excluded.planned_end, route = excluded.route, corridor_m = excluded.corridor_m, depot = excluded.depot,
    route_id = excluded.route_id,
    revision = trip.revision + 1, stored_at = now()

-- name: delete_other_stops
DELETE FROM stop WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND NOT stop_id = ANY (%(stop_ids)s)

-- name: upsert_stop
INSERT INTO stop (org_id, trip_id, stop_id, position_no, outlet_id, longitude_e7, latitude_e7, radius_m,
    window_start, window_end, planned_service_s, cases, outlet_class, usual_dwell_s)
VALUES (%(org_id)s, %(trip_id)s, %(stop_id)s, %(position_no)s, %(outlet_id)s, %(longitude_e7)s, %(latitude_e7)s, %(radius_m)s,
    %(window_start)s, %(window_end)s, %(planned_service_s)s, %(cases)s,
    %(outlet_class)s, %(usual_dwell_s)s)
ON CONFLICT (org_id, trip_id, stop_id) DO UPDATE SET
    position_no = excluded.position_no, outlet_id = excluded.outlet_id, longitude_e7 = excluded.longitude_e7,
    latitude_e7 = excluded.latitude_e7, radius_m = excluded.radius_m, window_start = excluded.window_start,
    window_end = excluded.window_end, planned_service_s = excluded.planned_service_s, cases = excluded.cases,
    outlet_class = excluded.outlet_class, usual_dwell_s = excluded.usual_dwell_s

-- name: classes_of_outlets
SELECT outlet_id, class AS outlet_class FROM outlet WHERE org_id = %(org_id)s AND outlet_id = ANY (%(outlet_ids)s)

-- name: usual_dwells
-- Of the visits of the 90 days before, where there are enough of them to say.
SELECT stop.outlet_id, percentile_cont(0.9) WITHIN GROUP (ORDER BY (visit.facts ->> 'dwell_s')::double precision) AS usual_dwell_s
FROM stop JOIN visit USING (org_id, trip_id, stop_id)
WHERE stop.org_id = %(org_id)s AND stop.outlet_id = ANY (%(outlet_ids)s) AND visit.state IN ('serviced', 'out_of_sequence')
    AND visit.departed_at < %(before)s AND visit.arrived_at >= %(before)s::timestamptz - interval '90 days'
    AND visit.facts ? 'dwell_s'
GROUP BY stop.outlet_id
HAVING count(*) >= %(least)s

-- name: upsert_proof
INSERT INTO proof (org_id, trip_id, stop_id, captured_at, longitude_e7, latitude_e7, accuracy_m)
VALUES (%(org_id)s, %(trip_id)s, %(stop_id)s, %(captured_at)s, %(longitude_e7)s, %(latitude_e7)s, %(accuracy_m)s)
ON CONFLICT (org_id, trip_id, stop_id, captured_at, kind, delivery_id) DO UPDATE SET
    longitude_e7 = excluded.longitude_e7, latitude_e7 = excluded.latitude_e7, accuracy_m = excluded.accuracy_m
WHERE (proof.longitude_e7, proof.latitude_e7, proof.accuracy_m)
    IS DISTINCT FROM (excluded.longitude_e7, excluded.latitude_e7, excluded.accuracy_m)

-- name: trips_by_id
SELECT trip.*, device.device_key FROM trip JOIN device USING (device_id)
WHERE trip.org_id = %(org_id)s AND trip.trip_id = ANY (%(trip_ids)s) ORDER BY trip.planned_start, trip.trip_id

-- name: trips_between
SELECT trip.*, device.device_key FROM trip JOIN device USING (device_id)
WHERE trip.planned_start <= %(until)s AND trip.planned_end >= %(since)s
    AND (%(org_id)s::integer IS NULL OR trip.org_id = %(org_id)s)
ORDER BY trip.org_id, trip.planned_start, trip.trip_id

-- name: trips_of_devices
SELECT trip.*, device.device_key FROM trip JOIN device USING (device_id)
WHERE trip.device_id = ANY (%(devices)s) AND trip.planned_start <= %(until)s AND trip.planned_end >= %(since)s
ORDER BY trip.org_id, trip.planned_start, trip.trip_id

-- name: stops_of_trips
SELECT stop.* FROM stop JOIN unnest(%(org_ids)s::integer[], %(trip_ids)s::text[]) AS wanted (org_id, trip_id) USING (org_id, trip_id)
ORDER BY stop.org_id, stop.trip_id, stop.position_no

-- name: proofs_of_trips
-- A signature and a photo of one moment are one proof to who judges.
SELECT DISTINCT proof.org_id, proof.trip_id, proof.captured_at, proof.stop_id, proof.longitude_e7, proof.latitude_e7,
    proof.accuracy_m
FROM proof JOIN unnest(%(org_ids)s::integer[], %(trip_ids)s::text[]) AS wanted (org_id, trip_id) USING (org_id, trip_id)
ORDER BY proof.org_id, proof.trip_id, proof.captured_at, proof.stop_id
