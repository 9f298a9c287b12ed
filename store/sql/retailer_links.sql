-- name: add
INSERT INTO retailer_link (org_id, outlet_id, token_hash, created_by, expires_at)
VALUES (%(org_id)s, %(outlet_id)s, %(token_hash)s, %(created_by)s, %(expires_at)s)
RETURNING link_id, outlet_id, created_by, created_at, expires_at, revoked_at

-- name: list
SELECT link_id, outlet_id, created_by, created_at, expires_at, revoked_at
FROM retailer_link WHERE org_id = %(org_id)s AND outlet_id = %(outlet_id)s
    AND (%(holds)s::boolean IS NULL OR %(holds)s = (revoked_at IS NULL AND expires_at > now()))
    AND {part}

-- name: revoke
UPDATE retailer_link SET revoked_at = now() WHERE link_id = %(link_id)s AND revoked_at IS NULL RETURNING outlet_id, org_id

-- name: retailer_of
SELECT * FROM retailer_of(%(token_hash)s)

-- name: deliveries
SELECT placed.order_id, placed.state, placed.due_on, stop.window_start, stop.window_end, visit.arrived_at,
    delivery.state AS delivery_state, delivery.completed_at
FROM sales_order AS placed
LEFT JOIN stop USING (org_id, trip_id, stop_id)
LEFT JOIN visit USING (org_id, trip_id, stop_id)
LEFT JOIN stop_delivery AS delivery ON delivery.org_id = placed.org_id AND delivery.order_id = placed.order_id
WHERE placed.org_id = %(org_id)s AND placed.outlet_id = %(outlet_id)s AND placed.state <> 'draft'
ORDER BY placed.due_on DESC, placed.order_id
LIMIT 50

-- name: lines
SELECT line.order_id, product.name, line.ordered, line.free, line.delivered, line.short, line.damaged, line.returned
FROM order_line AS line JOIN product USING (org_id, product_id)
WHERE line.org_id = %(org_id)s AND line.order_id = ANY (%(order_ids)s)
ORDER BY line.order_id, line.line_no
