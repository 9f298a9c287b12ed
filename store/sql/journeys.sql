-- name: find
SELECT trip.org_id, trip.trip_id, trip.device_id, device.device_key, trip.driver_id, trip.depot_id, trip.state,
    trip.planned_start, trip.planned_end,
    coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start)) AS vehicle_id
FROM trip JOIN device USING (device_id)
WHERE trip.trip_id = %(trip_id)s AND (%(org_id)s::integer IS NULL OR trip.org_id = %(org_id)s)
ORDER BY trip.org_id <> acting_org(), trip.org_id
LIMIT 1

-- name: lock
-- Not FOR UPDATE: that would keep the workers from writing what refers to the trip, and one of them may hold what we need next.
SELECT FROM trip WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s FOR NO KEY UPDATE

-- name: is_driver
SELECT FROM driver WHERE org_id = %(org_id)s AND driver_id = %(driver_id)s AND person_id = %(person_id)s::integer

-- name: driven_by
SELECT trip.org_id, trip.trip_id, trip.device_id, device.device_key, trip.driver_id, trip.depot_id, trip.state,
    trip.planned_start, trip.planned_end,
    coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start)) AS vehicle_id
FROM trip JOIN device USING (device_id)
LEFT JOIN driver ON driver.org_id = trip.org_id AND driver.driver_id = trip.driver_id
WHERE trip.planned_start < %(until)s AND trip.planned_end >= %(since)s
  AND (%(person_id)s::integer IS NULL OR driver.person_id = %(person_id)s)
ORDER BY trip.planned_start, trip.trip_id
LIMIT 200

-- name: set_state
UPDATE trip SET state = %(state)s WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: add_step
INSERT INTO trip_step (org_id, trip_id, step_no, state, actor, note)
SELECT %(org_id)s, %(trip_id)s, coalesce(max(step_no), 0) + 1, %(state)s, %(actor)s, %(note)s
FROM trip_step WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: steps
SELECT state, at, actor, note FROM trip_step
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s ORDER BY step_no

-- name: driver_state
SELECT state FROM driver WHERE org_id = %(org_id)s AND driver_id = %(driver_id)s

-- name: assign_driver
UPDATE trip SET driver_id = %(driver_id)s WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: set_depot
UPDATE trip SET depot_id = %(depot_id)s WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: changed_at
-- As lists of trips tell it: also by a visit.
SELECT greatest(trip.changed_at, (SELECT max(visit.changed_at) FROM visit WHERE visit.org_id = trip.org_id AND visit.trip_id = trip.trip_id)) AS changed_at
FROM trip WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s
