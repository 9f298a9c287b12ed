-- Sums by outlet and day, and by product and day. What changes says which day is due; ingest's upkeep works that day out anew from
-- its rows, so that late data and corrections arrive as anything else does. The same tables on both servers: docs/adr/0006.
CREATE TABLE outlet_day (
    org_id integer NOT NULL,
    outlet_id text NOT NULL,
    day date NOT NULL,  -- in UTC, on which the trip was planned to start or the order was due
    stops integer NOT NULL,
    done integer NOT NULL,  -- serviced, in the planned order or not
    on_time integer NOT NULL,  -- of those: arrived from 15 minutes before the window to 15 minutes after it
    missed integer NOT NULL,
    unknown integer NOT NULL,  -- probable, drive-by or without data
    dwell_s double precision NOT NULL,
    orders integer NOT NULL,
    ordered bigint NOT NULL,  -- pieces
    delivered bigint NOT NULL,
    returned bigint NOT NULL,
    net_value numeric(14, 2) NOT NULL,
    PRIMARY KEY (org_id, outlet_id, day)
);
CREATE INDEX ON outlet_day (org_id, day);

CREATE TABLE product_day (
    org_id integer NOT NULL,
    product_id text NOT NULL,
    day date NOT NULL,  -- on which the order was due
    orders integer NOT NULL,
    ordered bigint NOT NULL,  -- pieces
    loaded bigint NOT NULL,
    delivered bigint NOT NULL,
    short bigint NOT NULL,
    damaged bigint NOT NULL,
    returned bigint NOT NULL,
    value numeric(16, 2) NOT NULL,  -- of what was delivered, at the price of its line
    PRIMARY KEY (org_id, product_id, day)
);
CREATE INDEX ON product_day (org_id, day);

-- Only ever added to and taken from, so that who changes orders and visits never waits for another.
CREATE TABLE rollup_due (
    due_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL,
    rollup text NOT NULL CHECK (rollup IN ('outlet_day', 'product_day')),
    subject text NOT NULL,
    day date NOT NULL
);

SELECT fence(name::regclass) FROM unnest(ARRAY['outlet_day', 'product_day', 'rollup_due']) AS name;
GRANT SELECT, INSERT, DELETE ON outlet_day, product_day TO beatwatch_worker;
GRANT SELECT ON outlet_day, product_day TO beatwatch_api;
GRANT SELECT, UPDATE, DELETE ON rollup_due TO beatwatch_worker;
GRANT SELECT ON trip, stop, visit, sales_order, order_line TO beatwatch_worker;

CREATE FUNCTION note_due_visits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT DISTINCT stop.org_id, 'outlet_day', stop.outlet_id, (trip.planned_start AT TIME ZONE 'UTC')::date
    FROM changed JOIN stop USING (org_id, trip_id, stop_id) JOIN trip USING (org_id, trip_id)
    WHERE stop.outlet_id IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER due_inserted AFTER INSERT ON visit REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_visits();
CREATE TRIGGER due_updated AFTER UPDATE ON visit REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_visits();
CREATE TRIGGER due_deleted AFTER DELETE ON visit REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_visits();
CREATE TRIGGER due_inserted AFTER INSERT ON stop REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_visits();
CREATE TRIGGER due_updated AFTER UPDATE ON stop REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_visits();

-- The trip of a stop that is gone may be gone, too: then the days that were worked out with it are due.
CREATE FUNCTION note_due_outlets() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT DISTINCT known.org_id, 'outlet_day', known.outlet_id, known.day
    FROM changed JOIN outlet_day known USING (org_id, outlet_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER due_deleted AFTER DELETE ON stop REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_outlets();

CREATE FUNCTION note_due_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT DISTINCT org_id, 'outlet_day', outlet_id, due_on FROM changed
    UNION
    SELECT DISTINCT changed.org_id, 'product_day', line.product_id, changed.due_on
    FROM changed JOIN order_line line USING (org_id, order_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER due_inserted AFTER INSERT ON sales_order REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_orders();
CREATE TRIGGER due_updated AFTER UPDATE ON sales_order REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_orders();
CREATE TRIGGER due_before AFTER UPDATE ON sales_order REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_orders();
CREATE TRIGGER due_deleted AFTER DELETE ON sales_order REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_orders();

CREATE FUNCTION note_due_lines() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO rollup_due (org_id, rollup, subject, day)
    SELECT DISTINCT org_id, 'product_day', changed.product_id, due_on FROM changed JOIN sales_order USING (org_id, order_id)
    UNION
    SELECT DISTINCT org_id, 'outlet_day', sales_order.outlet_id, due_on FROM changed JOIN sales_order USING (org_id, order_id)
    UNION  -- the order of a line that is gone may be gone, too
    SELECT DISTINCT known.org_id, 'product_day', known.product_id, known.day
    FROM changed JOIN product_day known USING (org_id, product_id)
    WHERE TG_OP = 'DELETE';
    RETURN NULL;
END
$$;
CREATE TRIGGER due_inserted AFTER INSERT ON order_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_lines();
CREATE TRIGGER due_updated AFTER UPDATE ON order_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_lines();
CREATE TRIGGER due_before AFTER UPDATE ON order_line REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_lines();
CREATE TRIGGER due_deleted AFTER DELETE ON order_line REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_due_lines();

-- What there is already.
INSERT INTO rollup_due (org_id, rollup, subject, day)
SELECT DISTINCT org_id, 'outlet_day', stop.outlet_id, (trip.planned_start AT TIME ZONE 'UTC')::date
FROM stop JOIN trip USING (org_id, trip_id) WHERE stop.outlet_id IS NOT NULL
UNION
SELECT DISTINCT org_id, 'outlet_day', outlet_id, due_on FROM sales_order
UNION
SELECT DISTINCT org_id, 'product_day', product_id, due_on FROM order_line JOIN sales_order USING (org_id, order_id);
