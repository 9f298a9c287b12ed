-- name: lock_cursor
-- An advisory lock and no row's: locking a row would give this transaction its number at once, and no reader of the log passes
-- a transaction that still runs.
SELECT cursor FROM rollup_cursor WHERE rollup = 'vehicle_hour' AND pg_try_advisory_xact_lock(hashtextextended('rollup', 0))

-- name: touched_spans
-- A late fix also changes the segment that ends in the span after it; one that nobody has summed yet is due by its own fixes.
WITH touched AS (
    SELECT DISTINCT device_id, org_id, date_bin('10 minutes', fix_time, 'epoch') AS starts_at
    FROM position
    WHERE batch_id = ANY (%(batch_ids)s) AND fix_time BETWEEN %(min_fix_time)s AND %(max_fix_time)s AND grade < 2
)
SELECT device_id, org_id, starts_at FROM touched
UNION
SELECT touched.device_id, touched.org_id, after.starts_at
FROM touched JOIN vehicle_span AS after
    ON after.device_id = touched.device_id AND after.starts_at = touched.starts_at + interval '10 minutes'

-- name: note_due_spans
INSERT INTO span_due (device_id, org_id, starts_at)
SELECT * FROM unnest(%(devices)s::integer[], %(org_ids)s::integer[], %(starts)s::timestamptz[])
ON CONFLICT DO NOTHING

-- name: list_due_spans
SELECT device_id, starts_at FROM span_due ORDER BY due_no LIMIT %(limit)s

-- name: forget_due_spans
DELETE FROM span_due USING unnest(%(devices)s::integer[], %(starts)s::timestamptz[]) AS summed (device_id, starts_at)
WHERE span_due.device_id = summed.device_id AND span_due.starts_at = summed.starts_at

-- name: refresh_spans
-- Sorted, so that all is worked out before the first row is written, as is told of locking.
INSERT INTO vehicle_span
SELECT * FROM vehicle_spans(%(devices)s::integer[], %(starts)s::timestamptz[]) ORDER BY device_id, starts_at
ON CONFLICT (device_id, starts_at) DO UPDATE SET (
    device_id, starts_at, org_id, fixes, speed_fixes, cargo_fixes, satellite_fixes, moving_fixes, external_fixes, door_openings,
    speed_sum_mps, cargo_sum_kg, satellite_sum, external_sum_v, min_speed_mps, max_speed_mps, distance_m, moving_s, idling_s,
    first_fix_at, last_fix_at
) = ROW (excluded.*)

-- name: refresh_hours
-- Sorted, so that all is worked out before the first row is written, for the same reason.
INSERT INTO vehicle_hour
SELECT made.*
FROM (
    SELECT array_agg(device_id) AS devices, array_agg(hour) AS hours
    FROM (
        SELECT DISTINCT device_id, date_trunc('hour', starts_at, 'UTC') AS hour
        FROM unnest(%(devices)s::integer[], %(starts)s::timestamptz[]) AS span (device_id, starts_at)
    ) AS touched
) AS wanted, vehicle_hours(wanted.devices, wanted.hours) AS made
ORDER BY made.device_id, made.hour
ON CONFLICT (device_id, hour) DO UPDATE SET (
    org_id, device_id, hour, vehicle_id, fixes, distance_m, moving_s, idling_s, max_speed_mps, first_fix_at, last_fix_at, door_openings
) = ROW (excluded.*)

-- name: move_cursor
UPDATE rollup_cursor SET cursor = %(cursor)s WHERE rollup = 'vehicle_hour'

-- name: forget_spans_before
DELETE FROM vehicle_span WHERE starts_at < %(before)s

-- name: drop_days_before
SELECT drop_days_before(%(series)s, %(before)s) AS dropped

-- name: lock_days
SELECT pg_advisory_xact_lock(hashtextextended('day rollups', 0))

