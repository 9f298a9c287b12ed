-- name: trips
SELECT {key} AS key, count(*) AS trips, sum(stops)::bigint AS planned_stops, sum(completed)::bigint AS completed_stops,
    sum(completed)::float8 / nullif(sum(stops), 0)::float8 AS stop_completion, sum(distance_m) / 1000 AS driven_km,
    sum(moving_s) / 3600 AS moving_h, sum(idling_s) / 3600 AS idling_h
FROM report_trip AS trip JOIN trip_figures USING (org_id, trip_id)
WHERE planned_start >= %(since)s AND planned_start < %(until)s
GROUP BY 1 ORDER BY 1

-- name: planned_actual
SELECT {key} AS key, count(*) AS trips, sum(stops)::bigint AS planned_stops, sum(completed)::bigint AS completed_stops,
    sum(completed)::float8 / nullif(sum(stops), 0)::float8 AS stop_completion,
    sum(completed - out_of_sequence)::float8 / nullif(sum(completed), 0)::float8 AS sequence_adherence,
    sum(planned_m) / 1000 AS planned_km, sum(distance_m) / 1000 AS driven_km,
    sum(distance_m) FILTER (WHERE planned_m > 0) / nullif(sum(planned_m), 0) AS detour_ratio,
    sum(extract(epoch FROM planned_end - planned_start))::float8 / 3600 AS planned_h,
    sum(extract(epoch FROM last_departed_at - first_arrived_at))::float8 / 3600 AS stops_h,
    sum(planned_service_s) / 3600 AS planned_service_h, sum(dwell_s) / 3600 AS dwell_h
FROM report_trip AS trip JOIN trip_figures USING (org_id, trip_id)
WHERE planned_start >= %(since)s AND planned_start < %(until)s
GROUP BY 1 ORDER BY 1

-- name: stops
SELECT {key} AS key, sum(stops)::bigint AS planned, sum(completed)::bigint AS completed, sum(on_time)::bigint AS on_time,
    sum(early)::bigint AS early, sum(late)::bigint AS late, sum(missed)::bigint AS missed, sum(no_data)::bigint AS no_data,
    sum(unverified)::bigint AS unverified, sum(skipped)::bigint AS skipped
FROM report_trip AS trip JOIN trip_figures USING (org_id, trip_id)
WHERE planned_start >= %(since)s AND planned_start < %(until)s AND stops > 0
GROUP BY 1 ORDER BY 1

-- name: stops_by_outlet
SELECT {key} AS key, count(*) AS planned, count(*) FILTER (WHERE is_done) AS completed,
    count(*) FILTER (WHERE punctuality = 'on_time') AS on_time, count(*) FILTER (WHERE punctuality = 'early') AS early,
    count(*) FILTER (WHERE punctuality = 'late') AS late, count(*) FILTER (WHERE visit_state = 'missed') AS missed,
    count(*) FILTER (WHERE visit_state = 'no_data') AS no_data,
    count(*) FILTER (WHERE visit_state IN ('probable', 'drive_by')) AS unverified,
    count(*) FILTER (WHERE visit_state = 'skipped') AS skipped
FROM report_stop AS trip
WHERE planned_start >= %(since)s AND planned_start < %(until)s
GROUP BY 1 ORDER BY 1

-- name: visits
SELECT {key} AS key, count(*) AS visits, avg(extract(epoch FROM departed_at - arrived_at))::float8 / 60 AS mean_dwell_min,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM departed_at - arrived_at)::float8) / 60 AS p90_dwell_min,
    avg(planned_service_s) / 60 AS mean_planned_min, count(*) FILTER (WHERE visit_state = 'out_of_sequence') AS out_of_sequence
FROM report_stop AS trip
WHERE planned_start >= %(since)s AND planned_start < %(until)s AND is_done
GROUP BY 1 ORDER BY 1

-- name: productivity
SELECT {key} AS key, count(*) AS trips, sum(completed)::bigint AS completed,
    sum(extract(epoch FROM last_departed_at - first_arrived_at))::float8 / 3600 AS span_h,
    sum(completed)::float8 * 3600 / sum(extract(epoch FROM last_departed_at - first_arrived_at))::float8 AS stops_per_hour
FROM report_trip AS trip JOIN trip_figures USING (org_id, trip_id)
WHERE planned_start >= %(since)s AND planned_start < %(until)s AND completed > 1 AND last_departed_at > first_arrived_at
GROUP BY 1 ORDER BY 1

