-- name: lines
-- In pieces, with those that are given free: they are carried in as well.
SELECT line.org_id, line.order_id, sales_order.trip_id, sales_order.stop_id, line.product_id, line.ordered + line.free AS ordered,
    line.loaded, line.delivered + coalesce(handed.free, line.free) AS delivered, line.returned,
    product.unit_weight_g / 1000.0::double precision AS unit_kg
FROM trip
JOIN sales_order USING (org_id, trip_id)
JOIN order_line AS line USING (org_id, order_id)
JOIN product USING (org_id, product_id)
LEFT JOIN LATERAL (
    SELECT sum(given.free) AS free FROM stop_delivery AS delivery JOIN stop_delivery_line AS given USING (org_id, delivery_id)
    WHERE delivery.org_id = line.org_id AND delivery.trip_id = trip.trip_id AND delivery.order_id = line.order_id
        AND given.line_no = line.line_no
) AS handed ON true
WHERE {wanted} AND sales_order.state <> 'cancelled'
ORDER BY line.org_id, sales_order.trip_id, line.order_id, line.line_no

-- name: between
trip.planned_start <= %(until)s AND trip.planned_end >= %(since)s AND (%(org_id)s::integer IS NULL OR trip.org_id = %(org_id)s)

-- name: of_trips
trip.org_id = %(org_id)s AND trip.trip_id = ANY (%(trip_ids)s)
