-- A vehicle that gets another tracker while a trip runs is judged on by what the new one says. So a change of an assignment is a
-- change of plan of every tracker that its vehicle has, or had lately, as soon as there are two.
CREATE FUNCTION note_tracker_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    before tstzmultirange := '{}';
    after tstzmultirange := '{}';
    moment timestamptz;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.vehicle_id IS NOT NULL THEN before := tstzmultirange(OLD.valid); END IF;
    IF TG_OP <> 'DELETE' AND NEW.vehicle_id IS NOT NULL THEN after := tstzmultirange(NEW.valid); END IF;
    IF TG_OP = 'UPDATE' AND OLD.vehicle_id IS DISTINCT FROM NEW.vehicle_id THEN
        moment := coalesce(lower(before + after), '-infinity');
    ELSIF before <> after THEN
        moment := coalesce(lower((before - after) + (after - before)), '-infinity');
    ELSE
        RETURN NULL;
    END IF;
    WITH lately AS (
        SELECT org_id, vehicle_id, device_id FROM device_assignment
        WHERE org_id = coalesce(NEW.org_id, OLD.org_id) AND vehicle_id = ANY (ARRAY[OLD.vehicle_id, NEW.vehicle_id])
            AND (upper(valid) IS NULL OR upper(valid) >= moment - interval '2 days')
        UNION
        SELECT org_id, vehicle_id, device_id
        FROM (VALUES (OLD.org_id, OLD.vehicle_id, OLD.device_id)) AS gone (org_id, vehicle_id, device_id)
        WHERE vehicle_id IS NOT NULL
    ), shared AS (
        SELECT org_id, device_id FROM lately
        WHERE EXISTS (SELECT FROM lately AS other WHERE other.vehicle_id = lately.vehicle_id AND other.device_id <> lately.device_id)
    )
    INSERT INTO plan_change (org_id, device_id, since) SELECT DISTINCT org_id, device_id, moment FROM shared;
    IF FOUND THEN PERFORM pg_notify('beatwatch_planned', ''); END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tracker_changed AFTER INSERT OR UPDATE OR DELETE ON device_assignment
    FOR EACH ROW EXECUTE FUNCTION note_tracker_change();