-- name: deviations
SELECT {key} AS key, count(*) FILTER (WHERE event.rule = 'route_deviation') AS deviations,
    count(DISTINCT trip.trip_id) FILTER (WHERE event.rule = 'route_deviation') AS trips_concerned,
    coalesce(sum(extract(epoch FROM event.ended_at - event.started_at)) FILTER (WHERE event.rule = 'route_deviation'), 0)::float8
        / 3600 AS off_route_h,
    max((event.facts ->> 'peak_m')::float8) FILTER (WHERE event.rule = 'route_deviation') AS peak_m,
    count(*) FILTER (WHERE event.rule = 'detour') AS detours
FROM report_trip AS trip
JOIN event USING (org_id, trip_id)
WHERE planned_start >= %(since)s AND planned_start < %(until)s AND event.superseded_at IS NULL
    AND event.rule IN ('route_deviation', 'detour')
GROUP BY 1 ORDER BY 1

-- name: otif
SELECT {key} AS key, count(*) AS orders_due, count(*) FILTER (WHERE is_on_time) AS on_time,
    count(*) FILTER (WHERE is_in_full) AS in_full, count(*) FILTER (WHERE is_on_time AND is_in_full)::float8 / count(*) AS otif
FROM report_order AS trip JOIN organisation USING (org_id)
WHERE due_on BETWEEN %(since)s::date - 1 AND %(until)s::date + 1  -- by whatever clock
    AND due_on >= (%(since)s AT TIME ZONE time_zone)::date AND due_on < (%(until)s AT TIME ZONE time_zone)::date
GROUP BY 1 ORDER BY 1

-- name: fill_rate
SELECT {key} AS key, sum(ordered)::bigint AS ordered, sum(delivered)::bigint AS delivered,
    sum(delivered)::float8 / nullif(sum(ordered), 0)::float8 AS case_fill, sum(lines)::bigint AS lines,
    sum(full_lines)::float8 / nullif(sum(lines), 0)::float8 AS line_fill
FROM report_order AS trip JOIN organisation USING (org_id)
WHERE due_on BETWEEN %(since)s::date - 1 AND %(until)s::date + 1  -- by whatever clock
    AND due_on >= (%(since)s AT TIME ZONE time_zone)::date AND due_on < (%(until)s AT TIME ZONE time_zone)::date
GROUP BY 1 ORDER BY 1

-- name: drop_size
SELECT {key} AS key, count(*) AS drops, sum(drop.invoice_value)::float8 AS net_value,
    avg(drop.invoice_value)::float8 AS drop_size
FROM report_stop AS trip
JOIN stop_delivery AS drop USING (org_id, trip_id, stop_id)
WHERE planned_start >= %(since)s AND planned_start < %(until)s AND drop.state IN ('delivered', 'partially_delivered')
GROUP BY 1 ORDER BY 1

-- name: proof_compliance
-- Clocks of phone and tracker may be two minutes apart.
WITH drop AS (
    SELECT {key} AS key, delivery_proof.is_proven, trip.is_done AND delivery_proof.is_seen AND NOT EXISTS (
            SELECT FROM event
            WHERE event.org_id = trip.org_id AND event.trip_id = trip.trip_id AND event.stop_id = trip.stop_id
                AND event.rule IN ('ghost_delivery', 'pod_away') AND event.superseded_at IS NULL
        ) AS is_verified
    FROM report_stop AS trip
    JOIN stop_delivery AS delivery USING (org_id, trip_id, stop_id)
    CROSS JOIN LATERAL (
        SELECT count(*) > 0 AS is_proven, coalesce(bool_or(
            (trip.arrived_at IS NULL OR proof.captured_at >= trip.arrived_at - interval '2 minutes')
            AND (trip.departed_at IS NULL OR proof.captured_at <= trip.departed_at + interval '2 minutes')), false) AS is_seen
        FROM proof
        WHERE proof.org_id = trip.org_id AND proof.trip_id = trip.trip_id AND proof.stop_id = trip.stop_id
            AND (proof.delivery_id = delivery.delivery_id OR proof.delivery_id IS NULL)
    ) AS delivery_proof
    WHERE planned_start >= %(since)s AND planned_start < %(until)s AND delivery.state IN ('delivered', 'partially_delivered')
)
SELECT key, count(*) AS delivered, count(*) FILTER (WHERE is_proven) AS proven, count(*) FILTER (WHERE is_verified) AS verified,
    count(*) FILTER (WHERE is_verified)::float8 / count(*) AS compliance
FROM drop GROUP BY key ORDER BY key

