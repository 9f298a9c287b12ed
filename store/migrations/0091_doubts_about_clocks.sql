-- Beside a device's state, what gives cause to look whether the rows that follow are misdated: its last odometer, and when it fell, rows
-- were refused and rows came late (geofence/worker/doubts.py). NULL: saved before this was, so that nobody knows.
ALTER TABLE checkpoint ADD COLUMN doubts jsonb;
