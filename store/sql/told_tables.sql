-- name: trips
SELECT trip.trip_id, device.device_key, coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start)) AS vehicle_id, trip.state,
    trip.planned_start, trip.planned_end, trip.corridor_m, trip.depot::text AS depot,
    CASE WHEN trip.route IS NOT NULL THEN json_build_object('type', 'LineString', 'coordinates', trip.route)::text END AS route,
    stop.stop_id AS "stops.stop_id", stop.outlet_id AS "stops.outlet_id",
    stop.longitude_e7 / 1e7::float8 AS "stops.longitude_deg", stop.latitude_e7 / 1e7::float8 AS "stops.latitude_deg",
    stop.radius_m AS "stops.radius_m", stop.window_start AS "stops.window_start", stop.window_end AS "stops.window_end",
    stop.planned_service_s AS "stops.planned_service_s", stop.cases AS "stops.cases"
FROM trip
JOIN device USING (device_id)
LEFT JOIN stop ON stop.org_id = trip.org_id AND stop.trip_id = trip.trip_id
WHERE (%(since)s::timestamptz IS NULL OR trip.planned_start >= %(since)s) AND (%(until)s::timestamptz IS NULL OR trip.planned_start < %(until)s)
ORDER BY trip.planned_start, trip.trip_id, stop.position_no

-- name: visits
SELECT trip_id, stop_id, stop.outlet_id, visit.state, visit.arrived_at, visit.departed_at, visit.confidence, stop.window_start, stop.window_end
FROM visit JOIN stop USING (org_id, trip_id, stop_id) JOIN trip USING (org_id, trip_id)
WHERE (%(since)s::timestamptz IS NULL OR trip.planned_start >= %(since)s) AND (%(until)s::timestamptz IS NULL OR trip.planned_start < %(until)s)
ORDER BY trip.planned_start, trip_id, stop.position_no

-- name: load_outs
SELECT trip_id, load_out.depot_id, load_out.vehicle_id, load_out.checker, load_out.checker_at, load_out.driver, load_out.driver_at,
    load_out.confirmed_at, load_out.crates_checked, load_out.crates_received, line.product_id, line.expected, line.checked, line.received, line.reason
FROM load_out LEFT JOIN load_out_line AS line USING (org_id, trip_id)
WHERE (%(since)s::timestamptz IS NULL OR load_out.opened_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR load_out.opened_at < %(until)s)
ORDER BY load_out.opened_at, trip_id, line.product_id

-- name: deliveries
SELECT delivery.delivery_id, delivery.trip_id, delivery.stop_id, delivery.order_id, delivery.outlet_id, delivery.state, delivery.arrived_at, delivery.completed_at,
    delivery.completed_by, delivery.reason, sales_order.invoice_no, delivery.invoice_value, delivery.cash, delivery.upi, delivery.credit,
    delivery.crates_out, delivery.crates_in, line.line_no, line.product_id, line.loaded, line.delivered, line.free, line.short,
    line.short_reason, line.damaged, line.returned, line.return_reason
FROM stop_delivery AS delivery
JOIN trip ON trip.org_id = delivery.org_id AND trip.trip_id = delivery.trip_id
LEFT JOIN sales_order ON sales_order.org_id = delivery.org_id AND sales_order.order_id = delivery.order_id
LEFT JOIN stop_delivery_line AS line ON line.org_id = delivery.org_id AND line.delivery_id = delivery.delivery_id
WHERE (%(since)s::timestamptz IS NULL OR trip.planned_start >= %(since)s) AND (%(until)s::timestamptz IS NULL OR trip.planned_start < %(until)s)
ORDER BY trip.planned_start, trip.trip_id, delivery.stop_id, delivery.delivery_id, line.line_no

-- name: proofs
-- What was scanned stays where it is: it may be somebody's number.
SELECT proof_id, trip_id, stop_id, delivery_id, kind, captured_at, proof.stored_at AS received_at, actor, sha256, signed_by,
    proof.longitude_e7 / 1e7::float8 AS longitude_deg, proof.latitude_e7 / 1e7::float8 AS latitude_deg, accuracy_m
FROM proof
WHERE (%(since)s::timestamptz IS NULL OR captured_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR captured_at < %(until)s)
ORDER BY captured_at, proof_id

-- name: returns
SELECT delivery_id, trip_id, delivery.outlet_id, delivery.order_id, delivery.completed_at, line.product_id, line.returned, line.return_reason
FROM stop_delivery AS delivery JOIN stop_delivery_line AS line USING (org_id, delivery_id)
WHERE line.returned > 0
    AND (%(since)s::timestamptz IS NULL OR delivery.completed_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR delivery.completed_at < %(until)s)
