-- How payloads of a model, or of one device, differ from what their format usually says: wiring, units, a vendor's habits.
CREATE TABLE payload_profile (
    org_id integer NOT NULL REFERENCES organisation,
    format text NOT NULL,
    scope text NOT NULL CHECK (scope IN ('model', 'device')),
    name text NOT NULL CHECK (name <> ''),  -- the model, or the device's key
    settings jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object'),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, format, scope, name)
);

SELECT fence('payload_profile');
GRANT SELECT ON payload_profile TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON payload_profile TO beatwatch_api;

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON payload_profile
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
