-- Schedules of an organisation's own rules go by its clock.
ALTER TABLE organisation ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC' CHECK (time_zone <> '');
GRANT UPDATE (time_zone) ON organisation TO beatwatch_api;

-- Rules that people write: an expression over facts. Each change is a version; one is tried before it is switched on.
CREATE TABLE own_rule (
    org_id integer NOT NULL REFERENCES organisation,
    rule_id text NOT NULL CHECK (rule_id ~ '^[a-z][a-z0-9_]{0,39}$'),
    version integer NOT NULL DEFAULT 0,  -- the newest one
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    PRIMARY KEY (org_id, rule_id)
);

CREATE TABLE own_rule_version (
    org_id integer NOT NULL,
    rule_id text NOT NULL,
    version integer NOT NULL,
    definition jsonb NOT NULL,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'tried', 'on', 'off', 'suspended')),
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    tried_at timestamptz,
    tried_by text,
    trial jsonb,  -- what it would have told
    PRIMARY KEY (org_id, rule_id, version),
    FOREIGN KEY (org_id, rule_id) REFERENCES own_rule,
    CHECK (state = 'draft' OR tried_at IS NOT NULL),
    CHECK ((tried_at IS NULL) = (trial IS NULL))
);
CREATE UNIQUE INDEX one_version_is_on ON own_rule_version (org_id, rule_id) WHERE state = 'on';

-- When which version was on, by fix time. A rule that is switched off and on again has two spans.
CREATE TABLE own_rule_span (
    org_id integer NOT NULL,
    rule_id text NOT NULL,
    version integer NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    started_by text NOT NULL,
    ended_by text,
    because text,  -- why it ended, where nobody switched it off
    PRIMARY KEY (org_id, rule_id, version, since),
    FOREIGN KEY (org_id, rule_id, version) REFERENCES own_rule_version,
    CHECK (until >= since)
);
CREATE UNIQUE INDEX one_span_is_open ON own_rule_span (org_id, rule_id) WHERE until IS NULL;

-- What the rules remember of a device after its reading of `at`.
CREATE TABLE own_rule_checkpoint (
    device_id integer NOT NULL REFERENCES device,
    series text NOT NULL CHECK (series IN ('position', 'sensor')),
    at timestamptz NOT NULL,
    org_id integer NOT NULL REFERENCES organisation,
    state jsonb NOT NULL,
    PRIMARY KEY (device_id, series, at)
);

-- How far readings and plans have been judged by own rules, in the orders of ingest_batch and plan_change.
CREATE TABLE own_rule_cursor (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    batch_cursor bigint NOT NULL DEFAULT 0,
    plan_cursor bigint NOT NULL DEFAULT 0
);
INSERT INTO own_rule_cursor DEFAULT VALUES;

SELECT fence(name::regclass) FROM unnest(ARRAY['own_rule', 'own_rule_version', 'own_rule_span', 'own_rule_checkpoint']) AS name;
GRANT SELECT, INSERT, UPDATE ON own_rule, own_rule_version, own_rule_span TO beatwatch_api;
GRANT SELECT ON own_rule, own_rule_version, own_rule_span TO beatwatch_worker;
GRANT UPDATE (state) ON own_rule_version TO beatwatch_worker;
GRANT UPDATE (until, ended_by, because) ON own_rule_span TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON own_rule_checkpoint TO beatwatch_worker;
GRANT SELECT, UPDATE ON own_rule_cursor TO beatwatch_worker;
