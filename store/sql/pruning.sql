-- name: prune_forms
-- Of each conclusion the form that it had at the oldest checkpoint of its device is the oldest that anybody asks for.
WITH needed AS (
    SELECT device_id, min(change_no) AS change_no
    FROM (SELECT device_id, change_no FROM checkpoint UNION ALL SELECT device_id, change_no FROM sensor_checkpoint) AS kept
    GROUP BY device_id
)
DELETE FROM conclusion_form WHERE (device_id, change_no) IN (
    SELECT old.device_id, old.change_no
    FROM needed JOIN conclusion_form AS old ON old.device_id = needed.device_id AND old.change_no < needed.change_no
    WHERE EXISTS (
        SELECT FROM conclusion_form AS newer
        WHERE newer.device_id = old.device_id AND newer.change_no > old.change_no AND newer.change_no <= needed.change_no
            AND newer.event_id IS NOT DISTINCT FROM old.event_id
            AND newer.trip_id IS NOT DISTINCT FROM old.trip_id AND newer.stop_id IS NOT DISTINCT FROM old.stop_id)
    LIMIT %(limit)s)

-- name: prune_plan_changes
-- Never what a reader has not read.
DELETE FROM plan_change WHERE plan_change_id IN (
    SELECT plan_change_id FROM plan_change
    WHERE stored_at < %(before)s
        AND xid < (SELECT min(plan_cursor) FROM geofence_lane)::text::xid8
        AND xid < (SELECT greatest(plan_cursor, 1) FROM own_rule_cursor)::text::xid8
    ORDER BY plan_change_id LIMIT %(limit)s)

-- name: prune_batches
-- Never what a reader has not read, nor the one at which the clocks were looked at last.
DELETE FROM ingest_batch WHERE batch_id IN (
    SELECT batch_id FROM ingest_batch
    WHERE stored_at < %(before)s
        AND xid < (SELECT min(batch_cursor) FROM geofence_lane)::text::xid8
        AND xid < (SELECT min(cursor) FROM rollup_cursor)::text::xid8
        AND xid < (SELECT greatest(batch_cursor, 1) FROM own_rule_cursor)::text::xid8
        AND batch_id < (SELECT min(batch_id) FROM clock_watch)
    ORDER BY batch_id LIMIT %(limit)s)

-- name: prune_messages
-- Not of alerts that are open: what people were told of them is part of the evidence.
WITH old AS (
    SELECT message_id FROM message
    WHERE created_at < %(before)s AND state <> 'pending'
        AND NOT EXISTS (SELECT FROM alert WHERE alert.alert_id = message.alert_id AND alert.state <> 'resolved')
    ORDER BY created_at LIMIT %(limit)s
), logged AS (
    DELETE FROM delivery WHERE message_id IN (SELECT message_id FROM old)
)
SELECT message_id FROM old

-- name: delete_messages
DELETE FROM message WHERE message_id = ANY (%(numbers)s)

-- name: old_alerts
SELECT alert_id FROM alert WHERE state = 'resolved' AND resolved_at < %(before)s
    AND NOT EXISTS (SELECT FROM message WHERE message.alert_id = alert.alert_id AND message.state = 'pending')
    AND NOT EXISTS (SELECT FROM alert AS other WHERE other.storm_id = alert.alert_id AND other.state <> 'resolved')
ORDER BY resolved_at LIMIT %(limit)s

-- name: delete_deliveries_of
DELETE FROM delivery USING message WHERE delivery.message_id = message.message_id AND message.alert_id = ANY (%(numbers)s)

-- name: delete_messages_of
DELETE FROM message WHERE alert_id = ANY (%(numbers)s)

-- name: delete_links_of
DELETE FROM alert_event WHERE alert_id = ANY (%(numbers)s)

-- name: delete_history_of
DELETE FROM alert_entry WHERE alert_id = ANY (%(numbers)s)

-- name: delete_alerts
DELETE FROM alert WHERE alert_id = ANY (%(numbers)s)

-- name: may_prune
SELECT pg_try_advisory_xact_lock(%(space)s, 2) AS may

-- name: organisations
SELECT org_id, slug, time_zone FROM organisation ORDER BY org_id

-- name: take_task
-- Also what somebody took an hour ago and never finished.
INSERT INTO night_task (org_id, task, day, taken_at) VALUES (%(org_id)s, %(task)s, %(day)s, %(now)s)
ON CONFLICT (org_id, task, day) DO UPDATE SET taken_at = excluded.taken_at
WHERE night_task.done_at IS NULL AND night_task.taken_at < excluded.taken_at - interval '1 hour'
RETURNING org_id

-- name: finish_task
UPDATE night_task SET done_at = %(now)s, outcome = %(outcome)s WHERE org_id = %(org_id)s AND task = %(task)s AND day = %(day)s

-- name: forget_tasks
DELETE FROM night_task WHERE day < %(day)s - 31
