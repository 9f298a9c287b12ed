-- How an event that an alert has gathered stands: whether there is an end to wait for, and whether it came.
ALTER TABLE alert_event ADD COLUMN standing text NOT NULL DEFAULT 'lasting'
    CHECK (standing IN ('lasting', 'happened', 'ended', 'overturned'));
ALTER TABLE alert_event DROP COLUMN active;

-- A message that nobody needs any more, since its alert resolved while it waited for the end of quiet hours.
ALTER TABLE message DROP CONSTRAINT message_state_check;
ALTER TABLE message ADD CONSTRAINT message_state_check CHECK (state IN ('pending', 'delivered', 'dead', 'void'));
ALTER TABLE delivery DROP CONSTRAINT delivery_outcome_check;
ALTER TABLE delivery ADD CONSTRAINT delivery_outcome_check CHECK (outcome IN ('delivered', 'failed', 'void'));

CREATE INDEX alert_burst ON alert (org_id, rule, opened_at) WHERE NOT late;
