-- Beside the newest position stands as whom it is shown: where everybody is, how full and with how much load, is then one
-- table's answer. What is shown is right until `shown_until`, when an assignment ends or begins (null: never, as far as is known);
-- from then on it is looked up.
ALTER TABLE latest_position
    ADD COLUMN shown_vehicle_id text,
    ADD COLUMN shown_name text,
    ADD COLUMN shown_capacity_kg double precision,
    ADD COLUMN shown_until timestamptz DEFAULT 'epoch';
CREATE INDEX ON latest_position (org_id);  -- never changes with a position, so that updates stay within their page
CREATE INDEX ON device_assignment (device_id);

-- The rows of devices and vehicles are locked first: two transactions of which neither sees what the other changes would both
-- write down what was.
CREATE FUNCTION show_devices(devices integer[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM FROM device WHERE device_id = ANY (devices) ORDER BY device_id FOR NO KEY UPDATE;
    PERFORM FROM vehicle WHERE (org_id, vehicle_id) IN (
        SELECT org_id, vehicle_id FROM device_assignment WHERE device_id = ANY (devices) AND valid @> now()
    ) ORDER BY org_id, vehicle_id FOR SHARE;
    UPDATE latest_position AS latest
    SET shown_vehicle_id = shown.vehicle_id, shown_name = shown.name, shown_capacity_kg = shown.capacity_kg, shown_until = shown.until
    FROM (
        SELECT device.device_id, coalesce(mounted.vehicle_id, device.device_key) AS vehicle_id, vehicle.name, vehicle.capacity_kg,
            least(upper(mounted.valid), (
                SELECT min(lower(later.valid)) FROM device_assignment AS later
                WHERE later.device_id = device.device_id AND lower(later.valid) > now()
            )) AS until
        FROM device
        LEFT JOIN device_assignment AS mounted ON mounted.device_id = device.device_id AND mounted.valid @> now()
        LEFT JOIN vehicle ON vehicle.org_id = mounted.org_id AND vehicle.vehicle_id = mounted.vehicle_id
        WHERE device.device_id = ANY (devices)
    ) AS shown
    WHERE latest.device_id = shown.device_id
      AND (latest.shown_vehicle_id, latest.shown_name, latest.shown_capacity_kg, latest.shown_until)
          IS DISTINCT FROM (shown.vehicle_id, shown.name, shown.capacity_kg, shown.until);
END
$$;
REVOKE EXECUTE ON FUNCTION show_devices FROM PUBLIC;
GRANT EXECUTE ON FUNCTION show_devices TO beatwatch_worker;

CREATE FUNCTION show_reporting_device() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM show_devices(ARRAY[NEW.device_id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER shown AFTER INSERT ON latest_position FOR EACH ROW EXECUTE FUNCTION show_reporting_device();

CREATE FUNCTION show_assigned_device() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM show_devices(array_remove(ARRAY[OLD.device_id, NEW.device_id], NULL));
    RETURN NULL;
END
$$;
CREATE FUNCTION show_devices_of_vehicle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM show_devices(array_agg(device_id)) FROM device_assignment
    WHERE org_id = NEW.org_id AND vehicle_id = NEW.vehicle_id AND valid @> now();
    RETURN NULL;
END
$$;
-- At the end of the transaction, so that a long one does not keep positions from being stored.
CREATE CONSTRAINT TRIGGER shown AFTER INSERT OR UPDATE OR DELETE ON device_assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION show_assigned_device();
CREATE CONSTRAINT TRIGGER shown AFTER UPDATE OF device_key ON device
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.device_key <> NEW.device_key) EXECUTE FUNCTION show_assigned_device();
CREATE CONSTRAINT TRIGGER shown AFTER UPDATE OF name, capacity_kg ON vehicle
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.name, OLD.capacity_kg) IS DISTINCT FROM (NEW.name, NEW.capacity_kg)) EXECUTE FUNCTION show_devices_of_vehicle();

SELECT show_devices(array_agg(device_id)) FROM latest_position;
