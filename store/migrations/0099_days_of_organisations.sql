-- A day is that of an organisation's own clock: in India it begins at half past six in the evening of the day before in UTC.
CREATE OR REPLACE VIEW report_trip WITH (security_invoker = true) AS
SELECT trip.org_id, trip.trip_id, trip.device_id, trip.planned_start, trip.planned_end, trip.state,
    (trip.planned_start AT TIME ZONE organisation.time_zone)::date::text AS day, plan.beat_id AS route,
    coalesce(trip.driver_id, plan.driver_id) AS driver, coalesce(trip.vehicle_id, mounted.vehicle_id, device.device_key) AS vehicle,
    organisation.slug AS distributor
FROM trip
JOIN organisation USING (org_id)
JOIN device USING (device_id)
LEFT JOIN route_plan AS plan ON plan.org_id = trip.org_id AND plan.trip_id = trip.trip_id
LEFT JOIN device_assignment AS mounted ON mounted.device_id = trip.device_id AND mounted.valid @> trip.planned_start;

-- Days of a device, of its ten minutes: a zone may be half an hour off. Where these are forgotten, of its hours.
CREATE OR REPLACE VIEW vehicle_day WITH (security_invoker = true) AS
SELECT drive.org_id, drive.device_id, date_trunc('day', part.starts_at, organisation.time_zone) AS day,
    max(drive.vehicle_id) AS vehicle_id, sum(part.fixes)::integer AS fixes, sum(part.distance_m) AS distance_m,
    sum(part.moving_s) AS moving_s, sum(part.idling_s) AS idling_s, max(part.max_speed_mps) AS max_speed_mps,
    min(part.first_fix_at) AS first_fix_at, max(part.last_fix_at) AS last_fix_at,
    sum(part.door_openings)::integer AS door_openings
FROM vehicle_hour AS drive
JOIN organisation USING (org_id)
CROSS JOIN LATERAL (
    SELECT span.starts_at, span.fixes, span.distance_m, span.moving_s, span.idling_s, span.max_speed_mps::real, span.first_fix_at,
        span.last_fix_at, span.door_openings
    FROM vehicle_span AS span
    WHERE span.device_id = drive.device_id AND span.starts_at >= drive.hour AND span.starts_at < drive.hour + interval '1 hour'
    UNION ALL
    SELECT drive.hour, drive.fixes, drive.distance_m, drive.moving_s, drive.idling_s, drive.max_speed_mps, drive.first_fix_at,
        drive.last_fix_at, drive.door_openings
    WHERE NOT EXISTS (
        SELECT FROM vehicle_span AS span
        WHERE span.device_id = drive.device_id AND span.starts_at >= drive.hour AND span.starts_at < drive.hour + interval '1 hour'
    )
) AS part
GROUP BY drive.org_id, drive.device_id, date_trunc('day', part.starts_at, organisation.time_zone);

