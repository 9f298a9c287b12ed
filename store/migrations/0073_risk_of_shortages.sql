-- What was delivered and settled is evidence of a trip's risk: each change of it has the trip weighed anew.
CREATE TABLE risk_due (
    org_id integer NOT NULL REFERENCES organisation,
    trip_id text NOT NULL,
    PRIMARY KEY (org_id, trip_id)
);

CREATE FUNCTION note_risk_due() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO risk_due (org_id, trip_id) VALUES (coalesce(NEW.org_id, OLD.org_id), coalesce(NEW.trip_id, OLD.trip_id))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER settlement_weighs AFTER INSERT OR UPDATE OR DELETE ON settlement_line
    FOR EACH ROW EXECUTE FUNCTION note_risk_due();
CREATE TRIGGER delivery_weighs AFTER UPDATE OF state ON stop_delivery
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION note_risk_due();

-- What is done each night for an organisation, by its own clock: once, whoever of several workers takes it.
CREATE TABLE night_task (
    org_id integer NOT NULL REFERENCES organisation,
    task text NOT NULL,
    day date NOT NULL,
    taken_at timestamptz NOT NULL,
    done_at timestamptz,
    outcome text,
    PRIMARY KEY (org_id, task, day)
);

SELECT fence('risk_due');
SELECT fence('night_task');
GRANT SELECT, UPDATE, DELETE ON risk_due TO beatwatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON night_task TO beatwatch_worker;
GRANT SELECT ON stop_delivery, stop_delivery_line, order_line, settlement_line, observed_stock TO beatwatch_worker;
