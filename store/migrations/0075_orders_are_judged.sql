-- What is to be carried into a stop, and what was, is a part of the plan that a trip is judged by.
CREATE FUNCTION note_order_lines() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO plan_change (org_id, device_id, since)
    SELECT trip.org_id, trip.device_id, min(trip.planned_start)
    FROM changed JOIN sales_order USING (org_id, order_id) JOIN trip USING (org_id, trip_id)
    GROUP BY trip.org_id, trip.device_id;
    IF FOUND THEN PERFORM pg_notify('beatwatch_planned', ''); END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER order_lines_added AFTER INSERT ON order_line
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_order_lines();
CREATE TRIGGER order_lines_gone AFTER DELETE ON order_line
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_order_lines();

-- What was delivered counts from its proof on; before that, and without one, it changes no conclusion.
CREATE FUNCTION note_order_lines_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO plan_change (org_id, device_id, since)
    SELECT trip.org_id, trip.device_id, min(CASE
        WHEN (old_line.product_id, old_line.ordered, old_line.free, old_line.loaded)
            IS DISTINCT FROM (line.product_id, line.ordered, line.free, line.loaded) THEN trip.planned_start
        ELSE signed.at END)
    FROM changed AS line JOIN before AS old_line USING (org_id, order_id, line_no)
    JOIN sales_order USING (org_id, order_id)
    JOIN trip USING (org_id, trip_id)
    LEFT JOIN LATERAL (
        SELECT min(proof.captured_at) AS at FROM proof
        WHERE proof.org_id = sales_order.org_id AND proof.trip_id = sales_order.trip_id AND proof.stop_id = sales_order.stop_id
    ) AS signed ON true
    WHERE (old_line.product_id, old_line.ordered, old_line.free, old_line.loaded)
            IS DISTINCT FROM (line.product_id, line.ordered, line.free, line.loaded)
        OR (old_line.delivered IS DISTINCT FROM line.delivered AND signed.at IS NOT NULL)
    GROUP BY trip.org_id, trip.device_id;
    IF FOUND THEN PERFORM pg_notify('beatwatch_planned', ''); END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER order_lines_changed AFTER UPDATE ON order_line
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_order_lines_changed();

CREATE FUNCTION note_order_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO plan_change (org_id, device_id, since)
    SELECT trip.org_id, trip.device_id, trip.planned_start
    FROM trip WHERE trip.org_id = NEW.org_id AND trip.trip_id IN (OLD.trip_id, NEW.trip_id);
    IF FOUND THEN PERFORM pg_notify('beatwatch_planned', ''); END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER order_moved AFTER UPDATE ON sales_order FOR EACH ROW
    WHEN ((OLD.trip_id, OLD.stop_id, OLD.state = 'cancelled') IS DISTINCT FROM (NEW.trip_id, NEW.stop_id, NEW.state = 'cancelled'))
    EXECUTE FUNCTION note_order_moved();

GRANT SELECT ON product, sales_order, order_line, stop_delivery, stop_delivery_line TO beatwatch_worker;
