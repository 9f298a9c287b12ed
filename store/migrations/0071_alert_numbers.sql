-- Alerts are stored many at a time, and messages that go with them name them: their numbers are taken beforehand.
GRANT USAGE ON SEQUENCE alert_alert_id_seq TO beatwatch_worker;
