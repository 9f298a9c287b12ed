-- name: list_lines
SELECT delivery.org_id, delivery.delivery_id, trip.trip_id, trip.planned_start, stop.position_no, delivery.order_id, line.line_no,
    line.product_id
FROM trip
JOIN stop_delivery AS delivery USING (org_id, trip_id)
JOIN stop ON stop.org_id = delivery.org_id AND stop.trip_id = delivery.trip_id AND stop.stop_id = delivery.stop_id
JOIN stop_delivery_line AS line ON line.org_id = delivery.org_id AND line.delivery_id = delivery.delivery_id
WHERE delivery.order_id IS NOT NULL AND delivery.state IN ('delivered', 'partially_delivered', 'failed')
  AND (%(trip_id)s::text IS NULL OR trip.trip_id = %(trip_id)s)
  AND (%(order_id)s::text IS NULL OR delivery.order_id = %(order_id)s)
  AND (%(outlet_id)s::text IS NULL OR delivery.outlet_id = %(outlet_id)s)
  AND (%(since)s::timestamptz IS NULL OR trip.planned_start >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR trip.planned_start < %(until)s)
  AND {part}

-- name: follow_lines
WITH chosen AS (
    SELECT trip.org_id, trip.trip_id, trip.planned_start, coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start))
        AS vehicle_id
    FROM trip JOIN unnest(%(org_ids)s::integer[], %(trip_ids)s::text[]) AS wanted (org_id, trip_id) USING (org_id, trip_id)
)
SELECT delivery.org_id, delivery.trip_id, delivery.stop_id, delivery.delivery_id, delivery.order_id, line.line_no, line.product_id,
    delivery.outlet_id, chosen.vehicle_id, delivery.state, chosen.planned_start, delivery.completed_at, ordered.ordered,
    coalesce(ordered.allocated, ordered.ordered) + ordered.free AS planned, line.loaded, line.delivered + line.free AS delivered,
    line.damaged, line.returned, settled.missing AS trip_missing, shelf.risen, shelf.confidence AS risen_confidence
FROM chosen
JOIN stop_delivery AS delivery USING (org_id, trip_id)
JOIN stop_delivery_line AS line ON line.org_id = delivery.org_id AND line.delivery_id = delivery.delivery_id
JOIN order_line AS ordered
    ON ordered.org_id = delivery.org_id AND ordered.order_id = delivery.order_id AND ordered.line_no = line.line_no
JOIN stop ON stop.org_id = delivery.org_id AND stop.trip_id = delivery.trip_id AND stop.stop_id = delivery.stop_id
LEFT JOIN visit ON visit.org_id = delivery.org_id AND visit.trip_id = delivery.trip_id AND visit.stop_id = delivery.stop_id
LEFT JOIN LATERAL (
    SELECT greatest(0, settled.loaded + settled.topped_up + settled.transferred + settled.returned - settled.delivered
        - settled.free - settled.damaged - settled.counted) AS missing
    FROM settlement_line AS settled
    WHERE settled.org_id = line.org_id AND settled.trip_id = delivery.trip_id AND settled.product_id = line.product_id
) AS settled ON true
LEFT JOIN LATERAL (
    SELECT sum(after.pieces - before.pieces)::integer AS risen, min(least(before.confidence, after.confidence)) AS confidence
    FROM (
        SELECT DISTINCT ON (device_id) device_id, pieces, confidence FROM observed_stock AS seen
        WHERE seen.org_id = delivery.org_id AND seen.outlet_id = delivery.outlet_id AND seen.product_id = line.product_id
          AND seen.observed_at <= least(visit.arrived_at, delivery.arrived_at, delivery.completed_at)
          AND seen.observed_at > delivery.completed_at - interval '1 day'
        ORDER BY device_id, observed_at DESC
    ) AS before
    JOIN (
        SELECT DISTINCT ON (device_id) device_id, pieces, confidence FROM observed_stock AS seen
        WHERE seen.org_id = delivery.org_id AND seen.outlet_id = delivery.outlet_id AND seen.product_id = line.product_id
          AND seen.observed_at > least(visit.arrived_at, delivery.arrived_at, delivery.completed_at)
          AND seen.observed_at <= delivery.completed_at + interval '2 hours'
        ORDER BY device_id, pieces DESC
    ) AS after USING (device_id)
) AS shelf ON true
WHERE delivery.state IN ('delivered', 'partially_delivered', 'failed')
ORDER BY stop.position_no, delivery.order_id, line.line_no

