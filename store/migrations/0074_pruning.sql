-- The service may forget what has grown old. What it forgets is said in store/sql/pruning.sql.
GRANT DELETE ON alert, alert_event, alert_entry, message, delivery TO beatwatch_worker;
CREATE INDEX message_by_age ON message (created_at) WHERE state <> 'pending';
CREATE INDEX alert_by_end ON alert (resolved_at) WHERE state = 'resolved';
