-- name: price_steps
SELECT line.product_id, line.least_pieces, line.price
FROM price_list AS list JOIN price_list_line AS line USING (org_id, price_list_id)
WHERE list.org_id = %(org_id)s AND list.state = 'active' AND list.tier = %(tier)s
  AND list.valid_from <= %(on_date)s AND (list.valid_until IS NULL OR list.valid_until >= %(on_date)s)
  AND line.product_id = ANY (%(product_ids)s)

-- name: promotions
SELECT promotion_id, kind, terms, product_ids, budget - spent AS budget_left
FROM promotion
WHERE org_id = %(org_id)s AND state = 'active'
  AND valid_from <= %(on_date)s AND (valid_until IS NULL OR valid_until >= %(on_date)s)
  AND (outlet_classes = '{}' OR %(outlet_class)s = ANY (outlet_classes))

-- name: spend
UPDATE promotion SET spent = spent + %(worth)s WHERE org_id = %(org_id)s AND promotion_id = %(promotion_id)s

-- name: fill_allocated
UPDATE order_line SET allocated = ordered + free WHERE org_id = %(org_id)s AND order_id = %(order_id)s AND allocated IS NULL

-- name: clear_allocated
UPDATE order_line SET allocated = NULL, loaded = NULL WHERE org_id = %(org_id)s AND order_id = %(order_id)s

-- name: fill_loaded
UPDATE order_line SET loaded = allocated WHERE org_id = %(org_id)s AND order_id = %(order_id)s AND loaded IS NULL

-- name: fill_delivered
UPDATE order_line SET delivered = loaded, short = 0 WHERE org_id = %(org_id)s AND order_id = %(order_id)s AND delivered IS NULL

-- name: put_on_trip
UPDATE sales_order AS placed SET trip_id = stop.trip_id, stop_id = stop.stop_id
FROM stop
WHERE stop.org_id = %(org_id)s AND stop.trip_id = %(trip_id)s AND placed.org_id = stop.org_id AND placed.outlet_id = stop.outlet_id
  AND placed.trip_id IS NULL AND placed.due_on <= %(on_date)s AND placed.state IN ('confirmed', 'allocated')
RETURNING placed.order_id

-- name: contract_sales
SELECT * FROM contract_sales(%(contract_id)s, %(since)s, %(until)s)

-- name: contract_availability
SELECT * FROM contract_availability(%(contract_id)s, %(since)s, %(until)s)