-- name: trip_followed
-- A trip whose load, settlement, deliveries or visits changed, or of which a shelf has told.
(trip.changed_at >= %(changed_since)s
 OR (trip.org_id, trip.trip_id) IN (
    SELECT org_id, trip_id FROM stop_delivery WHERE changed_at >= %(changed_since)s
    UNION ALL
    SELECT org_id, trip_id FROM visit WHERE changed_at >= %(changed_since)s
    UNION ALL
    SELECT told.org_id, told.trip_id FROM observed_stock AS seen
    JOIN stop_delivery AS told ON told.org_id = seen.org_id AND told.outlet_id = seen.outlet_id
        AND seen.observed_at BETWEEN told.completed_at - interval '1 day' AND told.completed_at + interval '2 hours'
    WHERE seen.stored_at >= %(changed_since)s))

-- name: shelf_states
WITH known AS (
    SELECT org_id, place_id AS outlet_id, product_id FROM stock_movement
    WHERE place_kind = 'outlet' AND (%(outlet_id)s::text IS NULL OR place_id = %(outlet_id)s)
      AND (%(product_id)s::text IS NULL OR product_id = %(product_id)s)
    UNION
    SELECT org_id, outlet_id, product_id FROM observed_stock
    WHERE (%(outlet_id)s::text IS NULL OR outlet_id = %(outlet_id)s)
      AND (%(product_id)s::text IS NULL OR product_id = %(product_id)s)
)
SELECT known.org_id, known.outlet_id, outlet.name AS outlet_name, known.product_id, product.name AS product_name,
    product.lead_time_days, product.price::double precision AS price, coalesce(pack.pieces, 1) AS pack_pieces,
    moved.balance, seen.pieces AS observed, seen.observed_at, seen.confidence, seen.device_key,
    coalesce(coming.pieces, 0)::integer AS on_order
FROM known
JOIN outlet USING (org_id, outlet_id)
JOIN product USING (org_id, product_id)
LEFT JOIN LATERAL (
    SELECT sum(movement.pieces)::integer AS balance FROM stock_movement AS movement
    WHERE movement.org_id = known.org_id AND movement.place_kind = 'outlet' AND movement.place_id = known.outlet_id
      AND movement.product_id = known.product_id
) AS moved ON true
LEFT JOIN LATERAL (
    SELECT sum(pieces)::integer AS pieces, min(observed_at) AS observed_at, min(confidence) AS confidence,
        string_agg(device_key, ', ' ORDER BY device_key) AS device_key
    FROM (
        SELECT DISTINCT ON (device_id) device_id, pieces, observed_at, confidence FROM observed_stock AS one
        WHERE one.org_id = known.org_id AND one.outlet_id = known.outlet_id AND one.product_id = known.product_id
        ORDER BY device_id, observed_at DESC
    ) AS newest JOIN device USING (device_id)
) AS seen ON true
LEFT JOIN LATERAL (
    SELECT min(unit.pieces) AS pieces FROM product_unit AS unit
    WHERE unit.org_id = known.org_id AND unit.product_id = known.product_id
) AS pack ON true
LEFT JOIN LATERAL (
    SELECT sum(coalesce(line.allocated, line.ordered)) AS pieces
    FROM sales_order JOIN order_line AS line USING (org_id, order_id)
    WHERE sales_order.org_id = known.org_id AND sales_order.outlet_id = known.outlet_id AND line.product_id = known.product_id
      AND sales_order.state IN ('draft', 'confirmed', 'allocated', 'loaded', 'out_for_delivery')
) AS coming ON true
WHERE {part}

