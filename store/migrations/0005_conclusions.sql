-- What the engine concluded. The same evidence gives the same event_id, so storing it again changes nothing.
CREATE SEQUENCE conclusion_change_no;

CREATE TABLE event (
    org_id integer NOT NULL REFERENCES organisation,
    event_id text NOT NULL CHECK (event_id <> ''),
    rule text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
    device_id integer NOT NULL REFERENCES device,
    trip_id text,
    stop_id text,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    detected_at timestamptz NOT NULL,  -- the fix or tick that decided
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    late boolean NOT NULL DEFAULT false,  -- found by data that came after it should have been known
    supersedes text,
    superseded_at timestamptz,  -- set: no longer held to be true; the row stays
    superseded_because text CHECK (superseded_because IN ('late_data', 'replanned', 'withdrawn')),
    facts jsonb NOT NULL DEFAULT '{}',
    stored_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    change_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    change_no bigint NOT NULL DEFAULT nextval('conclusion_change_no'),
    PRIMARY KEY (org_id, event_id),
    CHECK (ended_at >= started_at),
    CHECK ((superseded_at IS NULL) = (superseded_because IS NULL))
);
CREATE INDEX event_change_order ON event (change_xid, change_no);
CREATE INDEX event_by_time ON event (org_id, started_at DESC, event_id);
CREATE INDEX event_by_trip ON event (org_id, trip_id, started_at) WHERE trip_id IS NOT NULL;
CREATE INDEX event_by_device_change ON event (device_id, change_no);

-- What is concluded stays what it was; it may end, gain evidence or be superseded.
CREATE FUNCTION refuse_other_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.org_id, OLD.event_id, OLD.rule, OLD.device_id, OLD.started_at)
        IS DISTINCT FROM (NEW.org_id, NEW.event_id, NEW.rule, NEW.device_id, NEW.started_at) THEN
        RAISE EXCEPTION 'event % is superseded by another event, never edited into one', OLD.event_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER event_identity_stays BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION refuse_other_event();

CREATE TABLE visit (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    stop_id text NOT NULL,
    device_id integer NOT NULL REFERENCES device,
    state text NOT NULL,
    arrived_at timestamptz,
    departed_at timestamptz,
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    facts jsonb NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL DEFAULT now(),
    change_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    change_no bigint NOT NULL DEFAULT nextval('conclusion_change_no'),
    PRIMARY KEY (org_id, trip_id, stop_id),
    FOREIGN KEY (org_id, trip_id, stop_id) REFERENCES stop ON DELETE CASCADE,
    CHECK (departed_at >= arrived_at)
);
CREATE INDEX visit_by_device_change ON visit (device_id, change_no);
CREATE INDEX visit_change_order ON visit (change_xid, change_no);

-- Every form a conclusion had, so that what was concluded by the time of a checkpoint is known. No form: it was taken back.
CREATE TABLE conclusion_form (
    device_id integer NOT NULL REFERENCES device,
    change_no bigint NOT NULL,
    org_id integer NOT NULL REFERENCES organisation,
    event_id text,
    trip_id text,
    stop_id text,
    form jsonb,
    PRIMARY KEY (device_id, change_no),
    CHECK ((event_id IS NULL) <> (stop_id IS NULL))
);

CREATE FUNCTION keep_event_form() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO conclusion_form (device_id, change_no, org_id, event_id, form)
    VALUES (NEW.device_id, NEW.change_no, NEW.org_id, NEW.event_id,
        CASE WHEN NEW.superseded_at IS NULL THEN
            to_jsonb(NEW) - ARRAY['stored_at', 'changed_at', 'change_xid', 'change_no', 'superseded_at', 'superseded_because'] END);
    RETURN NULL;
END
$$;
CREATE TRIGGER event_form AFTER INSERT OR UPDATE ON event FOR EACH ROW EXECUTE FUNCTION keep_event_form();

CREATE FUNCTION keep_visit_form() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO conclusion_form (device_id, change_no, org_id, trip_id, stop_id, form)
    VALUES (NEW.device_id, NEW.change_no, NEW.org_id, NEW.trip_id, NEW.stop_id,
        to_jsonb(NEW) - ARRAY['changed_at', 'change_xid', 'change_no']);
    RETURN NULL;
END
$$;
CREATE TRIGGER visit_form AFTER INSERT OR UPDATE ON visit FOR EACH ROW EXECUTE FUNCTION keep_visit_form();

-- The engine's state of a device after `at`, and the last change that state had led to.
CREATE TABLE checkpoint (
    device_id integer NOT NULL REFERENCES device,
    at timestamptz NOT NULL,
    org_id integer NOT NULL REFERENCES organisation,
    change_no bigint NOT NULL,
    state bytea NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device_id, at)
);

-- How far each lane of devices has been judged, in the orders of ingest_batch and plan_change.
CREATE TABLE geofence_lane (
    lane smallint PRIMARY KEY CHECK (lane BETWEEN 0 AND 63),
    batch_cursor bigint NOT NULL DEFAULT 0,
    plan_cursor bigint NOT NULL DEFAULT 0,
    moved_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO geofence_lane (lane) SELECT generate_series(0, 63);

-- Event time of an organisation as a lane saw it: the newest fix, when that was received, and the last tick.
CREATE TABLE geofence_clock (
    lane smallint NOT NULL REFERENCES geofence_lane,
    org_id integer NOT NULL REFERENCES organisation,
    newest_fix_at timestamptz NOT NULL,
    newest_stored_at timestamptz NOT NULL,
    ticked_at timestamptz,
    PRIMARY KEY (lane, org_id)
);

SELECT fence(name::regclass) FROM unnest(ARRAY['event', 'visit', 'conclusion_form', 'checkpoint', 'geofence_clock']) AS name;
GRANT SELECT, INSERT, UPDATE ON event, geofence_clock TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON visit, checkpoint TO beatwatch_worker;
GRANT SELECT, DELETE ON conclusion_form TO beatwatch_worker;
GRANT SELECT, UPDATE ON geofence_lane TO beatwatch_worker;
GRANT USAGE ON SEQUENCE conclusion_change_no TO beatwatch_worker;
GRANT SELECT ON event, visit TO beatwatch_api;
GRANT SELECT ON geofence_lane, geofence_clock TO beatwatch_api;
