-- More of the world that is judged against: opening hours of zones, approvals that hold rules back, thresholds with their history.

-- {"time_zone", "hours": [{"weekday" (0 = Monday), "opens", "closes"}, ...]}; none: at all hours.
ALTER TABLE zone ADD COLUMN schedule jsonb;

-- The beat or route plan a trip was made from: parameters may differ by it.
ALTER TABLE trip ADD COLUMN route_id text CHECK (route_id <> '');

-- What was known of the outlet when the stop was planned, frozen with it: its class, and the 90th percentile of its dwell.
ALTER TABLE stop
    ADD COLUMN outlet_class text CHECK (outlet_class <> ''),
    ADD COLUMN usual_dwell_s double precision CHECK (usual_dwell_s >= 0);

-- What was approved. Only what is approved holds rules back; to end it, let `valid` end.
CREATE TABLE suppressor (
    org_id integer NOT NULL REFERENCES organisation,
    suppressor_id text NOT NULL CHECK (suppressor_id <> ''),
    kind text NOT NULL CHECK (kind IN ('breakdown', 'detour', 'approved_place', 'break')),
    vehicle_id text CHECK (vehicle_id <> ''),  -- whatever tracker is on it; no vehicle and no trip: everybody
    trip_id text CHECK (trip_id <> ''),
    geometry jsonb,  -- GeoJSON, as of a zone: where a detour leads, where a place is
    radius_m double precision CHECK (radius_m > 0),
    width_m double precision CHECK (width_m > 0),
    schedule jsonb,  -- of breaks, as of a zone
    valid tstzrange NOT NULL CHECK (NOT isempty(valid) AND NOT lower_inf(valid)),
    source text NOT NULL CHECK (source <> ''),  -- who or what put it here, such as a person or an approval
    state text NOT NULL DEFAULT 'approved' CHECK (state IN ('proposed', 'approved', 'rejected')),
    reason text,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, suppressor_id),
    CHECK (kind <> 'breakdown' OR vehicle_id IS NOT NULL OR trip_id IS NOT NULL),
    CHECK (kind <> 'detour' OR trip_id IS NOT NULL OR geometry IS NOT NULL),
    CHECK (kind <> 'approved_place' OR geometry IS NOT NULL)
);
CREATE INDEX suppressor_by_time ON suppressor USING gist (valid);

-- From when on, and for whom, what an approval says is not what it was.
CREATE FUNCTION note_suppressor(changed suppressor, since timestamptz) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
    INSERT INTO plan_change (org_id, device_id, since)
    SELECT changed.org_id, concerned.device_id, since
    FROM (
        SELECT trip.device_id FROM trip WHERE trip.org_id = changed.org_id AND trip.trip_id = changed.trip_id
        UNION
        SELECT device_assignment.device_id FROM device_assignment
        WHERE device_assignment.org_id = changed.org_id AND device_assignment.vehicle_id = changed.vehicle_id
            AND device_assignment.valid && changed.valid
        UNION
        SELECT device.device_id FROM device WHERE device.org_id = changed.org_id AND device.device_key = changed.vehicle_id
        UNION
        SELECT NULL WHERE changed.trip_id IS NULL AND changed.vehicle_id IS NULL
    ) AS concerned;
$$;

CREATE FUNCTION note_suppressor_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    before tstzmultirange := '{}';
    after tstzmultirange := '{}';
    since timestamptz;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'approved' THEN before := tstzmultirange(OLD.valid); END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'approved' THEN after := tstzmultirange(NEW.valid); END IF;
    IF TG_OP = 'UPDATE' AND (OLD.kind, OLD.vehicle_id, OLD.trip_id, OLD.geometry, OLD.radius_m, OLD.width_m, OLD.schedule)
        IS DISTINCT FROM (NEW.kind, NEW.vehicle_id, NEW.trip_id, NEW.geometry, NEW.radius_m, NEW.width_m, NEW.schedule) THEN
        since := lower(before + after);
    ELSE
        since := lower((before - after) + (after - before));
    END IF;
    IF since IS NOT NULL THEN
        IF TG_OP <> 'INSERT' THEN PERFORM note_suppressor(OLD, since); END IF;
        IF TG_OP <> 'DELETE' THEN PERFORM note_suppressor(NEW, since); END IF;
        PERFORM pg_notify('beatwatch_planned', '');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER suppressor_changed AFTER INSERT OR UPDATE OR DELETE ON suppressor
    FOR EACH ROW EXECUTE FUNCTION note_suppressor_change();

-- A tracker that is put on a vehicle whose breakdown is approved has that breakdown, too.
CREATE FUNCTION note_assignment_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    mounted device_assignment := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    INSERT INTO plan_change (org_id, device_id, since)
    SELECT mounted.org_id, mounted.device_id, min(greatest(lower(valid), coalesce(lower(mounted.valid), '-infinity')))
    FROM suppressor
    WHERE suppressor.org_id = mounted.org_id AND suppressor.vehicle_id = mounted.vehicle_id
        AND suppressor.state = 'approved' AND (TG_OP = 'UPDATE' OR suppressor.valid && mounted.valid)
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER assignment_changed AFTER INSERT OR UPDATE OR DELETE ON device_assignment
    FOR EACH ROW EXECUTE FUNCTION note_assignment_change();

-- Thresholds that differ from the defaults; each row holds from `since` until the next of its name. No value: the default again.
CREATE TABLE parameter (
    org_id integer NOT NULL REFERENCES organisation,
    scope text NOT NULL CHECK (scope IN ('organisation', 'route', 'outlet_class')),
    scope_key text NOT NULL CHECK ((scope = 'organisation') = (scope_key = '')),
    name text NOT NULL CHECK (name <> ''),
    since timestamptz NOT NULL,
    value double precision,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, scope, scope_key, name, since)
);

CREATE FUNCTION note_parameter_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.value IS DISTINCT FROM NEW.value THEN
        INSERT INTO plan_change (org_id, since) VALUES (coalesce(NEW.org_id, OLD.org_id), coalesce(NEW.since, OLD.since));
        PERFORM pg_notify('beatwatch_planned', '');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER parameter_changed AFTER INSERT OR UPDATE OR DELETE ON parameter
    FOR EACH ROW EXECUTE FUNCTION note_parameter_change();

-- What thresholds there are, as the rule book of the newest worker has them.
CREATE TABLE parameter_definition (
    name text PRIMARY KEY,
    position integer NOT NULL,
    default_value double precision NOT NULL,
    unit text NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    explanation text NOT NULL
);
GRANT SELECT ON parameter_definition TO beatwatch_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON parameter_definition TO beatwatch_worker;

SELECT fence('suppressor');
SELECT fence('parameter');
GRANT SELECT, INSERT, UPDATE, DELETE ON suppressor, parameter TO beatwatch_worker, beatwatch_api;
