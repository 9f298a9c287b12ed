-- By state of a visit: the fix that decided it, and the zones around.
ALTER TABLE visit ADD COLUMN evidence jsonb NOT NULL DEFAULT '{}';

-- An event that the fleet excuses (a jam, a closed road) is not held to be true, as long as the fleet does.
ALTER TABLE event DROP CONSTRAINT event_superseded_because_check;
ALTER TABLE event ADD CONSTRAINT event_superseded_because_check
    CHECK (superseded_because IN ('late_data', 'replanned', 'withdrawn', 'excused'));

-- What is excused is concluded all the same.
CREATE OR REPLACE FUNCTION keep_event_form() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO conclusion_form (device_id, change_no, org_id, event_id, form)
    VALUES (NEW.device_id, NEW.change_no, NEW.org_id, NEW.event_id,
        CASE WHEN NEW.superseded_at IS NULL OR NEW.superseded_because = 'excused' THEN
            to_jsonb(NEW) - ARRAY['stored_at', 'changed_at', 'change_xid', 'change_no', 'superseded_at', 'superseded_because'] END);
    RETURN NULL;
END
$$;

-- What devices did that others of the fleet may have done, too. Which events that excuses depends on all of them together.
CREATE TABLE alike (
    org_id integer NOT NULL REFERENCES organisation,
    alike_id text NOT NULL,
    kind text NOT NULL,
    device_id integer NOT NULL REFERENCES device,
    at timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    longitude_e7 integer NOT NULL,
    latitude_e7 integer NOT NULL,
    event_id text,
    vehicles integer NOT NULL,
    within_m double precision NOT NULL,
    within_s double precision NOT NULL,
    course_deg double precision,
    cell_x integer NOT NULL GENERATED ALWAYS AS (longitude_e7 / 1000000) STORED,
    cell_y integer NOT NULL GENERATED ALWAYS AS (latitude_e7 / 1000000) STORED,
    PRIMARY KEY (org_id, alike_id)
);
CREATE INDEX alike_by_place ON alike (org_id, kind, cell_x, cell_y, at);
CREATE INDEX alike_of_device ON alike (device_id, decided_at);

-- Rules that raised: each was isolated, so that telemetry and the other rules went on.
CREATE TABLE rule_fault (
    org_id integer NOT NULL REFERENCES organisation,
    rule text NOT NULL,
    error text NOT NULL,
    device_key text NOT NULL,  -- of the last one
    count bigint NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, rule, error)
);

-- A deviation from the planned route: from where it was left to where it was met again.
CREATE VIEW deviation WITH (security_invoker = true) AS
SELECT org_id, event_id, device_id, trip_id, severity, started_at, ended_at, detected_at, change_no,
    (facts ->> 'peak_m')::double precision AS peak_m,
    (facts ->> 'extra_m')::double precision AS extra_m,
    (facts ->> 'left_at_m')::double precision AS left_at_m,
    (facts ->> 'longitude_deg')::double precision AS longitude_deg,
    (facts ->> 'latitude_deg')::double precision AS latitude_deg,
    (facts ->> 'rejoined_at_m')::double precision AS rejoined_at_m,
    (facts ->> 'rejoined_longitude_deg')::double precision AS rejoined_longitude_deg,
    (facts ->> 'rejoined_latitude_deg')::double precision AS rejoined_latitude_deg,
    coalesce(facts ->> 'reason', 'unknown') AS reason,
    superseded_because = 'excused' AS is_excused
FROM event
WHERE rule = 'route_deviation' AND (superseded_at IS NULL OR superseded_because = 'excused');

SELECT fence('alike');
SELECT fence('rule_fault');
GRANT SELECT, INSERT, UPDATE, DELETE ON alike TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE ON rule_fault TO beatwatch_worker;
GRANT SELECT ON rule_fault, deviation TO beatwatch_api;
