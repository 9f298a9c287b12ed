-- name: lock_outlet
SELECT FROM outlet WHERE org_id = %(org_id)s AND outlet_id = %(outlet_id)s FOR UPDATE

-- name: standing
SELECT outlet.credit_limit,
    (SELECT coalesce(sum(credit), 0) FROM stop_delivery AS drop
     WHERE drop.org_id = outlet.org_id AND drop.outlet_id = outlet.outlet_id)
    - (SELECT coalesce(sum(amount), 0) FROM outlet_payment AS paid
       WHERE paid.org_id = outlet.org_id AND paid.outlet_id = outlet.outlet_id) AS open_balance,
    (SELECT coalesce(sum(net_value + tax_value), 0) FROM sales_order AS placed
     WHERE placed.org_id = outlet.org_id AND placed.outlet_id = outlet.outlet_id
        AND placed.state IN ('confirmed', 'allocated', 'loaded', 'out_for_delivery')
        AND (%(apart_from)s::text IS NULL OR placed.order_id <> %(apart_from)s)) AS open_orders
FROM outlet WHERE outlet.org_id = %(org_id)s AND outlet.outlet_id = %(outlet_id)s

-- name: approved_value
SELECT coalesce(credit_approved, 0) AS credit_approved FROM sales_order WHERE org_id = %(org_id)s AND order_id = %(order_id)s

-- name: approve
UPDATE sales_order SET credit_approved = %(value)s WHERE org_id = %(org_id)s AND order_id = %(order_id)s

-- name: add_payment
INSERT INTO outlet_payment (org_id, payment_id, outlet_id, amount, paid_at, note, recorded_by)
VALUES (%(org_id)s, %(payment_id)s, %(outlet_id)s, %(amount)s, %(paid_at)s, %(note)s, %(recorded_by)s)
ON CONFLICT (org_id, payment_id) DO NOTHING
RETURNING payment_id

-- name: find_payment
SELECT payment_id, outlet_id, amount, paid_at, note, recorded_by, recorded_at FROM outlet_payment
WHERE org_id = %(org_id)s AND payment_id = %(payment_id)s

-- name: list_payments
SELECT payment_id, outlet_id, amount, paid_at, note, recorded_by, recorded_at FROM outlet_payment
WHERE org_id = %(org_id)s AND outlet_id = %(outlet_id)s
    AND (%(since)s::timestamptz IS NULL OR paid_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR paid_at < %(until)s)
    AND {part}
