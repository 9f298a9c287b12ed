-- name: upsert_event
INSERT INTO event (org_id, event_id, rule, severity, device_id, trip_id, stop_id, started_at, ended_at, detected_at, confidence,
    late, supersedes, facts)
VALUES (%(org_id)s, %(event_id)s, %(rule)s, %(severity)s, %(device_id)s, %(trip_id)s, %(stop_id)s, %(started_at)s, %(ended_at)s,
    %(detected_at)s, %(confidence)s, %(late)s, %(supersedes)s, %(facts)s)
ON CONFLICT (org_id, event_id) DO UPDATE SET
    severity = excluded.severity, trip_id = excluded.trip_id, stop_id = excluded.stop_id, ended_at = excluded.ended_at,
    detected_at = excluded.detected_at, confidence = excluded.confidence, facts = excluded.facts,
    late = event.late OR (event.superseded_at IS NOT NULL AND event.superseded_because <> 'excused' AND excluded.late),
    superseded_at = CASE WHEN event.superseded_because = 'excused' THEN event.superseded_at END,
    superseded_because = CASE WHEN event.superseded_because = 'excused' THEN event.superseded_because END,
    changed_at = now(), change_xid = pg_current_xact_id(), change_no = excluded.change_no
WHERE event.superseded_because <> 'excused'
    OR (event.severity, event.trip_id, event.stop_id, event.ended_at, event.detected_at, event.confidence, event.facts)
        IS DISTINCT FROM (excluded.severity, excluded.trip_id, excluded.stop_id, excluded.ended_at, excluded.detected_at,
            excluded.confidence, excluded.facts)

-- name: supersede_events
UPDATE event SET superseded_at = now(), superseded_because = %(because)s, changed_at = now(),
    change_xid = pg_current_xact_id(), change_no = nextval('conclusion_change_no')
WHERE org_id = %(org_id)s AND event_id = ANY (%(event_ids)s) AND (superseded_at IS NULL OR superseded_because = 'excused')

-- name: withdraw_events
UPDATE event SET superseded_at = now(), superseded_because = 'withdrawn', facts = facts || jsonb_build_object('withdrawn', given.reason),
    changed_at = now(), change_xid = pg_current_xact_id(), change_no = nextval('conclusion_change_no')
FROM unnest(%(event_ids)s::text[], %(reasons)s::text[]) AS given (event_id, reason)
WHERE event.org_id = %(org_id)s AND event.event_id = given.event_id
    AND (event.superseded_at IS NULL OR event.superseded_because = 'excused')

-- name: upsert_visit
-- A stop that has been planned away in the meantime has no visit.
INSERT INTO visit (org_id, trip_id, stop_id, device_id, state, arrived_at, departed_at, confidence, facts, evidence)
SELECT %(org_id)s, %(trip_id)s, %(stop_id)s, %(device_id)s, %(state)s, %(arrived_at)s, %(departed_at)s, %(confidence)s, %(facts)s,
    %(evidence)s
FROM stop WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND stop_id = %(stop_id)s
FOR KEY SHARE
ON CONFLICT (org_id, trip_id, stop_id) DO UPDATE SET
    device_id = excluded.device_id, state = excluded.state, arrived_at = excluded.arrived_at, departed_at = excluded.departed_at,
    confidence = excluded.confidence, facts = excluded.facts,
    evidence = CASE WHEN %(is_whole)s THEN excluded.evidence ELSE visit.evidence || excluded.evidence END,
    changed_at = now(), change_xid = pg_current_xact_id(), change_no = excluded.change_no
WHERE (visit.device_id, visit.state, visit.arrived_at, visit.departed_at, visit.confidence, visit.facts, visit.evidence)
    IS DISTINCT FROM (excluded.device_id, excluded.state, excluded.arrived_at, excluded.departed_at, excluded.confidence,
        excluded.facts, CASE WHEN %(is_whole)s THEN excluded.evidence ELSE visit.evidence || excluded.evidence END)

