-- What was learned from people's verdicts is proposed as an approval; only people decide.
GRANT INSERT ON approval TO beatwatch_worker;
CREATE INDEX alert_verdicts ON alert (org_id, resolved_at) WHERE resolution IN ('confirmed', 'false');
