-- What is to be told to devices: commands and configuration.
CREATE TABLE downlink (
    downlink_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL,
    device_id integer NOT NULL,
    channel text NOT NULL CHECK (channel IN ('cmd', 'cfg')),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'acknowledged', 'expired')),
    accepted boolean,  -- the device's answer, and why not
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    sent_at timestamptz,  -- last handed to the broker
    sendings integer NOT NULL DEFAULT 0,
    answered_at timestamptz,
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE
);
CREATE INDEX ON downlink (device_id, downlink_id);
CREATE INDEX ON downlink (downlink_id) WHERE state IN ('queued', 'sent');

SELECT fence('downlink');
GRANT SELECT, INSERT, UPDATE ON downlink TO beatwatch_worker, beatwatch_api;

CREATE FUNCTION tell_downlink_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('beatwatch_downlink', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER queued AFTER INSERT ON downlink FOR EACH STATEMENT EXECUTE FUNCTION tell_downlink_queued();