-- name: take_due
DELETE FROM rollup_due
WHERE due_id IN (SELECT due_id FROM rollup_due ORDER BY due_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING org_id, rollup, subject, day

-- name: forget_outlet_days
DELETE FROM outlet_day USING unnest(%(org_ids)s::integer[], %(subjects)s::text[], %(days)s::date[]) AS wanted (org_id, outlet_id, day)
WHERE outlet_day.org_id = wanted.org_id AND outlet_day.outlet_id = wanted.outlet_id AND outlet_day.day = wanted.day

-- name: sum_outlet_days
WITH wanted AS (
    SELECT * FROM unnest(%(org_ids)s::integer[], %(subjects)s::text[], %(days)s::date[]) AS given (org_id, outlet_id, day)
), planned AS (
    SELECT wanted.*, count(*) AS stops, count(*) FILTER (WHERE visit.state IN ('serviced', 'out_of_sequence')) AS done,
        count(*) FILTER (WHERE visit.state IN ('serviced', 'out_of_sequence')
            AND (stop.window_start IS NULL OR visit.arrived_at >= stop.window_start - interval '15 minutes')
            AND (stop.window_end IS NULL OR visit.arrived_at <= stop.window_end + interval '15 minutes')) AS on_time,
        count(*) FILTER (WHERE visit.state = 'missed') AS missed,
        count(*) FILTER (WHERE visit.state IN ('probable', 'drive_by', 'no_data')) AS unknown,
        coalesce(sum(extract(epoch FROM visit.departed_at - visit.arrived_at)), 0) AS dwell_s
    FROM wanted JOIN stop USING (org_id, outlet_id) JOIN trip USING (org_id, trip_id) JOIN organisation USING (org_id)
    LEFT JOIN visit USING (org_id, trip_id, stop_id)
    WHERE (trip.planned_start AT TIME ZONE organisation.time_zone)::date = wanted.day
    GROUP BY wanted.org_id, wanted.outlet_id, wanted.day
), sold AS (
    SELECT wanted.*, count(*) AS orders, coalesce(sum(line.ordered), 0) AS ordered, coalesce(sum(line.delivered), 0) AS delivered,
        coalesce(sum(line.returned), 0) AS returned, sum(sales_order.net_value) AS net_value
    FROM wanted JOIN sales_order ON sales_order.org_id = wanted.org_id AND sales_order.outlet_id = wanted.outlet_id
        AND sales_order.due_on = wanted.day
    LEFT JOIN LATERAL (
        SELECT sum(ordered) AS ordered, sum(delivered) AS delivered, sum(returned) AS returned
        FROM order_line WHERE order_line.org_id = sales_order.org_id AND order_line.order_id = sales_order.order_id
    ) AS line ON true
    WHERE sales_order.state NOT IN ('draft', 'cancelled')
    GROUP BY wanted.org_id, wanted.outlet_id, wanted.day
)
INSERT INTO outlet_day
SELECT org_id, outlet_id, day, coalesce(stops, 0), coalesce(done, 0), coalesce(on_time, 0), coalesce(missed, 0), coalesce(unknown, 0),
    coalesce(dwell_s, 0), coalesce(orders, 0), coalesce(ordered, 0), coalesce(delivered, 0), coalesce(returned, 0), coalesce(net_value, 0)
FROM planned FULL JOIN sold USING (org_id, outlet_id, day)

-- name: sum_trips
INSERT INTO trip_sum SELECT DISTINCT made.* FROM trip_sums(%(org_ids)s::integer[], %(subjects)s::text[]) AS made

-- name: forget_trips
DELETE FROM trip_sum USING unnest(%(org_ids)s::integer[], %(subjects)s::text[], %(days)s::date[]) AS wanted (org_id, trip_id, day)
WHERE trip_sum.org_id = wanted.org_id AND trip_sum.trip_id = wanted.trip_id

-- name: forget_product_days
DELETE FROM product_day USING unnest(%(org_ids)s::integer[], %(subjects)s::text[], %(days)s::date[]) AS wanted (org_id, product_id, day)
WHERE product_day.org_id = wanted.org_id AND product_day.product_id = wanted.product_id AND product_day.day = wanted.day

-- name: sum_product_days
INSERT INTO product_day
SELECT wanted.org_id, wanted.product_id, wanted.day, count(DISTINCT line.order_id), sum(line.ordered), coalesce(sum(line.loaded), 0),
    coalesce(sum(line.delivered), 0), coalesce(sum(line.short), 0), coalesce(sum(line.damaged), 0), coalesce(sum(line.returned), 0),
    coalesce(sum(line.delivered * line.price), 0)
FROM unnest(%(org_ids)s::integer[], %(subjects)s::text[], %(days)s::date[]) AS wanted (org_id, product_id, day)
JOIN sales_order ON sales_order.org_id = wanted.org_id AND sales_order.due_on = wanted.day AND sales_order.state NOT IN ('draft', 'cancelled')
JOIN order_line line ON line.org_id = sales_order.org_id AND line.order_id = sales_order.order_id AND line.product_id = wanted.product_id
GROUP BY wanted.org_id, wanted.product_id, wanted.day

-- name: show_whom_devices_stand_for
-- Where an assignment has ended or begun since.
SELECT show_devices(array_agg(device_id)) FROM latest_position WHERE shown_until <= now()
