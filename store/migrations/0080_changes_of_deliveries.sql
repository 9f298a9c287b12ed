-- Deliveries and breakdowns say when they changed last, whoever changes them; who follows their lists misses none.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER changes BEFORE UPDATE ON stop_delivery FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION note_change();
CREATE TRIGGER changes BEFORE UPDATE ON breakdown FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION note_change();
CREATE INDEX ON stop_delivery (org_id, changed_at);
CREATE INDEX ON stock_movement (org_id, stored_at);