-- name: events_changed_after
-- A replay overturns what its own rules concluded, and nothing of others': a settlement is judged when it is handed in.
SELECT event.* FROM event JOIN unnest(%(device_ids)s::integer[], %(change_nos)s::bigint[]) AS known (device_id, change_no) USING (device_id)
WHERE event.change_no > known.change_no AND (event.rule = ANY (%(rules)s::text[])) = %(among)s
    AND (%(among)s OR NOT starts_with(event.rule, 'own_'))

-- name: visits_changed_after
SELECT visit.* FROM visit JOIN unnest(%(device_ids)s::integer[], %(change_nos)s::bigint[]) AS known (device_id, change_no) USING (device_id)
WHERE visit.change_no > known.change_no

-- name: event_forms_at
SELECT DISTINCT ON (form.org_id, form.event_id) form.device_id, form.event_id, form.form
FROM conclusion_form form JOIN unnest(%(device_ids)s::integer[], %(change_nos)s::bigint[]) AS known (device_id, change_no) USING (device_id)
WHERE form.change_no <= known.change_no AND form.event_id = ANY (%(event_ids)s)
ORDER BY form.org_id, form.event_id, form.change_no DESC

-- name: visit_forms_at
SELECT DISTINCT ON (form.org_id, form.trip_id, form.stop_id) form.device_id, form.form
FROM conclusion_form form
JOIN unnest(%(device_ids)s::integer[], %(change_nos)s::bigint[]) AS known (device_id, change_no) USING (device_id)
JOIN unnest(%(trip_ids)s::text[], %(stop_ids)s::text[]) AS wanted (trip_id, stop_id)
    ON wanted.trip_id = form.trip_id AND wanted.stop_id = form.stop_id
WHERE form.change_no <= known.change_no
ORDER BY form.org_id, form.trip_id, form.stop_id, form.change_no DESC

-- name: events_between
SELECT event_id, rule FROM event
WHERE org_id = %(org_id)s AND started_at >= %(since)s AND started_at < %(until)s AND superseded_at IS NULL

-- name: events_of_trip
SELECT event_id FROM event
WHERE org_id = %(org_id)s AND trip_id = %(trip_id)s AND rule = %(rule)s AND superseded_at IS NULL

-- name: newest_checkpoints_before
SELECT wanted.device_id, found.at, found.change_no, found.state, found.doubts::text AS doubts
FROM unnest(%(device_ids)s::integer[], %(befores)s::timestamptz[]) AS wanted (device_id, before)
CROSS JOIN LATERAL (
    SELECT at, change_no, state, doubts FROM checkpoint
    WHERE checkpoint.device_id = wanted.device_id AND at < wanted.before ORDER BY at DESC LIMIT 1
) found

-- name: save_checkpoint
INSERT INTO checkpoint (device_id, at, org_id, change_no, state, doubts)
VALUES (%(device_id)s, %(at)s, %(org_id)s, %(change_no)s, %(state)s, %(doubts)s::jsonb)
ON CONFLICT (device_id, at) DO UPDATE SET change_no = excluded.change_no, state = excluded.state, doubts = excluded.doubts, stored_at = now()

-- name: drop_checkpoints_since
DELETE FROM checkpoint USING unnest(%(device_ids)s::integer[], %(sinces)s::timestamptz[]) AS gone (device_id, since)
WHERE checkpoint.device_id = gone.device_id AND checkpoint.at >= gone.since

-- name: thin_checkpoints
-- Of the last hours all, of the days before that the first of each six hours, of what is too late for any correction the newest.
DELETE FROM checkpoint old USING (
    SELECT device_id, at, max(at) OVER device AS newest,
        row_number() OVER (PARTITION BY device_id, date_bin('6 hours', at, 'epoch') ORDER BY at) AS of_its_hours
    FROM checkpoint WHERE device_id = ANY (%(device_ids)s) WINDOW device AS (PARTITION BY device_id)
) aged
WHERE old.device_id = aged.device_id AND old.at = aged.at AND aged.at < aged.newest - interval '2 hours'
    AND (aged.of_its_hours > 1 OR aged.at < aged.newest - interval '31 days')

-- name: next_change_no
SELECT nextval('conclusion_change_no') AS change_no

-- name: tell_concluded
SELECT pg_notify('beatwatch_concluded', org_id::text) FROM unnest(%(org_ids)s::integer[]) AS org_id
