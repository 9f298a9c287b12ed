-- name: make
INSERT INTO stop_delivery (org_id, trip_id, stop_id, order_id, outlet_id)
SELECT stop.org_id, stop.trip_id, stop.stop_id, sales_order.order_id, coalesce(sales_order.outlet_id, stop.outlet_id)
FROM stop
LEFT JOIN sales_order ON sales_order.org_id = stop.org_id AND sales_order.trip_id = stop.trip_id
    AND sales_order.stop_id = stop.stop_id AND sales_order.state = 'out_for_delivery'
WHERE stop.org_id = %(org_id)s AND stop.trip_id = %(trip_id)s
ON CONFLICT DO NOTHING

-- name: make_lines
INSERT INTO stop_delivery_line (org_id, delivery_id, line_no, product_id, loaded)
SELECT delivery.org_id, delivery.delivery_id, line.line_no, line.product_id, coalesce(line.loaded, 0)
FROM stop_delivery AS delivery JOIN order_line AS line USING (org_id, order_id)
WHERE delivery.org_id = %(org_id)s AND delivery.trip_id = %(trip_id)s
ON CONFLICT DO NOTHING

-- name: list
SELECT delivery.org_id, delivery.delivery_id, delivery.trip_id, trip.state AS trip_state, delivery.stop_id, stop.position_no,
    delivery.order_id, delivery.outlet_id, outlet.name AS outlet_name,
    coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start)) AS vehicle_id, delivery.state,
    stop.window_start, stop.window_end, delivery.arrived_at, delivery.completed_at, delivery.completed_by, delivery.reason,
    sales_order.invoice_no, delivery.invoice_value, delivery.cash, delivery.upi, delivery.credit, delivery.crates_out,
    delivery.crates_in, delivery.otp_until, delivery.otp_tries,
    visit.state AS visit_state, visit.arrived_at AS visit_arrived_at, visit.departed_at AS visit_departed_at,
    visit.confidence AS visit_confidence, visit.facts AS visit_facts, trip.planned_start, -stop.position_no AS stops_before,
    {changed_at} AS changed_at,
    ARRAY(
        SELECT DISTINCT proof.captured_at FROM proof
        WHERE proof.org_id = delivery.org_id AND proof.trip_id = delivery.trip_id AND proof.stop_id = delivery.stop_id
          AND (proof.delivery_id = delivery.delivery_id OR proof.delivery_id IS NULL)
        ORDER BY proof.captured_at
    ) AS proved_at,
    ARRAY(
        SELECT DISTINCT event.rule FROM event
        WHERE event.org_id = delivery.org_id AND event.trip_id = delivery.trip_id AND event.stop_id = delivery.stop_id
          AND event.rule IN ('ghost_delivery', 'pod_away') AND event.superseded_at IS NULL
        ORDER BY event.rule
    ) AS contradicted_by
FROM stop_delivery AS delivery
JOIN trip USING (org_id, trip_id)
JOIN stop USING (org_id, trip_id, stop_id)
LEFT JOIN outlet ON outlet.org_id = delivery.org_id AND outlet.outlet_id = delivery.outlet_id
LEFT JOIN sales_order ON sales_order.org_id = delivery.org_id AND sales_order.order_id = delivery.order_id
LEFT JOIN visit ON visit.org_id = delivery.org_id AND visit.trip_id = delivery.trip_id AND visit.stop_id = delivery.stop_id
WHERE (%(delivery_id)s::text IS NULL OR delivery.delivery_id = %(delivery_id)s)
  AND (%(org_id)s::integer IS NULL OR delivery.org_id = %(org_id)s)
  AND (%(trip_id)s::text IS NULL OR delivery.trip_id = %(trip_id)s)
  AND (%(outlet_id)s::text IS NULL OR delivery.outlet_id = %(outlet_id)s)
  AND (%(order_id)s::text IS NULL OR delivery.order_id = %(order_id)s)
  AND (%(states)s::text[] IS NULL OR delivery.state = ANY (%(states)s))
  AND (%(since)s::timestamptz IS NULL OR trip.planned_start >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR trip.planned_start < %(until)s)
  AND (%(billed_unvisited)s::boolean IS NULL OR (
        delivery.invoice_value > 0 AND coalesce(visit.state, 'pending') NOT IN ('serviced', 'out_of_sequence', 'arrived')
      ) = %(billed_unvisited)s)
  AND {part}

-- name: changed_at
-- Also what proves it and what was seen of it changes what is believed of a delivery.
greatest(delivery.changed_at, visit.changed_at,
    (SELECT max(proof.stored_at) FROM proof
     WHERE proof.org_id = delivery.org_id AND proof.trip_id = delivery.trip_id AND proof.stop_id = delivery.stop_id),
    (SELECT max(event.changed_at) FROM event
     WHERE event.org_id = delivery.org_id AND event.trip_id = delivery.trip_id AND event.stop_id = delivery.stop_id
       AND event.rule IN ('ghost_delivery', 'pod_away')))

