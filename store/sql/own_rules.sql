-- name: list_rules
SELECT rule.org_id, rule.rule_id, rule.made_at, rule.made_by, version.version, version.definition, version.state,
    version.made_at AS changed_at, version.made_by AS changed_by, version.tried_at, version.tried_by, version.trial,
    span.version AS on_version, span.since AS on_since, span.started_by AS on_by, last.until AS off_since, last.ended_by AS off_by,
    last.because AS off_because, rule.changed_at AS followed_at
FROM own_rule rule
JOIN own_rule_version version ON version.org_id = rule.org_id AND version.rule_id = rule.rule_id AND version.version = rule.version
LEFT JOIN own_rule_span span ON span.org_id = rule.org_id AND span.rule_id = rule.rule_id AND span.until IS NULL
LEFT JOIN LATERAL (
    SELECT until, ended_by, because FROM own_rule_span ended
    WHERE ended.org_id = rule.org_id AND ended.rule_id = rule.rule_id AND ended.until IS NOT NULL
    ORDER BY until DESC LIMIT 1
) last ON span.since IS NULL
WHERE rule.org_id = %(org_id)s AND (%(rule_id)s::text IS NULL OR rule.rule_id = %(rule_id)s)
    AND (%(state)s::text IS NULL OR version.state = %(state)s)
    AND {part}

-- name: list_versions
SELECT version, definition, state, made_at, made_by, tried_at, tried_by FROM own_rule_version
WHERE org_id = %(org_id)s AND rule_id = %(rule_id)s ORDER BY version DESC

-- name: list_spans
SELECT version, since, until, started_by, ended_by, because FROM own_rule_span
WHERE org_id = %(org_id)s AND rule_id = %(rule_id)s ORDER BY since DESC

-- name: lock_rule
SELECT version FROM own_rule WHERE org_id = %(org_id)s AND rule_id = %(rule_id)s FOR UPDATE

-- name: insert_rule
INSERT INTO own_rule (org_id, rule_id, made_at, made_by) VALUES (%(org_id)s, %(rule_id)s, %(now)s, %(actor)s)
ON CONFLICT DO NOTHING
RETURNING version

-- name: insert_version
WITH numbered AS (
    UPDATE own_rule SET version = version + 1 WHERE org_id = %(org_id)s AND rule_id = %(rule_id)s RETURNING version
)
INSERT INTO own_rule_version (org_id, rule_id, version, definition, made_at, made_by)
SELECT %(org_id)s, %(rule_id)s, version, %(definition)s, %(now)s, %(actor)s FROM numbered
RETURNING version

-- name: note_trial
UPDATE own_rule_version SET tried_at = %(now)s, tried_by = %(actor)s, trial = %(trial)s,
    state = CASE WHEN state = 'draft' THEN 'tried' ELSE state END
WHERE org_id = %(org_id)s AND rule_id = %(rule_id)s AND version = %(version)s

-- name: end_span
UPDATE own_rule_span SET until = greatest(since, %(now)s), ended_by = %(actor)s, because = %(because)s
WHERE org_id = %(org_id)s AND rule_id = %(rule_id)s AND until IS NULL
RETURNING version

-- name: set_state
UPDATE own_rule_version SET state = %(state)s WHERE org_id = %(org_id)s AND rule_id = %(rule_id)s AND version = %(version)s

-- name: begin_span
INSERT INTO own_rule_span (org_id, rule_id, version, since, started_by)
VALUES (%(org_id)s, %(rule_id)s, %(version)s, %(since)s, %(actor)s)

-- name: tell_changed
SELECT pg_notify('beatwatch_own_rules', %(org_id)s::text)

-- name: active_rules
-- Also what was on until lately: late readings are judged by what was on at their time.
SELECT span.org_id, span.rule_id, span.version, span.since, span.until, version.definition, organisation.time_zone
FROM own_rule_span span
JOIN own_rule_version version USING (org_id, rule_id, version)
JOIN organisation USING (org_id)
WHERE span.until IS NULL OR span.until > %(now)s::timestamptz - interval '31 days'
ORDER BY span.org_id, span.rule_id, span.since

-- name: time_zone
SELECT time_zone FROM organisation WHERE org_id = %(org_id)s

-- name: count_devices
SELECT device.device_id, device.device_key FROM device
WHERE device.org_id = %(org_id)s AND device.state = 'active'
ORDER BY device.device_id
