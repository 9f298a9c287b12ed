-- What shelf and box sensors are fitted to, what shelves were seen to hold, and how far their readings have been judged.
-- Hours are local, `utc_offset_min` ahead of UTC; a shop that opens and closes at the same hour never closes.
CREATE TABLE shelf_sensor (
    org_id integer NOT NULL,
    device_id integer NOT NULL,
    outlet_id text NOT NULL,
    product_id text NOT NULL,
    unit_weight_g double precision NOT NULL CHECK (unit_weight_g > 0),
    tare_g double precision NOT NULL DEFAULT 0 CHECK (tare_g >= 0),
    capacity integer CHECK (capacity > 0),
    opens_h double precision NOT NULL DEFAULT 0 CHECK (opens_h BETWEEN 0 AND 24),
    closes_h double precision NOT NULL DEFAULT 24 CHECK (closes_h BETWEEN 0 AND 24),
    utc_offset_min integer NOT NULL DEFAULT 0 CHECK (utc_offset_min BETWEEN -720 AND 840),
    lead_time_h double precision CHECK (lead_time_h >= 0),
    sales_counted boolean NOT NULL DEFAULT false,  -- whether the ledger is told of the outlet's sales
    books_until timestamptz,  -- up to when it has been; none: at once
    valid tstzrange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid)),
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, outlet_id) REFERENCES outlet,
    FOREIGN KEY (org_id, product_id) REFERENCES product,
    CONSTRAINT shelf_sensor_weighs_one_product_at_a_time
        EXCLUDE USING gist (int4range(device_id, device_id, '[]') WITH &&, valid WITH &&)
);
CREATE INDEX ON shelf_sensor (org_id, outlet_id, product_id);

CREATE TABLE cooler_sensor (
    org_id integer NOT NULL,
    device_id integer NOT NULL,
    mounted_on text NOT NULL CHECK (mounted_on <> ''),  -- a vehicle, or an outlet
    product_id text,
    least_c double precision NOT NULL,
    most_c double precision NOT NULL,
    defrosts_h double precision[] NOT NULL DEFAULT '{}',  -- hours of the UTC day
    defrost_min double precision NOT NULL DEFAULT 0 CHECK (defrost_min >= 0),
    valid tstzrange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid)),
    CHECK (most_c >= least_c),
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, product_id) REFERENCES product,
    CONSTRAINT cooler_sensor_has_one_band_at_a_time
        EXCLUDE USING gist (int4range(device_id, device_id, '[]') WITH &&, valid WITH &&)
);

-- A sensor never writes the stock ledger: this is what it saw, to be held against it.
CREATE TABLE observed_stock (
    org_id integer NOT NULL,
    device_id integer NOT NULL,
    observed_at timestamptz NOT NULL,
    outlet_id text NOT NULL,
    product_id text NOT NULL,
    pieces integer NOT NULL CHECK (pieces >= 0),
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    PRIMARY KEY (device_id, observed_at),
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE
);
CREATE INDEX observed_stock_by_shelf ON observed_stock (org_id, outlet_id, product_id, observed_at DESC);

CREATE TABLE sensor_checkpoint (
    org_id integer NOT NULL,
    device_id integer NOT NULL,
    at timestamptz NOT NULL,
    change_no bigint NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (device_id, at),
    FOREIGN KEY (device_id, org_id) REFERENCES device (device_id, org_id) ON DELETE CASCADE
);

-- The last day up to which habits of weeks and clocks were looked at.
CREATE TABLE night_watch (
    org_id integer PRIMARY KEY REFERENCES organisation,
    watched_until timestamptz NOT NULL
);

-- Changes that concern sensors alone spare the positions' engine.
ALTER TABLE plan_change ADD COLUMN of_sensors boolean NOT NULL DEFAULT false;

