-- What is planned. A zone may change: each version holds for a span of time, and versions of one zone never overlap.
CREATE TABLE zone (
    zone_version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    zone_id text NOT NULL CHECK (zone_id <> ''),
    name text NOT NULL,
    kind text NOT NULL,
    geometry jsonb NOT NULL,
    radius_m double precision CHECK (radius_m > 0),
    width_m double precision CHECK (width_m > 0),
    speed_limit_mps double precision CHECK (speed_limit_mps > 0),
    valid tstzrange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid)),
    stored_at timestamptz NOT NULL DEFAULT now(),
    -- Ranges of one value each stand for equality: the operators for plain values are in an extension that not every build has.
    CONSTRAINT zone_versions_do_not_overlap EXCLUDE USING gist (
        int4range(org_id, org_id, '[]') WITH &&,
        numrange(hashtextextended(zone_id, 0), hashtextextended(zone_id, 0), '[]') WITH &&,
        valid WITH &&
    ) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX zone_by_name ON zone (org_id, zone_id);

CREATE TABLE outlet (
    org_id integer NOT NULL REFERENCES organisation,
    outlet_id text NOT NULL CHECK (outlet_id <> ''),
    name text NOT NULL,
    longitude_e7 integer NOT NULL CHECK (longitude_e7 BETWEEN -1800000000 AND 1800000000),
    latitude_e7 integer NOT NULL CHECK (latitude_e7 BETWEEN -900000000 AND 900000000),
    radius_m double precision NOT NULL CHECK (radius_m > 0),
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, outlet_id)
);

CREATE TABLE trip (
    org_id integer NOT NULL REFERENCES organisation,
    trip_id text NOT NULL CHECK (trip_id <> ''),
    device_id integer NOT NULL REFERENCES device,
    vehicle_id text,
    planned_start timestamptz NOT NULL,
    planned_end timestamptz NOT NULL,
    route jsonb,  -- [[longitude, latitude], ...] in degrees
    corridor_m double precision CHECK (corridor_m > 0),
    depot jsonb,  -- {"longitude_deg", "latitude_deg", "radius_m"}
    state text NOT NULL DEFAULT 'planned',
    revision integer NOT NULL DEFAULT 1,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, trip_id),
    CHECK (planned_end > planned_start)
);
CREATE INDEX trip_by_day ON trip (org_id, planned_start);
CREATE UNIQUE INDEX trips_of_a_device_start_apart ON trip (device_id, planned_start);

CREATE TABLE stop (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    stop_id text NOT NULL CHECK (stop_id <> ''),
    position_no integer NOT NULL CHECK (position_no >= 0),
    outlet_id text,
    longitude_e7 integer NOT NULL CHECK (longitude_e7 BETWEEN -1800000000 AND 1800000000),
    latitude_e7 integer NOT NULL CHECK (latitude_e7 BETWEEN -900000000 AND 900000000),
    radius_m double precision NOT NULL CHECK (radius_m > 0),
    window_start timestamptz,
    window_end timestamptz,
    planned_service_s double precision CHECK (planned_service_s >= 0),
    cases double precision CHECK (cases >= 0),
    PRIMARY KEY (org_id, trip_id, stop_id),
    FOREIGN KEY (org_id, trip_id) REFERENCES trip ON DELETE CASCADE,
    UNIQUE (org_id, trip_id, position_no) DEFERRABLE INITIALLY DEFERRED,
    CHECK (window_end >= window_start)
);
CREATE INDEX stop_by_outlet ON stop (org_id, outlet_id) WHERE outlet_id IS NOT NULL;

CREATE TABLE proof (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    stop_id text NOT NULL,
    captured_at timestamptz NOT NULL,
    longitude_e7 integer CHECK (longitude_e7 BETWEEN -1800000000 AND 1800000000),
    latitude_e7 integer CHECK (latitude_e7 BETWEEN -900000000 AND 900000000),
    accuracy_m double precision CHECK (accuracy_m >= 0),
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, trip_id, stop_id, captured_at),
    FOREIGN KEY (org_id, trip_id, stop_id) REFERENCES stop ON DELETE CASCADE
);

-- From when on the plan says something else, so that what was judged since is judged again. No device means all of the organisation.
CREATE TABLE plan_change (
    plan_change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    org_id integer NOT NULL REFERENCES organisation,
    device_id integer,
    since timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX plan_change_order ON plan_change (xid, plan_change_id);

CREATE FUNCTION note_zone_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    before tstzmultirange := '{}';
    after tstzmultirange := '{}';
BEGIN
    IF TG_OP <> 'INSERT' THEN before := tstzmultirange(OLD.valid); END IF;
    IF TG_OP <> 'DELETE' THEN after := tstzmultirange(NEW.valid); END IF;
    INSERT INTO plan_change (org_id, since)
        VALUES (coalesce(NEW.org_id, OLD.org_id), coalesce(lower((before - after) + (after - before)), '-infinity'));
    PERFORM pg_notify('beatwatch_planned', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER zone_changed AFTER INSERT OR DELETE OR UPDATE OF valid ON zone
    FOR EACH ROW EXECUTE FUNCTION note_zone_change();

CREATE FUNCTION note_trip_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO plan_change (org_id, device_id, since) VALUES (OLD.org_id, OLD.device_id, OLD.planned_start);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO plan_change (org_id, device_id, since) VALUES (NEW.org_id, NEW.device_id, NEW.planned_start);
    END IF;
    PERFORM pg_notify('beatwatch_planned', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER trip_added AFTER INSERT OR DELETE ON trip FOR EACH ROW EXECUTE FUNCTION note_trip_change();
-- A trip's life cycle and its vehicle's name change no conclusion; its plan does, and each new plan is a new revision.
CREATE TRIGGER trip_replanned AFTER UPDATE ON trip FOR EACH ROW
    WHEN (OLD.revision IS DISTINCT FROM NEW.revision OR OLD.device_id <> NEW.device_id)
    EXECUTE FUNCTION note_trip_change();

CREATE FUNCTION note_proof() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO plan_change (org_id, device_id, since)
        SELECT NEW.org_id, trip.device_id, NEW.captured_at
        FROM trip WHERE trip.org_id = NEW.org_id AND trip.trip_id = NEW.trip_id;
    PERFORM pg_notify('beatwatch_planned', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER proof_changed AFTER INSERT OR UPDATE ON proof FOR EACH ROW EXECUTE FUNCTION note_proof();

SELECT fence('zone');
SELECT fence('outlet');
SELECT fence('trip');
SELECT fence('stop');
SELECT fence('proof');
SELECT fence('plan_change');
-- A version only ever gives up a part of its span: what a zone was at a fix time stays.
GRANT SELECT, INSERT, DELETE, UPDATE (valid) ON zone TO beatwatch_worker, beatwatch_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON outlet, trip, stop, proof TO beatwatch_worker, beatwatch_api;
GRANT SELECT, DELETE ON plan_change TO beatwatch_worker;
