-- What people call a vehicle, with the device that reports for it now. A device that is mounted on nothing and has reported a
-- position stands for itself, so that a tracker can be seen before anybody has registered a van for it.
CREATE VIEW fleet WITH (security_invoker = true) AS
SELECT vehicle.org_id, vehicle.vehicle_id, vehicle.registration, vehicle.name, mounted.device_id, mounted.device_key
FROM vehicle
LEFT JOIN LATERAL (
    SELECT device.device_id, device.device_key
    FROM device_assignment AS assignment
    JOIN device USING (device_id)
    LEFT JOIN latest_position AS latest USING (device_id)
    WHERE assignment.org_id = vehicle.org_id AND assignment.vehicle_id = vehicle.vehicle_id AND assignment.valid @> now()
    ORDER BY latest.fix_time DESC NULLS LAST, device.device_id
    LIMIT 1
) AS mounted ON true
UNION ALL
SELECT device.org_id, device.device_key, NULL, NULL, device.device_id, device.device_key
FROM device
JOIN latest_position USING (device_id)
WHERE NOT EXISTS (
    SELECT FROM device_assignment AS assignment WHERE assignment.device_id = device.device_id AND assignment.valid @> now()
);

GRANT SELECT ON fleet TO beatwatch_api;

-- What a device stood for at a moment.
CREATE FUNCTION vehicle_of(a_device_id integer, moment timestamptz) RETURNS text LANGUAGE sql STABLE
    RETURN coalesce(
        (SELECT vehicle_id FROM device_assignment WHERE device_id = a_device_id AND valid @> moment),
        (SELECT device_key FROM device WHERE device_id = a_device_id)
    );
GRANT EXECUTE ON FUNCTION vehicle_of TO beatwatch_api;

-- Where an event happened: as its facts say, else its planned stop, else where the device was just before.
CREATE FUNCTION place_of_event(
    judged event, OUT vehicle_id text, OUT longitude_e7 integer, OUT latitude_e7 integer, OUT place_name text
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    vehicle_id := vehicle_of(judged.device_id, judged.started_at);
    SELECT stop.longitude_e7, stop.latitude_e7, coalesce(outlet.name, stop.outlet_id, stop.stop_id)
    INTO longitude_e7, latitude_e7, place_name
    FROM stop LEFT JOIN outlet USING (org_id, outlet_id)
    WHERE stop.org_id = judged.org_id AND stop.trip_id = judged.trip_id AND stop.stop_id = judged.stop_id;
    place_name := coalesce(judged.facts ->> 'zone_name', judged.facts ->> 'zone', judged.facts ->> 'zone_id', place_name);
    IF jsonb_typeof(judged.facts -> 'longitude_deg') = 'number' AND jsonb_typeof(judged.facts -> 'latitude_deg') = 'number' THEN
        longitude_e7 := round((judged.facts ->> 'longitude_deg')::numeric * 1e7);
        latitude_e7 := round((judged.facts ->> 'latitude_deg')::numeric * 1e7);
    ELSIF longitude_e7 IS NULL THEN
        SELECT position.longitude_e7, position.latitude_e7
        INTO longitude_e7, latitude_e7
        FROM position
        WHERE position.device_id = judged.device_id
          AND position.fix_time <= judged.started_at AND position.fix_time > judged.started_at - interval '1 hour'
          AND position.longitude_e7 IS NOT NULL
        ORDER BY position.fix_time DESC
        LIMIT 1;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION place_of_event TO beatwatch_api;

-- Whoever changes an alert, those who follow the changes can find it.
ALTER TABLE alert ADD COLUMN change_xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX alert_change_order ON alert (change_xid);

CREATE FUNCTION note_alert_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.change_xid := pg_current_xact_id();
    RETURN NEW;
END
$$;
CREATE TRIGGER alert_changes BEFORE UPDATE ON alert FOR EACH ROW EXECUTE FUNCTION note_alert_change();
