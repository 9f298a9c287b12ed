-- What reports count of each trip, so that a month of a thousand vans is read from one row a trip. What changes says which trip is
-- due (0061); until ingest's upkeep has worked it out anew, a report works out that trip by itself, and is never behind.
CREATE TABLE trip_sum (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    stops integer NOT NULL,
    completed integer NOT NULL,  -- serviced, in the planned order or not
    on_time integer NOT NULL,  -- of those: arrived from 15 minutes before the window to 15 minutes after it
    early integer NOT NULL,
    late integer NOT NULL,
    out_of_sequence integer NOT NULL,
    missed integer NOT NULL,
    no_data integer NOT NULL,
    unverified integer NOT NULL,  -- probable visits and drive-bys
    skipped integer NOT NULL,
    planned_service_s double precision NOT NULL,  -- of the completed stops
    dwell_s double precision NOT NULL,  -- at these
    first_arrived_at timestamptz,
    last_departed_at timestamptz,
    planned_m double precision,  -- of the planned line, if there is one
    distance_m double precision NOT NULL,  -- driven during the hours of the plan
    moving_s double precision NOT NULL,
    idling_s double precision NOT NULL,
    PRIMARY KEY (org_id, trip_id)  -- and nothing that refers to trips: nobody waits for sums
);
SELECT fence('trip_sum');
GRANT SELECT, INSERT, UPDATE, DELETE ON trip_sum TO beatwatch_worker;
GRANT SELECT ON trip_sum, rollup_due TO beatwatch_api;

ALTER TABLE rollup_due DROP CONSTRAINT rollup_due_rollup_check;
ALTER TABLE rollup_due ADD CONSTRAINT rollup_due_rollup_check CHECK (rollup IN ('outlet_day', 'product_day', 'trip'));
CREATE INDEX trip_due ON rollup_due (org_id, subject) WHERE rollup = 'trip';

-- Metres along [[longitude, latitude], ...] on the sphere; null for what is no line.
CREATE FUNCTION line_length_m(line jsonb) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sum(2 * 6371008.8 * asin(least(1, sqrt(sin((latitude - before_latitude) / 2) ^ 2
        + cos(latitude) * cos(before_latitude) * sin((longitude - before_longitude) / 2) ^ 2))))
    FROM (
        SELECT longitude, latitude, lag(longitude) OVER route AS before_longitude, lag(latitude) OVER route AS before_latitude
        FROM (
            SELECT number, radians((point ->> 0)::float8) AS longitude, radians((point ->> 1)::float8) AS latitude
            FROM jsonb_array_elements(CASE jsonb_typeof(line) WHEN 'array' THEN line ELSE '[]' END)
                WITH ORDINALITY AS given (point, number)
        ) AS point
        WINDOW route AS (ORDER BY number)
    ) AS leg
    WHERE before_longitude IS NOT NULL
$$;

-- Some trips, worked out from their rows.
CREATE FUNCTION trip_sums(org_ids integer[], trip_ids text[]) RETURNS SETOF trip_sum LANGUAGE sql STABLE AS $$
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
        SELECT coalesce(sum(distance_m), 0), coalesce(sum(moving_s), 0), coalesce(sum(idling_s), 0)
        FROM vehicle_hour AS drive
        WHERE drive.device_id = trip.device_id AND drive.hour >= date_trunc('hour', trip.planned_start, 'UTC')
            AND drive.hour < trip.planned_end
    ) AS driven
$$;
GRANT EXECUTE ON FUNCTION line_length_m, trip_sums TO beatwatch_api, beatwatch_worker;

CREATE FUNCTION note_due_trips() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT DISTINCT trip.org_id, 'trip', trip.trip_id, (trip.planned_start AT TIME ZONE 'UTC')::date
    FROM changed JOIN trip USING (org_id, trip_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER trip_due_inserted AFTER INSERT ON trip REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_trips();
CREATE TRIGGER trip_due_inserted AFTER INSERT ON visit REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_trips();
CREATE TRIGGER trip_due_updated AFTER UPDATE ON visit REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_trips();
CREATE TRIGGER trip_due_deleted AFTER DELETE ON visit REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_trips();
CREATE TRIGGER trip_due_inserted AFTER INSERT ON stop REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_trips();
CREATE TRIGGER trip_due_updated AFTER UPDATE ON stop REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_trips();
CREATE TRIGGER trip_due_deleted AFTER DELETE ON stop REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_trips();

-- A trip that is gone has no sums.
CREATE FUNCTION note_gone_trips() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT org_id, 'trip', trip_id, (planned_start AT TIME ZONE 'UTC')::date FROM changed;
    RETURN NULL;
END
$$;
CREATE TRIGGER trip_due_deleted AFTER DELETE ON trip REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_gone_trips();

-- A new plan, and not a step of its life. (A trigger with a table of changes cannot look at columns.)
CREATE FUNCTION note_due_plan() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    VALUES (NEW.org_id, 'trip', NEW.trip_id, (NEW.planned_start AT TIME ZONE 'UTC')::date);
    RETURN NULL;
END
$$;
CREATE TRIGGER trip_due_planned AFTER UPDATE ON trip FOR EACH ROW
    WHEN ((OLD.device_id, OLD.planned_start, OLD.planned_end, OLD.route)
        IS DISTINCT FROM (NEW.device_id, NEW.planned_start, NEW.planned_end, NEW.route))
    EXECUTE FUNCTION note_due_plan();

CREATE FUNCTION note_due_drives() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT DISTINCT trip.org_id, 'trip', trip.trip_id, (trip.planned_start AT TIME ZONE 'UTC')::date
    FROM changed JOIN trip ON trip.device_id = changed.device_id
        AND trip.planned_start < changed.hour + interval '1 hour' AND trip.planned_end > changed.hour;
    RETURN NULL;
END
$$;
CREATE TRIGGER trip_due_inserted AFTER INSERT ON vehicle_hour REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_drives();
CREATE TRIGGER trip_due_updated AFTER UPDATE ON vehicle_hour REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_drives();

-- What there is already.
INSERT INTO rollup_due (org_id, rollup, subject, day)
SELECT org_id, 'trip', trip_id, (planned_start AT TIME ZONE 'UTC')::date FROM trip;

-- A trip's sums: those that are kept, or, while it is due, those of its rows.
CREATE VIEW trip_figures WITH (security_invoker = true) AS
SELECT kept.* FROM trip_sum AS kept
WHERE NOT EXISTS (
    SELECT FROM rollup_due AS due WHERE due.rollup = 'trip' AND due.org_id = kept.org_id AND due.subject = kept.trip_id
)
UNION ALL
SELECT made.* FROM (
    SELECT array_agg(org_id) AS org_ids, array_agg(subject) AS trip_ids
    FROM (SELECT DISTINCT org_id, subject FROM rollup_due WHERE rollup = 'trip') AS waiting
) AS due, trip_sums(due.org_ids, due.trip_ids) AS made;
GRANT SELECT ON trip_figures TO beatwatch_api, beatwatch_worker;
