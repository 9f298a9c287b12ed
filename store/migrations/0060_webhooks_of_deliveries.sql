-- Deliveries came after webhooks: what those that asked for them are told.
CREATE FUNCTION tell_of_delivery() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM tell_webhooks(NEW.org_id, 'delivery', NEW.state, jsonb_build_object('delivery_id', NEW.delivery_id,
        'order_id', NEW.order_id, 'outlet_id', NEW.outlet_id, 'trip_id', NEW.trip_id, 'stop_id', NEW.stop_id, 'state', NEW.state,
        'arrived_at', NEW.arrived_at, 'completed_at', NEW.completed_at, 'reason', NEW.reason));
    RETURN NULL;
END
$$;
CREATE TRIGGER webhooks_are_told AFTER UPDATE ON stop_delivery FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tell_of_delivery();
