-- Organisations, devices, people, zones and trips say when they were changed, and how often, as all other records do.
ALTER TABLE organisation
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN revision integer NOT NULL DEFAULT 1;
ALTER TABLE device
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN revision integer NOT NULL DEFAULT 1;
ALTER TABLE person
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN revision integer NOT NULL DEFAULT 1;
ALTER TABLE zone ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE trip ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX ON device (org_id, changed_at);
CREATE INDEX ON zone (org_id, changed_at);
CREATE INDEX ON trip (org_id, changed_at);
CREATE INDEX ON visit (changed_at);
CREATE INDEX ON event (org_id, changed_at);
CREATE INDEX ON alert (org_id, changed_at);
GRANT SELECT (changed_at, revision) ON person TO beatwatch_api;

-- A trip's revision counts its plans, a zone has versions: they only say when.
CREATE FUNCTION note_time_of_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER record_changes BEFORE UPDATE ON organisation FOR EACH ROW EXECUTE FUNCTION note_record_change();
CREATE TRIGGER record_changes BEFORE UPDATE ON device FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION note_record_change();
-- Trying to sign in changes nobody; being locked out does.
CREATE TRIGGER record_changes BEFORE UPDATE ON person FOR EACH ROW
    WHEN ((OLD.name, OLD.role, OLD.state, OLD.password_hash, OLD.locked_until)
        IS DISTINCT FROM (NEW.name, NEW.role, NEW.state, NEW.password_hash, NEW.locked_until))
    EXECUTE FUNCTION note_record_change();
CREATE TRIGGER record_changes BEFORE UPDATE ON zone FOR EACH ROW EXECUTE FUNCTION note_time_of_change();
CREATE TRIGGER record_changes BEFORE UPDATE ON trip FOR EACH ROW EXECUTE FUNCTION note_time_of_change();

-- What a device is on is shown with it.
CREATE FUNCTION note_assignment_of_device() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE device SET changed_at = now() WHERE device_id = CASE TG_OP WHEN 'DELETE' THEN OLD.device_id ELSE NEW.device_id END;
    RETURN NULL;
END
$$;
CREATE TRIGGER device_changes AFTER INSERT OR UPDATE OR DELETE ON device_assignment
    FOR EACH ROW EXECUTE FUNCTION note_assignment_of_device();

-- Alerts carry the time of the service that handles them: whoever asks for changes needs that of the transaction.
CREATE OR REPLACE FUNCTION note_alert_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.change_xid := pg_current_xact_id();
    NEW.changed_at := greatest(NEW.changed_at, now());
    RETURN NEW;
END
$$;
CREATE TRIGGER alert_is_new BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION note_alert_change();
