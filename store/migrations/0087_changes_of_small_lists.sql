-- Small lists, too, say when their rows were changed, so that whoever follows them misses nothing.
ALTER TABLE recipient ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE duty ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE push_subscription ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE device_assignment ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE message ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE webhook_message ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE own_rule ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE observed_stock ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE suppressor
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN revision integer NOT NULL DEFAULT 1;
ALTER TABLE webhook
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN revision integer NOT NULL DEFAULT 1;
GRANT SELECT (changed_at, revision) ON webhook TO beatwatch_api;

CREATE INDEX ON observed_stock USING brin (stored_at);  -- stored in the order of time
CREATE INDEX ON message (org_id, changed_at);
CREATE INDEX ON webhook_message (webhook_id, changed_at);

DO $$
DECLARE
    changing regclass;
BEGIN
    FOREACH changing IN ARRAY ARRAY['recipient', 'duty', 'push_subscription', 'device_assignment', 'message', 'webhook_message']::regclass[] LOOP
        EXECUTE format('CREATE TRIGGER changes BEFORE UPDATE ON %s FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)'
                       ' EXECUTE FUNCTION note_change()', changing);
    END LOOP;
END
$$;
CREATE TRIGGER record_changes BEFORE UPDATE ON suppressor FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION note_record_change();
-- That it was told something is no change of what people said of a webhook; that it was disabled is.
CREATE TRIGGER record_changes BEFORE UPDATE ON webhook FOR EACH ROW
    WHEN ((OLD.url, OLD.topics, OLD.secret, OLD.state) IS DISTINCT FROM (NEW.url, NEW.topics, NEW.secret, NEW.state))
    EXECUTE FUNCTION note_record_change();
CREATE TRIGGER changes BEFORE UPDATE ON own_rule FOR EACH ROW EXECUTE FUNCTION note_change();

CREATE FUNCTION note_seen_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.stored_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER changes BEFORE UPDATE ON observed_stock FOR EACH ROW EXECUTE FUNCTION note_seen_again();

-- A rule is shown with its newest version and when it is on: what becomes of these is a change of the rule.
CREATE FUNCTION note_change_of_own_rule() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE own_rule SET changed_at = now() WHERE org_id = NEW.org_id AND rule_id = NEW.rule_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER rule_changes AFTER INSERT OR UPDATE ON own_rule_version FOR EACH ROW EXECUTE FUNCTION note_change_of_own_rule();
CREATE TRIGGER rule_changes AFTER INSERT OR UPDATE ON own_rule_span FOR EACH ROW EXECUTE FUNCTION note_change_of_own_rule();

CREATE OR REPLACE VIEW deviation WITH (security_invoker = true) AS
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
    superseded_because = 'excused' AS is_excused,
    changed_at
FROM event
WHERE rule = 'route_deviation' AND (superseded_at IS NULL OR superseded_because = 'excused');

-- What is loaded and what comes back is changed by several people at once: for them it is the trip that changes.
CREATE FUNCTION note_change_of_trip() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE trip SET changed_at = now() WHERE org_id = NEW.org_id AND trip_id = NEW.trip_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER trip_changes AFTER INSERT OR UPDATE ON load_out FOR EACH ROW EXECUTE FUNCTION note_change_of_trip();
CREATE TRIGGER trip_changes AFTER INSERT OR UPDATE ON settlement FOR EACH ROW EXECUTE FUNCTION note_change_of_trip();
REVOKE EXECUTE ON FUNCTION note_change_of_trip, note_change_of_own_rule FROM PUBLIC;
