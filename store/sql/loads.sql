-- name: wanted
SELECT line.order_id, line.line_no, line.product_id, coalesce(line.allocated, line.ordered) + line.free AS pieces
FROM sales_order
JOIN order_line AS line USING (org_id, order_id)
JOIN stop USING (org_id, trip_id, stop_id)
WHERE sales_order.org_id = %(org_id)s AND sales_order.trip_id = %(trip_id)s AND sales_order.state = 'allocated'
ORDER BY stop.position_no, line.order_id, line.line_no

-- name: open
INSERT INTO load_out (org_id, trip_id, depot_id, vehicle_id, opened_by)
VALUES (%(org_id)s, %(trip_id)s, %(depot_id)s, %(vehicle_id)s, %(actor)s)
ON CONFLICT (org_id, trip_id) DO UPDATE SET
    depot_id = excluded.depot_id, vehicle_id = excluded.vehicle_id, opened_by = excluded.opened_by, opened_at = now(),
    checker = NULL, checker_at = NULL, driver = NULL, driver_at = NULL, confirmed_at = NULL,
    crates_checked = NULL, crates_received = NULL

-- name: clear_lines
DELETE FROM load_out_line WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: expect
INSERT INTO load_out_line (org_id, trip_id, product_id, expected)
VALUES (%(org_id)s, %(trip_id)s, %(product_id)s, %(expected)s)

-- name: find
SELECT depot_id, vehicle_id, opened_by, opened_at, checker, checker_at, driver, driver_at, confirmed_at, crates_checked,
    crates_received
FROM load_out WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: lines
SELECT line.product_id, product.name, line.expected, line.checked, line.received, line.reason
FROM load_out_line AS line JOIN product USING (org_id, product_id)
WHERE line.org_id = %(org_id)s AND line.trip_id = %(trip_id)s
ORDER BY line.product_id

-- name: count_by_checker
INSERT INTO load_out_line (org_id, trip_id, product_id, expected, checked, reason)
VALUES (%(org_id)s, %(trip_id)s, %(product_id)s, 0, %(pieces)s, %(reason)s)
ON CONFLICT (org_id, trip_id, product_id) DO UPDATE SET checked = excluded.checked, reason = excluded.reason

-- name: count_by_driver
INSERT INTO load_out_line (org_id, trip_id, product_id, expected, received, reason)
VALUES (%(org_id)s, %(trip_id)s, %(product_id)s, 0, %(pieces)s, %(reason)s)
ON CONFLICT (org_id, trip_id, product_id) DO UPDATE SET
    received = excluded.received, reason = coalesce(excluded.reason, load_out_line.reason)

-- name: signed_by_checker
UPDATE load_out SET checker = %(actor)s, checker_at = now(), crates_checked = %(crates)s WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: signed_by_driver
UPDATE load_out SET driver = %(actor)s, driver_at = now(), crates_received = %(crates)s WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: confirm
UPDATE load_out SET confirmed_at = now() WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: reopen
UPDATE load_out SET confirmed_at = NULL, driver = NULL, driver_at = NULL, checker = NULL, checker_at = NULL
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s

-- name: load_line
UPDATE order_line SET loaded = %(loaded)s
WHERE org_id = %(org_id)s AND order_id = %(order_id)s AND line_no = %(line_no)s

-- name: orders_become
UPDATE sales_order SET state = %(after)s WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND state = %(before)s
