-- What reports count: trips, their stops and their orders, each with everything it can be grouped by.
CREATE VIEW report_trip WITH (security_invoker = true) AS
SELECT trip.org_id, trip.trip_id, trip.device_id, trip.planned_start, trip.planned_end, trip.state,
    (trip.planned_start AT TIME ZONE 'UTC')::date::text AS day, plan.beat_id AS route,
    coalesce(trip.driver_id, plan.driver_id) AS driver, coalesce(trip.vehicle_id, mounted.vehicle_id, device.device_key) AS vehicle,
    organisation.slug AS distributor
FROM trip
JOIN organisation USING (org_id)
JOIN device USING (device_id)
LEFT JOIN route_plan AS plan ON plan.org_id = trip.org_id AND plan.trip_id = trip.trip_id
LEFT JOIN device_assignment AS mounted ON mounted.device_id = trip.device_id AND mounted.valid @> trip.planned_start;

-- On time is an arrival from a quarter of an hour before the window opens to a quarter of an hour after it closes.
CREATE VIEW report_stop WITH (security_invoker = true) AS
SELECT trip.*, stop.stop_id, stop.outlet_id AS outlet, stop.position_no, stop.planned_service_s,
    coalesce(visit.state, 'pending') AS visit_state, visit.arrived_at, visit.departed_at,
    coalesce(visit.state IN ('serviced', 'out_of_sequence'), false) AS is_done,
    CASE
        WHEN visit.state IS NULL OR visit.state NOT IN ('serviced', 'out_of_sequence') THEN NULL
        WHEN visit.arrived_at < stop.window_start - interval '15 minutes' THEN 'early'
        WHEN visit.arrived_at > stop.window_end + interval '15 minutes' THEN 'late'
        ELSE 'on_time'
    END AS punctuality
FROM report_trip AS trip
JOIN stop USING (org_id, trip_id)
LEFT JOIN visit USING (org_id, trip_id, stop_id);

CREATE VIEW report_order WITH (security_invoker = true) AS
SELECT sales_order.org_id, sales_order.order_id, sales_order.due_on, sales_order.state, sales_order.net_value,
    sales_order.due_on::text AS day, sales_order.outlet_id AS outlet, organisation.slug AS distributor,
    trip.route, trip.driver, trip.vehicle, line.ordered, line.delivered, line.lines, line.full_lines,
    coalesce(stop.punctuality = 'on_time', false) AS is_on_time,
    line.delivered = line.ordered AS is_in_full
FROM sales_order
JOIN organisation USING (org_id)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(ordered), 0) AS ordered, coalesce(sum(least(delivered, ordered)), 0) AS delivered, count(*) AS lines,
        count(*) FILTER (WHERE delivered >= ordered) AS full_lines
    FROM order_line WHERE order_line.org_id = sales_order.org_id AND order_line.order_id = sales_order.order_id
) AS line
LEFT JOIN report_trip AS trip ON trip.org_id = sales_order.org_id AND trip.trip_id = sales_order.trip_id
LEFT JOIN LATERAL (
    SELECT CASE
        WHEN visit.state NOT IN ('serviced', 'out_of_sequence') OR visit.arrived_at IS NULL THEN NULL
        WHEN visit.arrived_at < stop.window_start - interval '15 minutes' THEN 'early'
        WHEN visit.arrived_at > stop.window_end + interval '15 minutes' THEN 'late'
        ELSE 'on_time'
    END AS punctuality
    FROM stop JOIN visit USING (org_id, trip_id, stop_id)
    WHERE stop.org_id = sales_order.org_id AND stop.trip_id = sales_order.trip_id AND stop.stop_id = sales_order.stop_id
) AS stop ON true
WHERE sales_order.state NOT IN ('draft', 'cancelled');

GRANT SELECT ON report_trip, report_stop, report_order TO beatwatch_api, beatwatch_worker;