CREATE FUNCTION note_sensor_change(org integer, device integer, since timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO plan_change (org_id, device_id, since, of_sensors) VALUES (org, device, coalesce(since, '-infinity'), true);
    PERFORM pg_notify('beatwatch_planned', '');
END
$$;

CREATE FUNCTION note_fitting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM note_sensor_change(OLD.org_id, OLD.device_id, lower(OLD.valid)); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM note_sensor_change(NEW.org_id, NEW.device_id, lower(NEW.valid)); END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER cooler_fitted AFTER INSERT OR UPDATE OR DELETE ON cooler_sensor FOR EACH ROW EXECUTE FUNCTION note_fitting();
CREATE TRIGGER shelf_fitted AFTER INSERT OR DELETE ON shelf_sensor FOR EACH ROW EXECUTE FUNCTION note_fitting();
CREATE TRIGGER shelf_refitted AFTER UPDATE ON shelf_sensor FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'books_until' IS DISTINCT FROM to_jsonb(NEW) - 'books_until') EXECUTE FUNCTION note_fitting();

-- Only evenings after the books were last complete can be reckoned anew.
CREATE FUNCTION note_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM note_sensor_change(NEW.org_id, NEW.device_id, least(OLD.books_until, NEW.books_until));
    RETURN NULL;
END
$$;
CREATE TRIGGER shelf_books_kept AFTER UPDATE ON shelf_sensor FOR EACH ROW
    WHEN (OLD.books_until IS DISTINCT FROM NEW.books_until AND to_jsonb(OLD) - 'books_until' IS NOT DISTINCT FROM to_jsonb(NEW) - 'books_until')
    EXECUTE FUNCTION note_books();

-- Where an asset belongs follows from its outlet and the transfers that were ordered.
CREATE FUNCTION note_asset() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF NEW.device_id IS NOT NULL THEN
        PERFORM note_sensor_change(NEW.org_id, NEW.device_id, CASE WHEN TG_OP = 'UPDATE' AND OLD.device_id = NEW.device_id
            THEN now() - interval '1 day' END);
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.device_id IS DISTINCT FROM NEW.device_id AND OLD.device_id IS NOT NULL THEN
        PERFORM note_sensor_change(OLD.org_id, OLD.device_id, now());
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER asset_placed AFTER INSERT OR UPDATE OF outlet_id, device_id, state ON asset
    FOR EACH ROW EXECUTE FUNCTION note_asset();

CREATE FUNCTION note_transfer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM note_sensor_change(asset.org_id, asset.device_id, NEW.planned_at - interval '1 day')
    FROM asset WHERE asset.org_id = NEW.org_id AND asset.asset_id = NEW.asset_id AND asset.device_id IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER transfer_ordered AFTER INSERT OR UPDATE ON asset_transfer FOR EACH ROW EXECUTE FUNCTION note_transfer();

-- What came to an outlet or was sold there changes what its shelves ought to hold, and whether a sweep was a sale.
CREATE FUNCTION note_shelf_movement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM note_sensor_change(shelf.org_id, shelf.device_id, NEW.moved_at - interval '1 hour')
    FROM shelf_sensor shelf
    WHERE shelf.org_id = NEW.org_id AND shelf.outlet_id = NEW.place_id AND shelf.product_id = NEW.product_id
        AND shelf.valid @> NEW.moved_at;
    RETURN NULL;
END
$$;
CREATE TRIGGER shelf_movement_noted AFTER INSERT ON stock_movement FOR EACH ROW
    WHEN (NEW.place_kind = 'outlet') EXECUTE FUNCTION note_shelf_movement();

SELECT fence(name::regclass) FROM unnest(ARRAY['shelf_sensor', 'cooler_sensor', 'observed_stock', 'sensor_checkpoint', 'night_watch']) AS name;
GRANT SELECT, INSERT, UPDATE, DELETE ON shelf_sensor, cooler_sensor TO beatwatch_worker, beatwatch_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON observed_stock, sensor_checkpoint, night_watch TO beatwatch_worker;
GRANT SELECT ON observed_stock TO beatwatch_api;
GRANT SELECT ON stock_movement, asset, asset_transfer TO beatwatch_worker;