-- name: settlement
WITH settled AS (
    SELECT {key} AS key, settlement.cash_counted - settlement.cash_due AS cash_gap, line.*
    FROM report_trip AS trip
    JOIN settlement USING (org_id, trip_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum((loaded + topped_up) * price), 0) AS load_value,
            coalesce(sum(abs(counted - (loaded + topped_up + transferred - delivered - free - damaged + returned)) * price), 0)
                AS variance_value
        FROM settlement_line WHERE settlement_line.org_id = trip.org_id AND settlement_line.trip_id = trip.trip_id
    ) AS line
    WHERE planned_start >= %(since)s AND planned_start < %(until)s
)
SELECT key, count(*) AS trips, sum(load_value)::float8 AS load_value, sum(variance_value)::float8 AS variance_value,
    sum(variance_value)::float8 / nullif(sum(load_value), 0)::float8 AS variance, sum(cash_gap)::float8 AS cash_gap
FROM settled GROUP BY key ORDER BY key

-- name: scores
WITH counted AS (
    SELECT {key} AS key, trip.* FROM report_trip AS trip WHERE planned_start >= %(since)s AND planned_start < %(until)s
), driven AS (
    SELECT counted.key, sum(distance_m) / 1000 AS km FROM counted JOIN trip_figures USING (org_id, trip_id) GROUP BY counted.key
), held AS (
    SELECT counted.key, count(*) FILTER (WHERE rule = 'overspeed') AS overspeed, count(*) FILTER (WHERE rule = 'harsh_driving') AS harsh,
        count(*) FILTER (WHERE rule IN ('unscheduled_stop', 'route_deviation', 'detour')) AS off_plan,
        count(*) FILTER (WHERE severity IN ('high', 'critical')) AS grave
    FROM counted JOIN event USING (org_id, trip_id) WHERE event.superseded_at IS NULL
    GROUP BY counted.key
), summed AS (
    SELECT key, count(*) AS trips, coalesce(max(km), 0) AS driven_km, coalesce(max(overspeed), 0) AS overspeed,
        coalesce(max(harsh), 0) AS harsh, coalesce(max(off_plan), 0) AS off_plan, coalesce(max(grave), 0) AS grave
    FROM counted LEFT JOIN driven USING (key) LEFT JOIN held USING (key)
    GROUP BY key
)
SELECT *, CASE WHEN driven_km > 0
    THEN greatest(0, 100 - (2 * overspeed + harsh + 3 * off_plan + 5 * grave) * 100 / driven_km) END AS score
FROM summed ORDER BY key

-- name: device_uptime
-- Of the hour in which a plan begins or ends, only the part of it.
WITH wanted AS (
    SELECT {key} AS key, trip.device_id, hour,
        extract(epoch FROM least(hour + interval '1 hour', planned_end) - greatest(hour, planned_start))::float8 / 3600 AS hours
    FROM report_trip AS trip
    CROSS JOIN generate_series(date_trunc('hour', planned_start, 'UTC'), planned_end - interval '1 microsecond', interval '1 hour') AS hour
    WHERE planned_start >= %(since)s AND planned_start < %(until)s
)
SELECT key, count(DISTINCT wanted.device_id) FILTER (WHERE drive.device_id IS NOT NULL) AS devices, sum(hours) AS planned_h,
    coalesce(sum(hours) FILTER (WHERE drive.device_id IS NOT NULL), 0) AS heard_h,
    coalesce(sum(hours) FILTER (WHERE drive.device_id IS NOT NULL), 0) / nullif(sum(hours), 0) AS uptime
FROM wanted LEFT JOIN vehicle_hour AS drive ON drive.device_id = wanted.device_id AND drive.hour = wanted.hour
GROUP BY key ORDER BY key

-- name: stock_outs
WITH trip AS (
    SELECT event.*, (event.started_at AT TIME ZONE organisation.time_zone)::date::text AS day, event.facts ->> 'outlet_id' AS outlet,
        organisation.slug AS distributor, NULL::text AS route, NULL::text AS driver, NULL::text AS vehicle
    FROM event JOIN organisation USING (org_id)
    WHERE event.started_at >= %(since)s AND event.started_at < %(until)s AND event.superseded_at IS NULL
        AND event.rule IN ('shelf_stock_out', 'shelf_sweep', 'shelf_shrink')
)
SELECT {key} AS key, count(*) FILTER (WHERE rule = 'shelf_stock_out') AS stock_outs,
    coalesce(sum(extract(epoch FROM ended_at - started_at)) FILTER (WHERE rule = 'shelf_stock_out'), 0)::float8 / 3600 AS empty_h,
    count(*) FILTER (WHERE rule = 'shelf_sweep') AS sweeps, count(*) FILTER (WHERE rule = 'shelf_shrink') AS shrinks,
    coalesce(sum((facts ->> 'missing_units')::float8) FILTER (WHERE rule = 'shelf_shrink'), 0) AS missing
FROM trip GROUP BY 1 ORDER BY 1