-- name: lines
SELECT line.line_no, line.product_id, product.name, coalesce(ordered.ordered, 0) AS ordered, line.loaded, line.delivered,
    line.free, coalesce(ordered.free, 0) AS planned_free, line.short, line.short_reason, line.damaged, line.returned,
    line.return_reason, coalesce(ordered.price, product.price) AS price, coalesce(ordered.discount_value, 0) AS discount_value,
    coalesce(ordered.tax_pct, product.tax_pct) AS tax_pct
FROM stop_delivery_line AS line
JOIN stop_delivery AS delivery USING (org_id, delivery_id)
JOIN product ON product.org_id = line.org_id AND product.product_id = line.product_id
LEFT JOIN order_line AS ordered
    ON ordered.org_id = line.org_id AND ordered.order_id = delivery.order_id AND ordered.line_no = line.line_no
WHERE line.org_id = %(org_id)s AND line.delivery_id = %(delivery_id)s
ORDER BY line.line_no

-- name: proofs
SELECT proof_id::text, kind, captured_at, stored_at AS received_at, actor, sha256, code, signed_by,
    longitude_e7 / 1e7::double precision AS longitude_deg, latitude_e7 / 1e7::double precision AS latitude_deg, accuracy_m
FROM proof
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND stop_id = %(stop_id)s
  AND (delivery_id = %(delivery_id)s OR delivery_id IS NULL)
ORDER BY captured_at, kind

-- name: arrive
UPDATE stop_delivery SET state = 'arrived', arrived_at = %(at)s
WHERE org_id = %(org_id)s AND delivery_id = %(delivery_id)s

-- name: complete
UPDATE stop_delivery SET state = %(state)s, arrived_at = coalesce(arrived_at, %(completed_at)s), completed_at = %(completed_at)s,
    completed_by = %(completed_by)s, longitude_e7 = %(longitude_e7)s, latitude_e7 = %(latitude_e7)s,
    accuracy_m = %(accuracy_m)s, reason = %(reason)s, invoice_value = %(invoice_value)s, cash = %(cash)s, upi = %(upi)s,
    credit = %(credit)s, crates_out = %(crates_out)s, crates_in = %(crates_in)s
WHERE org_id = %(org_id)s AND delivery_id = %(delivery_id)s

-- name: hand_over
INSERT INTO stop_delivery_line (org_id, delivery_id, line_no, product_id, delivered, free, short, short_reason, damaged, returned,
    return_reason)
VALUES (%(org_id)s, %(delivery_id)s, %(line_no)s, %(product_id)s, %(delivered)s, %(free)s, %(short)s, %(short_reason)s,
    %(damaged)s, %(returned)s, %(return_reason)s)
ON CONFLICT (org_id, delivery_id, line_no) DO UPDATE SET
    delivered = excluded.delivered, free = excluded.free, short = excluded.short, short_reason = excluded.short_reason,
    damaged = excluded.damaged, returned = excluded.returned, return_reason = excluded.return_reason

-- name: tell_order_lines
UPDATE order_line SET delivered = line.delivered, short = line.short, short_reason = line.short_reason, damaged = line.damaged,
    returned = line.returned
FROM stop_delivery_line AS line
WHERE line.org_id = %(org_id)s AND line.delivery_id = %(delivery_id)s
  AND order_line.org_id = line.org_id AND order_line.order_id = %(order_id)s AND order_line.line_no = line.line_no

-- name: tell_order
UPDATE sales_order SET state = %(state)s, reason = coalesce(%(reason)s, reason)
WHERE org_id = %(org_id)s AND order_id = %(order_id)s AND state = 'out_for_delivery'

-- name: add_proof
INSERT INTO proof (org_id, trip_id, stop_id, delivery_id, kind, captured_at, actor, sha256, code, signed_by, longitude_e7,
    latitude_e7, accuracy_m)
VALUES (%(org_id)s, %(trip_id)s, %(stop_id)s, %(delivery_id)s, %(kind)s, %(captured_at)s, %(actor)s, %(sha256)s, %(code)s,
    %(signed_by)s, %(longitude_e7)s, %(latitude_e7)s, %(accuracy_m)s)
ON CONFLICT (org_id, trip_id, stop_id, captured_at, kind, delivery_id) DO NOTHING

-- name: set_otp
UPDATE stop_delivery SET otp_hash = %(otp_hash)s, otp_until = %(until)s, otp_tries = 0
WHERE org_id = %(org_id)s AND delivery_id = %(delivery_id)s

-- name: try_otp
UPDATE stop_delivery SET otp_tries = otp_tries + 1
WHERE org_id = %(org_id)s AND delivery_id = %(delivery_id)s AND otp_hash IS NOT NULL AND otp_until > now() AND otp_tries < %(most)s
RETURNING otp_hash

-- name: phone
SELECT phone FROM outlet WHERE org_id = %(org_id)s AND outlet_id = %(outlet_id)s
