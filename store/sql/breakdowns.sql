-- name: report
INSERT INTO breakdown (org_id, trip_id, vehicle_id, reported_at, reported_by, longitude_e7, latitude_e7, reason, sha256)
VALUES (%(org_id)s, %(trip_id)s, %(vehicle_id)s, %(at)s, %(actor)s, %(longitude_e7)s, %(latitude_e7)s, %(reason)s, %(sha256)s)
RETURNING breakdown_id

-- name: lock
SELECT FROM breakdown WHERE breakdown_id = %(breakdown_id)s FOR UPDATE

-- name: list
SELECT org_id, breakdown_id, trip_id, vehicle_id, reported_at, reported_by,
    longitude_e7 / 1e7::double precision AS longitude_deg, latitude_e7 / 1e7::double precision AS latitude_deg,
    reason, sha256, approval_id, state, to_trip_id, cargo_kg, note, changed_at
FROM breakdown
WHERE (%(breakdown_id)s::text IS NULL OR breakdown_id = %(breakdown_id)s)
  AND (%(trip_id)s::text IS NULL OR trip_id = %(trip_id)s)
  AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s))
  AND {part}

-- name: ask_for
UPDATE breakdown SET approval_id = %(approval_id)s WHERE org_id = %(org_id)s AND breakdown_id = %(breakdown_id)s

-- name: become
UPDATE breakdown SET state = %(state)s, note = coalesce(%(note)s, note), changed_at = now()
WHERE org_id = %(org_id)s AND breakdown_id = %(breakdown_id)s

-- name: unserved
SELECT coalesce(delivery.outlet_id, delivery.stop_id) AS outlet_id FROM stop_delivery AS delivery
WHERE delivery.org_id = %(org_id)s AND delivery.trip_id = %(trip_id)s AND delivery.state IN ('pending', 'arrived')
  AND delivery.order_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM stop WHERE stop.org_id = delivery.org_id AND stop.trip_id = %(to_trip_id)s
      AND stop.outlet_id = delivery.outlet_id
  )
ORDER BY 1

-- name: move_deliveries
UPDATE stop_delivery AS delivery SET trip_id = stop.trip_id, stop_id = stop.stop_id, state = 'pending', arrived_at = NULL
FROM stop
WHERE delivery.org_id = %(org_id)s AND delivery.trip_id = %(trip_id)s AND delivery.state IN ('pending', 'arrived')
  AND delivery.order_id IS NOT NULL AND stop.org_id = delivery.org_id AND stop.trip_id = %(to_trip_id)s AND stop.outlet_id = delivery.outlet_id

-- name: move_orders
UPDATE sales_order SET trip_id = delivery.trip_id, stop_id = delivery.stop_id
FROM stop_delivery AS delivery
WHERE sales_order.org_id = %(org_id)s AND sales_order.trip_id = %(trip_id)s AND delivery.org_id = sales_order.org_id
  AND delivery.order_id = sales_order.order_id AND delivery.trip_id = %(to_trip_id)s

-- name: name_other_trip
UPDATE breakdown SET to_trip_id = %(to_trip_id)s, cargo_kg = %(cargo_kg)s
WHERE org_id = %(org_id)s AND breakdown_id = %(breakdown_id)s

-- name: fail_deliveries
UPDATE stop_delivery SET state = 'failed', completed_at = now(), completed_by = %(actor)s, reason = %(reason)s
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND state IN ('pending', 'arrived')

-- name: fail_orders
UPDATE sales_order SET state = 'failed', reason = %(reason)s
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND state = 'out_for_delivery'
