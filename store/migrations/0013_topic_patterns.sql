-- Which topics carry which format, and whose they are. One broker serves all organisations, so patterns belong to the
-- installation and only its administrators see them.
CREATE TABLE topic_pattern (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    pattern text NOT NULL CHECK (pattern <> ''),
    format text NOT NULL,
    device text NOT NULL,  -- template over the placeholders; empty: only the payload names the device
    tenant text,  -- likewise, or the slug of an organisation; null: the device's identity tells
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ON topic_pattern (pattern);

-- Filters that no pattern needs any more: a session at the broker keeps its subscriptions until it is told otherwise.
CREATE TABLE dropped_pattern (
    pattern text PRIMARY KEY,
    dropped_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION note_dropped_pattern() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dropped_pattern (pattern) VALUES (OLD.pattern) ON CONFLICT (pattern) DO UPDATE SET dropped_at = now();
    RETURN NULL;
END
$$;

INSERT INTO topic_pattern (name, pattern, format, device, tenant) VALUES
    ('beatwatch-pos', 'bw/1/{tenant}/{device}/pos', 'beatwatch', '{device}', '{tenant}'),
    ('beatwatch-sensor', 'bw/1/{tenant}/{device}/sensor', 'beatwatch', '{device}', '{tenant}'),
    ('beatwatch-event', 'bw/1/{tenant}/{device}/event', 'beatwatch', '{device}', '{tenant}'),
    ('beatwatch-status', 'bw/1/{tenant}/{device}/status', 'beatwatch', '{device}', '{tenant}'),
    ('beatwatch-ack', 'bw/1/{tenant}/{device}/ack', 'beatwatch', '{device}', '{tenant}'),
    ('teltonika', '{device}/data', 'teltonika-any', '{device}', NULL),
    ('ais140', 'ais140/{device}/raw', 'ais140', '{device}', NULL),
    ('traccar', 'traccar/positions', 'traccar', '', NULL),
    ('owntracks', 'owntracks/{user}/{phone}', 'owntracks', '{user}:{phone}', NULL),
    ('owntracks-event', 'owntracks/{user}/{phone}/event', 'owntracks', '{user}:{phone}', NULL),
    ('owntracks-waypoint', 'owntracks/{user}/{phone}/waypoint', 'owntracks', '{user}:{phone}', NULL),
    ('owntracks-waypoints', 'owntracks/{user}/{phone}/waypoints', 'owntracks', '{user}:{phone}', NULL),
    ('owntracks-status', 'owntracks/{user}/{phone}/status', 'owntracks', '{user}:{phone}', NULL),
    ('chirpstack', 'application/{app}/device/{device}/event/{event}', 'chirpstack', '{device}', NULL),
    ('ttn-up', 'v3/{app}/devices/{device}/up', 'ttn', '{device}', NULL),
    ('ttn-join', 'v3/{app}/devices/{device}/join', 'ttn', '{device}', NULL),
    ('senml', 'senml/{device}', 'senml', '{device}', NULL),
    ('sparkplug-nbirth', 'spBv1.0/{group}/NBIRTH/{edge}', 'sparkplug', '{group}:{edge}', NULL),
    ('sparkplug-ndata', 'spBv1.0/{group}/NDATA/{edge}', 'sparkplug', '{group}:{edge}', NULL),
    ('sparkplug-ndeath', 'spBv1.0/{group}/NDEATH/{edge}', 'sparkplug', '{group}:{edge}', NULL),
    ('sparkplug-dbirth', 'spBv1.0/{group}/DBIRTH/{edge}/{node}', 'sparkplug', '{group}:{edge}:{node}', NULL),
    ('sparkplug-ddata', 'spBv1.0/{group}/DDATA/{edge}/{node}', 'sparkplug', '{group}:{edge}:{node}', NULL),
    ('sparkplug-ddeath', 'spBv1.0/{group}/DDEATH/{edge}/{node}', 'sparkplug', '{group}:{edge}:{node}', NULL),
    ('zigbee2mqtt', 'zigbee2mqtt/{device}', 'zigbee2mqtt', '{device}', NULL),
    ('zigbee2mqtt-availability', 'zigbee2mqtt/{device}/availability', 'zigbee2mqtt', '{device}', NULL),
    ('gt06', 'gt06/{device}/raw', 'gt06', '{device}', NULL);

CREATE TRIGGER dropped AFTER DELETE ON topic_pattern FOR EACH ROW EXECUTE FUNCTION note_dropped_pattern();
CREATE TRIGGER renamed AFTER UPDATE OF pattern ON topic_pattern
    FOR EACH ROW WHEN (OLD.pattern <> NEW.pattern) EXECUTE FUNCTION note_dropped_pattern();

CREATE FUNCTION tell_patterns_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('beatwatch_patterns', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON topic_pattern
    FOR EACH STATEMENT EXECUTE FUNCTION tell_patterns_changed();

GRANT SELECT ON topic_pattern, dropped_pattern TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON topic_pattern TO beatwatch_api;
GRANT INSERT, SELECT, UPDATE ON dropped_pattern TO beatwatch_api;