ORDER BY delivery.completed_at, delivery_id, line.line_no

-- name: settlements
SELECT trip_id, submitted_by, submitted_at, decided_by, decided_at, decision, cash_due, cash_counted, upi_due, upi_counted, credit, billed,
    crates_due, crates_counted, line.product_id, line.loaded, line.topped_up, line.transferred, line.delivered, line.free, line.damaged,
    line.returned, line.counted,
    line.counted - (line.loaded + line.topped_up + line.transferred - line.delivered - line.free - line.damaged + line.returned) AS variance, line.price
FROM settlement LEFT JOIN settlement_line AS line USING (org_id, trip_id)
WHERE (%(since)s::timestamptz IS NULL OR submitted_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR submitted_at < %(until)s)
ORDER BY submitted_at, trip_id, line.product_id

-- name: breakdowns
SELECT breakdown_id, trip_id, vehicle_id, reported_at, reported_by, longitude_e7 / 1e7::float8 AS longitude_deg,
    latitude_e7 / 1e7::float8 AS latitude_deg, reason, state, approval_id, to_trip_id, cargo_kg, note, changed_at
FROM breakdown
WHERE (%(since)s::timestamptz IS NULL OR reported_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR reported_at < %(until)s)
ORDER BY reported_at, breakdown_id

-- name: approvals
SELECT approval_id, kind, subject_id, requested_by, requested_at, comment, difference::text AS difference, decide_by, state, decided_by,
    decided_at, decision
FROM approval
WHERE (%(since)s::timestamptz IS NULL OR requested_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR requested_at < %(until)s)
ORDER BY requested_at, approval_id

-- name: outlet_changes
SELECT change_id, outlet_id, state, requested_by, before::text AS before, after::text AS after, created_at, changed_at
FROM outlet_change
WHERE (%(since)s::timestamptz IS NULL OR created_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
ORDER BY created_at, change_id

-- name: stock_movements
SELECT movement_id, moved_at, place_kind, place_id, product_id, batch, pieces, cause, ref, trip_id, actor, note, stored_at
FROM stock_movement
WHERE (%(since)s::timestamptz IS NULL OR moved_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR moved_at < %(until)s)
ORDER BY movement_id

-- name: stock_balances
SELECT place_kind, place_id, product_id, sum(pieces)::bigint AS pieces, max(moved_at) AS moved_at
FROM stock_movement
WHERE (%(since)s::timestamptz IS NULL OR moved_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR moved_at < %(until)s)
GROUP BY org_id, place_kind, place_id, product_id
ORDER BY place_kind, place_id, product_id

-- name: events
SELECT event_id, rule, severity, device_key, trip_id, stop_id, started_at, ended_at, detected_at, confidence, late, supersedes, superseded_at,
    superseded_because, facts::text AS facts
FROM event JOIN device USING (device_id)
WHERE (%(since)s::timestamptz IS NULL OR started_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
ORDER BY started_at, event_id

-- name: alerts
SELECT alert_id, rule, severity, subject, trip_id, stop_id, alert.state, started_at, opened_at, acknowledged_at, acknowledged_by, assigned_to,
    resolved_at, resolved_by, resolution, reason, reopened_count, event_id
FROM alert
WHERE (%(since)s::timestamptz IS NULL OR opened_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR opened_at < %(until)s)
ORDER BY opened_at, alert_id

-- name: brand_contracts
SELECT contract_id, contract.state, manufacturer.slug AS manufacturer, distributor.slug AS distributor, array_to_string(contract.brands, '|') AS brands,
    contract.valid_from, contract.valid_until
FROM brand_contract AS contract
LEFT JOIN organisation AS manufacturer ON manufacturer.org_id = contract.manufacturer_id
LEFT JOIN organisation AS distributor ON distributor.org_id = contract.org_id
WHERE (%(since)s::timestamptz IS NULL OR contract.valid_from >= %(since)s) AND (%(until)s::timestamptz IS NULL OR contract.valid_from < %(until)s)
ORDER BY contract_id

-- name: organisations
SELECT organisation.slug, organisation.name, organisation.kind, organisation.currency, organisation.time_zone, parent.slug AS parent, organisation.created_at
FROM organisation LEFT JOIN organisation AS parent ON parent.org_id = organisation.parent_id
WHERE (%(since)s::timestamptz IS NULL OR organisation.created_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR organisation.created_at < %(until)s)
ORDER BY organisation.slug