-- As before, but of an hour in which the plan begins or ends only the ten minutes that it touches, where these are known: plans
-- of a zone half an hour off begin and end in the middle of one.
CREATE OR REPLACE FUNCTION trip_sums(org_ids integer[], trip_ids text[]) RETURNS SETOF trip_sum LANGUAGE sql STABLE AS $$
    SELECT trip.org_id, trip.trip_id, served.*, line_length_m(trip.route), driven.*
    FROM unnest(org_ids, trip_ids) AS wanted (org_id, trip_id)
    JOIN trip USING (org_id, trip_id)
    CROSS JOIN LATERAL (
        SELECT count(*)::integer, count(*) FILTER (WHERE is_done)::integer,
            count(*) FILTER (WHERE is_done AND NOT coalesce(is_early, false) AND NOT coalesce(is_late, false))::integer,
            count(*) FILTER (WHERE is_done AND is_early)::integer, count(*) FILTER (WHERE is_done AND is_late AND NOT coalesce(is_early, false))::integer,
            count(*) FILTER (WHERE state = 'out_of_sequence')::integer, count(*) FILTER (WHERE state = 'missed')::integer,
            count(*) FILTER (WHERE state = 'no_data')::integer, count(*) FILTER (WHERE state IN ('probable', 'drive_by'))::integer,
            count(*) FILTER (WHERE state = 'skipped')::integer, coalesce(sum(planned_service_s) FILTER (WHERE is_done), 0),
            coalesce(sum(extract(epoch FROM departed_at - arrived_at)) FILTER (WHERE is_done), 0)::float8,
            min(arrived_at) FILTER (WHERE is_done), max(departed_at) FILTER (WHERE is_done)
        FROM (
            SELECT stop.planned_service_s, visit.state, visit.arrived_at, visit.departed_at,
                coalesce(visit.state IN ('serviced', 'out_of_sequence'), false) AS is_done,
                visit.arrived_at < stop.window_start - interval '15 minutes' AS is_early,
                visit.arrived_at > stop.window_end + interval '15 minutes' AS is_late
            FROM stop LEFT JOIN visit USING (org_id, trip_id, stop_id)
            WHERE stop.org_id = trip.org_id AND stop.trip_id = trip.trip_id
        ) AS planned
    ) AS served
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(part.distance_m), 0), coalesce(sum(part.moving_s), 0), coalesce(sum(part.idling_s), 0)
        FROM vehicle_hour AS drive
        CROSS JOIN LATERAL (
            SELECT count(*) > 0 AND NOT (drive.hour >= trip.planned_start AND drive.hour + interval '1 hour' <= trip.planned_end) AS is_cut,
                coalesce(sum(span.distance_m) FILTER (WHERE is_touched), 0) AS distance_m,
                coalesce(sum(span.moving_s) FILTER (WHERE is_touched), 0) AS moving_s,
                coalesce(sum(span.idling_s) FILTER (WHERE is_touched), 0) AS idling_s
            FROM vehicle_span AS span CROSS JOIN LATERAL (
                SELECT span.starts_at + interval '10 minutes' > trip.planned_start AND span.starts_at < trip.planned_end AS is_touched
            ) AS plan
            WHERE span.device_id = drive.device_id AND span.starts_at >= drive.hour AND span.starts_at < drive.hour + interval '1 hour'
                AND NOT (drive.hour >= trip.planned_start AND drive.hour + interval '1 hour' <= trip.planned_end)
        ) AS edge
        CROSS JOIN LATERAL (
            SELECT CASE WHEN edge.is_cut THEN edge.distance_m ELSE drive.distance_m END AS distance_m,
                CASE WHEN edge.is_cut THEN edge.moving_s ELSE drive.moving_s END AS moving_s,
                CASE WHEN edge.is_cut THEN edge.idling_s ELSE drive.idling_s END AS idling_s
        ) AS part
        WHERE drive.device_id = trip.device_id AND drive.hour >= date_trunc('hour', trip.planned_start, 'UTC')
            AND drive.hour < trip.planned_end
    ) AS driven
$$;

CREATE OR REPLACE FUNCTION note_due_visits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT DISTINCT stop.org_id, 'outlet_day', stop.outlet_id, (trip.planned_start AT TIME ZONE organisation.time_zone)::date
    FROM changed JOIN stop USING (org_id, trip_id, stop_id) JOIN trip USING (org_id, trip_id) JOIN organisation USING (org_id)
    WHERE stop.outlet_id IS NOT NULL;
    RETURN NULL;
END
$$;

-- With another clock all days of an organisation's outlets are others.
CREATE FUNCTION note_due_clock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT org_id, 'outlet_day', outlet_id, day FROM outlet_day WHERE org_id = NEW.org_id
    UNION
    SELECT stop.org_id, 'outlet_day', stop.outlet_id, (trip.planned_start AT TIME ZONE NEW.time_zone)::date
    FROM stop JOIN trip USING (org_id, trip_id) WHERE stop.org_id = NEW.org_id AND stop.outlet_id IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER due_clock AFTER UPDATE ON organisation FOR EACH ROW
    WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone) EXECUTE FUNCTION note_due_clock();

-- What there is already.
INSERT INTO rollup_due (org_id, rollup, subject, day)
SELECT org_id, 'outlet_day', outlet_id, day FROM outlet_day JOIN organisation USING (org_id) WHERE time_zone <> 'UTC'
UNION
SELECT org_id, 'outlet_day', stop.outlet_id, (trip.planned_start AT TIME ZONE time_zone)::date
FROM stop JOIN trip USING (org_id, trip_id) JOIN organisation USING (org_id)
WHERE stop.outlet_id IS NOT NULL AND time_zone <> 'UTC'
UNION
SELECT org_id, 'trip', trip_id, (planned_start AT TIME ZONE 'UTC')::date FROM trip
WHERE extract(minute FROM planned_start) <> 0 OR extract(minute FROM planned_end) <> 0;
