-- name: list_trips
-- A trip has changed when it or one of its visits has. Its device is looked up at last, for those that are told: a join walked
-- through all devices.
SELECT trip.*, {changed_at} AS shown_changed_at,
    (SELECT device_key FROM device WHERE device.device_id = trip.device_id) AS device_key,
    coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start)) AS shown_vehicle_id
FROM trip
WHERE (%(vehicle_id)s::text IS NULL OR coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start)) = %(vehicle_id)s)
  AND (%(states)s::text[] IS NULL OR trip.state = ANY (%(states)s))
  AND (%(since)s::timestamptz IS NULL OR trip.planned_end >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR trip.planned_start < %(until)s)
  AND {part}

-- name: changed_at
greatest(trip.changed_at, (SELECT max(visit.changed_at) FROM visit WHERE visit.org_id = trip.org_id AND visit.trip_id = trip.trip_id))

-- name: changed
(trip.changed_at >= %(changed_since)s
 OR (trip.org_id, trip.trip_id) IN (SELECT visit.org_id, visit.trip_id FROM visit WHERE visit.changed_at >= %(changed_since)s))

-- name: find_trip
SELECT trip.*, {changed_at} AS shown_changed_at,
    (SELECT device_key FROM device WHERE device.device_id = trip.device_id) AS device_key,
    coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start)) AS shown_vehicle_id
FROM trip
WHERE trip.trip_id = %(trip_id)s
ORDER BY trip.org_id <> acting_org(), trip.org_id
LIMIT 1

-- name: stops_of_trips
SELECT stop.*, outlet.name AS outlet_name, visit.state, visit.arrived_at, visit.departed_at, visit.confidence,
    (visit.facts ->> 'estimated_arrival_at')::timestamptz AS estimated_arrival_at,
    (visit.facts ->> 'at_risk_since')::timestamptz AS at_risk_since, visit.facts ->> 'at_risk_because' AS at_risk_because,
    CASE WHEN %(with_evidence)s THEN visit.evidence END AS evidence
FROM unnest(%(org_ids)s::integer[], %(trip_ids)s::text[]) AS wanted (org_id, trip_id)
JOIN stop USING (org_id, trip_id)
LEFT JOIN outlet USING (org_id, outlet_id)
LEFT JOIN visit USING (org_id, trip_id, stop_id)
ORDER BY stop.position_no
