-- name: flows
SELECT product.product_id, product.name, moved.loaded, moved.topped_up, moved.transferred, moved.delivered, moved.free,
    moved.damaged, moved.returned, NULL::integer AS counted, product.price,
    ARRAY(SELECT unit.pieces FROM product_unit AS unit
          WHERE unit.org_id = product.org_id AND unit.product_id = product.product_id) AS packs
FROM (
    SELECT org_id, product_id,
        coalesce(sum(pieces) FILTER (WHERE cause = 'load'), 0)::integer AS loaded,
        coalesce(sum(pieces) FILTER (WHERE cause = 'top_up'), 0)::integer AS topped_up,
        coalesce(sum(pieces) FILTER (WHERE cause = 'transfer'), 0)::integer AS transferred,
        coalesce(-sum(pieces) FILTER (WHERE cause = 'delivery'), 0)::integer AS delivered,
        coalesce(-sum(pieces) FILTER (WHERE cause = 'free'), 0)::integer AS free,
        coalesce(-sum(pieces) FILTER (WHERE cause = 'damage'), 0)::integer AS damaged,
        coalesce(sum(pieces) FILTER (WHERE cause = 'customer_return'), 0)::integer AS returned
    FROM stock_movement
    WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND place_kind = 'van' AND place_id = %(vehicle_id)s
    GROUP BY org_id, product_id
) AS moved
JOIN product USING (org_id, product_id)
ORDER BY product.product_id

-- name: due
SELECT coalesce(sum(invoice_value), 0) AS billed, coalesce(sum(cash), 0) AS cash, coalesce(sum(upi), 0) AS upi,
    coalesce(sum(credit), 0) AS credit,
    (coalesce((SELECT crates_received FROM load_out WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s), 0)
        + coalesce(sum(crates_in - crates_out), 0))::integer AS crates
FROM stop_delivery WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: forget
DELETE FROM settlement WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND decided_at IS NULL

-- name: submit
INSERT INTO settlement (org_id, trip_id, submitted_by, cash_due, cash_counted, upi_due, upi_counted, credit, billed, crates_due,
    crates_counted, note)
VALUES (%(org_id)s, %(trip_id)s, %(actor)s, %(cash_due)s, %(cash_counted)s, %(upi_due)s, %(upi_counted)s, %(credit)s,
    %(billed)s, %(crates_due)s, %(crates_counted)s, %(note)s)

-- name: submit_line
INSERT INTO settlement_line (org_id, trip_id, product_id, loaded, topped_up, transferred, delivered, free, damaged, returned,
    counted, price)
VALUES (%(org_id)s, %(trip_id)s, %(product_id)s, %(loaded)s, %(topped_up)s, %(transferred)s, %(delivered)s, %(free)s,
    %(damaged)s, %(returned)s, %(counted)s, %(price)s)

-- name: find
SELECT submitted_by, submitted_at, cash_due, cash_counted, upi_due, upi_counted, credit, billed, crates_due, crates_counted,
    note, decided_by, decided_at, decision
FROM settlement WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: lines
SELECT line.product_id, product.name, line.loaded, line.topped_up, line.transferred, line.delivered, line.free, line.damaged,
    line.returned, line.counted, line.price,
    ARRAY(SELECT unit.pieces FROM product_unit AS unit
          WHERE unit.org_id = line.org_id AND unit.product_id = line.product_id) AS packs
FROM settlement_line AS line JOIN product USING (org_id, product_id)
WHERE line.org_id = %(org_id)s AND line.trip_id = %(trip_id)s
ORDER BY line.product_id

-- name: decide
UPDATE settlement SET decided_by = %(actor)s, decided_at = now(), decision = %(decision)s
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND decided_at IS NULL

-- name: unproved
SELECT delivery_id FROM stop_delivery AS delivery
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND state IN ('delivered', 'partially_delivered')
  AND NOT EXISTS (
    SELECT FROM proof WHERE proof.org_id = delivery.org_id AND proof.trip_id = delivery.trip_id
      AND proof.stop_id = delivery.stop_id AND (proof.delivery_id = delivery.delivery_id OR proof.delivery_id IS NULL)
  )
ORDER BY delivery_id

-- name: open_deliveries
SELECT delivery_id FROM stop_delivery
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND state IN ('pending', 'arrived') ORDER BY delivery_id

-- name: close_orders
UPDATE sales_order SET state = 'closed'
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND state IN ('delivered', 'partially_delivered')
