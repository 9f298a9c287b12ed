-- An alert is about one subject (a device, or a stop) under one rule on one trip, and gathers all events that say so.
CREATE TABLE alert (
    alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    rule text NOT NULL,
    subject text NOT NULL CHECK (subject <> ''),
    trip_id text,
    stop_id text,
    device_id integer REFERENCES device,
    severity text NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved')),
    late boolean NOT NULL DEFAULT false,  -- opened by late data: nobody was paged for it
    event_id text NOT NULL,  -- the newest event of it
    started_at timestamptz NOT NULL,  -- of its first event
    opened_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    assigned_to text,
    snoozed_until timestamptz,
    resolved_at timestamptz,
    resolved_by text,  -- nobody: it resolved itself
    resolution text CHECK (resolution IN ('confirmed', 'false', 'ended', 'superseded')),
    reason text,
    reopened_count integer NOT NULL DEFAULT 0,
    escalation_level integer NOT NULL DEFAULT 0,
    escalate_at timestamptz,  -- unless somebody acknowledges it before
    storm_id bigint,
    changed_at timestamptz NOT NULL,
    UNIQUE (alert_id, org_id),
    FOREIGN KEY (org_id, event_id) REFERENCES event,
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((state = 'resolved') = (resolution IS NOT NULL)),
    CHECK (state <> 'acknowledged' OR acknowledged_at IS NOT NULL)
);
CREATE UNIQUE INDEX one_open_alert ON alert (org_id, rule, subject, coalesce(trip_id, '')) WHERE state <> 'resolved';
CREATE INDEX alert_open ON alert (org_id, severity, opened_at) WHERE state <> 'resolved';
CREATE INDEX alert_by_time ON alert (org_id, opened_at DESC, alert_id);
CREATE INDEX alert_by_trip ON alert (org_id, trip_id) WHERE trip_id IS NOT NULL;
CREATE INDEX alert_to_escalate ON alert (escalate_at) WHERE escalate_at IS NOT NULL;
CREATE INDEX alert_lately_resolved ON alert (org_id, rule, subject, coalesce(trip_id, ''), resolved_at) WHERE state = 'resolved';

-- An event belongs to one alert for good, so that reading it twice adds nothing.
CREATE TABLE alert_event (
    org_id integer NOT NULL,
    event_id text NOT NULL,
    alert_id bigint NOT NULL,
    active boolean NOT NULL,  -- still lasting and held to be true
    PRIMARY KEY (org_id, event_id),
    FOREIGN KEY (alert_id, org_id) REFERENCES alert (alert_id, org_id),
    FOREIGN KEY (org_id, event_id) REFERENCES event
);
CREATE INDEX alert_event_by_alert ON alert_event (alert_id);

-- Who did what to an alert, and what it did by itself.
CREATE TABLE alert_entry (
    alert_entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL,
    alert_id bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text,  -- nobody: the system
    action text NOT NULL,
    note text,
    FOREIGN KEY (alert_id, org_id) REFERENCES alert (alert_id, org_id)
);
CREATE INDEX alert_entry_by_alert ON alert_entry (alert_id, at);

-- Who wants to know what, on which channel: the row for a rule wins over the one for '*'.
CREATE TABLE recipient (
    org_id integer NOT NULL REFERENCES organisation,
    person text NOT NULL CHECK (person <> ''),
    channel text NOT NULL CHECK (channel <> ''),
    rule text NOT NULL DEFAULT '*',
    address text NOT NULL DEFAULT '',
    least_severity text NOT NULL DEFAULT 'medium' CHECK (least_severity IN ('info', 'low', 'medium', 'high', 'critical', 'never')),
    level integer NOT NULL DEFAULT 0 CHECK (level >= 0),  -- 0 hears at once, higher ones when it escalates
    territory text,  -- a zone; nothing means everywhere
    quiet_from time,
    quiet_until time,
    time_zone text NOT NULL DEFAULT 'UTC',
    wants_digest boolean NOT NULL DEFAULT false,
    PRIMARY KEY (org_id, person, channel, rule),
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);

-- When somebody is on duty. A person without any row here always is.
CREATE TABLE duty (
    org_id integer NOT NULL REFERENCES organisation,
    person text NOT NULL,
    span tstzrange NOT NULL CHECK (NOT isempty(span)),
    PRIMARY KEY (org_id, person, span)
);

-- The outbox. A message is written with what caused it and sent afterwards, at least once and decided once.
CREATE TABLE message (
    message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    alert_id bigint,
    stage text NOT NULL,  -- opened, reopened.N, raised.SEVERITY, escalated.N, storm, resolved, digest.DAY
    person text NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    body jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    FOREIGN KEY (alert_id, org_id) REFERENCES alert (alert_id, org_id),
    CONSTRAINT one_message UNIQUE (alert_id, stage, person, channel)
);
CREATE UNIQUE INDEX one_message_without_alert ON message (org_id, stage, person, channel) WHERE alert_id IS NULL;
CREATE INDEX message_due ON message (next_attempt_at) WHERE state = 'pending';

CREATE TABLE delivery (
    message_id bigint NOT NULL REFERENCES message,
    attempt integer NOT NULL,
    org_id integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('delivered', 'failed')),
    detail text NOT NULL,
    PRIMARY KEY (message_id, attempt)
);

-- How far the events have been read, in the order of (change_xid, change_no).
CREATE TABLE alert_cursor (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    change_xid bigint NOT NULL DEFAULT 0,
    change_no bigint NOT NULL DEFAULT 0
);
INSERT INTO alert_cursor DEFAULT VALUES;

SELECT fence(name::regclass)
FROM unnest(ARRAY['alert', 'alert_event', 'alert_entry', 'recipient', 'duty', 'message', 'delivery']) AS name;
GRANT SELECT, INSERT, UPDATE ON alert, alert_event, message TO beatwatch_worker;
GRANT SELECT, INSERT ON alert_entry, delivery TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON recipient, duty TO beatwatch_worker, beatwatch_api;
GRANT SELECT, UPDATE ON alert_cursor TO beatwatch_worker;
GRANT SELECT ON alert, alert_event, alert_entry, message, delivery TO beatwatch_api;
GRANT UPDATE (state, acknowledged_at, acknowledged_by, assigned_to, snoozed_until, resolved_at, resolved_by, resolution, reason,
    escalate_at, changed_at) ON alert TO beatwatch_api;
GRANT INSERT ON alert_entry TO beatwatch_api;
GRANT UPDATE (state, next_attempt_at) ON message TO beatwatch_api;