-- name: stock_out_rate
-- A product is out at an outlet while all shelves that are fitted for it there are, in the hours in which the shop is open.
WITH open AS (
    SELECT shelf.org_id, shelf.device_id, shelf.outlet_id, shelf.product_id, organisation.slug AS distributor, day::date AS day,
        shelf.valid * tstzrange(%(since)s, greatest(%(since)s, least(%(until)s, now()))) * tstzrange(opens.at, opens.at
            + make_interval(secs => 3600 * (closes_h - opens_h + CASE WHEN closes_h > opens_h THEN 0 ELSE 24 END))) AS hours
    FROM shelf_sensor AS shelf JOIN organisation USING (org_id)
    CROSS JOIN LATERAL generate_series(
        date_trunc('day', %(since)s::timestamptz, 'UTC') - interval '1 day', greatest(%(since)s, least(%(until)s, now())), interval '1 day'
    ) AS day
    CROSS JOIN LATERAL (
        SELECT day + make_interval(mins => -utc_offset_min, secs => 3600 * opens_h) AS at
    ) AS opens
    WHERE shelf.valid && tstzrange(%(since)s, greatest(%(since)s, least(%(until)s, now())))
), shelf AS (
    SELECT open.*, coalesce((
        SELECT range_agg(tstzrange(event.started_at, coalesce(event.ended_at, 'infinity')) * open.hours)
        FROM event
        WHERE event.org_id = open.org_id AND event.device_id = open.device_id AND event.rule = 'shelf_stock_out'
            AND event.superseded_at IS NULL AND tstzrange(event.started_at, coalesce(event.ended_at, 'infinity')) && open.hours
    ), '{}'::tstzmultirange) AS empty
    FROM open WHERE NOT isempty(open.hours)
), trip AS (
    SELECT day::text AS day, outlet_id AS outlet, distributor, NULL::text AS route, NULL::text AS driver, NULL::text AS vehicle,
        outlet_id, product_id, range_agg(hours) AS listed, range_intersect_agg(empty) AS empty
    FROM shelf GROUP BY org_id, outlet_id, product_id, distributor, shelf.day
), minutes AS (
    SELECT {key} AS key, outlet_id, product_id, coverage.listed_s, coverage.empty_s
    FROM trip CROSS JOIN LATERAL (
        SELECT (SELECT sum(extract(epoch FROM upper(part) - lower(part))) FROM unnest(listed) AS part) AS listed_s,
            (SELECT coalesce(sum(extract(epoch FROM upper(part) - lower(part))), 0) FROM unnest(empty) AS part) AS empty_s
    ) AS coverage
)
SELECT key, count(DISTINCT (outlet_id, product_id)) AS products, sum(listed_s)::float8 / 3600 AS listed_h,
    sum(empty_s)::float8 / 3600 AS empty_h, sum(empty_s)::float8 / nullif(sum(listed_s), 0)::float8 AS stock_out_rate
FROM minutes GROUP BY key ORDER BY key

-- name: shrink
WITH missing AS (
    SELECT event.org_id, event.facts ->> 'outlet_id' AS outlet_id, sum((facts ->> 'missing_units')::float8) AS pieces
    FROM event
    WHERE event.started_at >= %(since)s AND event.started_at < %(until)s AND event.superseded_at IS NULL
        AND event.rule = 'shelf_shrink'
    GROUP BY 1, 2
), booked AS (
    SELECT movement.org_id, movement.place_id AS outlet_id,
        coalesce(sum(pieces) FILTER (WHERE moved_at < %(since)s), 0) AS opening,
        coalesce(sum(pieces) FILTER (WHERE moved_at >= %(since)s AND pieces > 0 AND cause <> 'adjustment'), 0) AS received
    FROM stock_movement AS movement
    JOIN (SELECT DISTINCT org_id, outlet_id, product_id FROM shelf_sensor WHERE valid && tstzrange(%(since)s, %(until)s)) AS seen
        ON seen.org_id = movement.org_id AND seen.outlet_id = movement.place_id AND seen.product_id = movement.product_id
    WHERE movement.place_kind = 'outlet' AND moved_at < %(until)s
    GROUP BY 1, 2
), trip AS (
    SELECT outlet_id AS outlet, organisation.slug AS distributor, coalesce(missing.pieces, 0) AS missing,
        greatest(coalesce(booked.opening, 0), 0) AS opening, coalesce(booked.received, 0) AS received
    FROM missing FULL JOIN booked USING (org_id, outlet_id) JOIN organisation USING (org_id)
)
SELECT {key} AS key, sum(missing)::float8 AS missing, sum(opening)::bigint AS opening, sum(received)::bigint AS received,
    sum(missing)::float8 / nullif(sum(opening + received), 0)::float8 AS shrink
FROM trip GROUP BY 1 ORDER BY 1