-- name: shelf_changed
-- What the ledger, a sensor or an order has said since.
(known.org_id, known.outlet_id, known.product_id) IN (
    SELECT org_id, place_id, product_id FROM stock_movement WHERE place_kind = 'outlet' AND stored_at >= %(changed_since)s
    UNION ALL
    SELECT org_id, outlet_id, product_id FROM observed_stock WHERE stored_at >= %(changed_since)s
    UNION ALL
    SELECT org_id, outlet_id, product_id FROM sales_order JOIN order_line USING (org_id, order_id) WHERE changed_at >= %(changed_since)s)

-- name: sold_by_day
-- Of a sensor's readings, each fall is a sale; a rise is a delivery or a hand that put something back. A shelf sees every
-- sale, a delivery is only what was to be sold: where several tell, the till is believed first.
WITH wanted AS (
    SELECT * FROM unnest(%(org_ids)s::integer[], %(outlet_ids)s::text[], %(product_ids)s::text[]) AS one (org_id, outlet_id, product_id)
), told AS (
    SELECT wanted.*, movement.moved_at AS at,
        CASE movement.cause WHEN 'sale' THEN -movement.pieces ELSE movement.pieces END AS pieces,
        CASE movement.cause WHEN 'sale' THEN 'sales' ELSE 'deliveries' END AS source
    FROM wanted JOIN stock_movement AS movement
        ON movement.org_id = wanted.org_id AND movement.place_kind = 'outlet' AND movement.place_id = wanted.outlet_id
        AND movement.product_id = wanted.product_id AND movement.cause IN ('sale', 'delivery', 'free', 'customer_return')
    WHERE movement.moved_at >= %(since)s AND movement.moved_at < %(until)s
    UNION ALL
    SELECT org_id, outlet_id, product_id, observed_at, fallen, 'shelf'
    FROM (
        SELECT wanted.*, seen.observed_at,
            lag(seen.pieces) OVER (PARTITION BY seen.device_id, wanted.outlet_id, wanted.product_id ORDER BY seen.observed_at)
                - seen.pieces AS fallen
        FROM wanted JOIN observed_stock AS seen USING (org_id, outlet_id, product_id)
        WHERE seen.observed_at >= %(since)s AND seen.observed_at < %(until)s
    ) AS falls
    WHERE fallen > 0
), daily AS (
    SELECT org_id, outlet_id, product_id, source,
        floor(extract(epoch FROM at - %(since)s::timestamptz) / 86400)::integer AS day, greatest(0, sum(pieces)) AS pieces
    FROM told GROUP BY 1, 2, 3, 4, 5
), spans AS (
    SELECT DISTINCT ON (org_id, outlet_id, product_id) org_id, outlet_id, product_id, source, first_day
    FROM (
        SELECT org_id, outlet_id, product_id, source, min(day) AS first_day FROM daily GROUP BY 1, 2, 3, 4
    ) AS sources
    ORDER BY org_id, outlet_id, product_id, array_position(ARRAY['sales', 'shelf', 'deliveries'], source)
)
SELECT spans.org_id, spans.outlet_id, spans.product_id, spans.source,
    array_agg(coalesce(daily.pieces, 0)::double precision ORDER BY calendar.day) AS daily
FROM spans
CROSS JOIN LATERAL generate_series(
    spans.first_day, greatest(spans.first_day, ceil(extract(epoch FROM %(until)s::timestamptz - %(since)s) / 86400)::integer - 1)
) AS calendar (day)
LEFT JOIN daily ON daily.org_id = spans.org_id AND daily.outlet_id = spans.outlet_id AND daily.product_id = spans.product_id
    AND daily.source = spans.source AND daily.day = calendar.day
GROUP BY 1, 2, 3, 4
