-- Devices, who they are in each payload format, how they log in, and what they are mounted on.
CREATE TABLE device (
    device_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    device_key text NOT NULL CHECK (device_key <> ''),
    model text,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    adopted boolean NOT NULL DEFAULT false,  -- it reported before anybody had registered it
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, device_key),
    UNIQUE (device_id, org_id)
);

-- A device of a foreign format is known by what its payload or topic calls it; ours by organisation and device_key.
CREATE TABLE device_identity (
    format text NOT NULL,
    external_id text NOT NULL,
    device_id integer NOT NULL,
    org_id integer NOT NULL,
    PRIMARY KEY (format, external_id),
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE
);
CREATE INDEX ON device_identity (device_id);

-- Apart from device, so that who may list devices need not see what protects them.
CREATE TABLE device_credential (
    device_id integer PRIMARY KEY,
    org_id integer NOT NULL,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,  -- as mosquitto's password file has it
    issued_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE
);

CREATE TABLE vehicle (
    org_id integer NOT NULL REFERENCES organisation,
    vehicle_id text NOT NULL CHECK (vehicle_id <> ''),
    registration text,
    name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, vehicle_id)
);

-- A reading belongs to what its device was on at the time of the fix.
CREATE TABLE device_assignment (
    device_id integer NOT NULL,
    org_id integer NOT NULL,
    vehicle_id text,
    shelf_id text,
    asset_id text,
    valid tstzrange NOT NULL CHECK (NOT isempty(valid)),
    CHECK (num_nonnulls(vehicle_id, shelf_id, asset_id) = 1),
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, vehicle_id) REFERENCES vehicle,
    -- int4range instead of plain equality spares the btree_gist extension
    CONSTRAINT device_is_on_one_thing_at_a_time
        EXCLUDE USING gist (int4range(device_id, device_id, '[]') WITH &&, valid WITH &&)
);
CREATE INDEX ON device_assignment (org_id, vehicle_id);

SELECT fence(name::regclass)
FROM unnest(ARRAY['device', 'device_identity', 'device_credential', 'vehicle', 'device_assignment']) AS name;

GRANT SELECT, INSERT, UPDATE, DELETE ON device, device_identity, device_credential, vehicle, device_assignment TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON device, device_identity, vehicle, device_assignment TO beatwatch_api;
GRANT SELECT (device_id, org_id, username, issued_at), INSERT, UPDATE, DELETE ON device_credential TO beatwatch_api;

-- Ingest forgets what it remembered of devices, and the broker's password file is written again.
CREATE FUNCTION tell_devices_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('beatwatch_devices', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON device
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON device_identity
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON device_credential
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
