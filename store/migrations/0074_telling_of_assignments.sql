-- Who is to look after an alert is told so by the service, on their own channels.
ALTER TABLE alert ADD COLUMN assigned_by text;
ALTER TABLE alert ADD COLUMN assignment_due boolean NOT NULL DEFAULT false;  -- the person is still to be told
CREATE INDEX alert_to_hand_over ON alert (alert_id) WHERE assignment_due;
GRANT UPDATE (assigned_by, assignment_due, reopened_count) ON alert TO beatwatch_api;
