-- Master data and orders. Quantities are whole pieces, money is in the organisation's currency.

-- Every record that people may change says when it was changed, and how often: a number that two editors compare.
CREATE FUNCTION note_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := now();
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END
$$;

-- One call makes a table a record of an organisation: fenced, granted, and followed by its changes.
CREATE FUNCTION keep_record(kept regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),'
                   ' ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),'
                   ' ADD COLUMN revision integer NOT NULL DEFAULT 1', kept);
    EXECUTE format('CREATE INDEX ON %s (org_id, changed_at)', kept);
    EXECUTE format('CREATE TRIGGER record_changes BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION note_record_change()', kept);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO beatwatch_worker, beatwatch_api', kept);
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = kept) THEN
        PERFORM fence(kept);
    END IF;
END
$$;

-- Everything that was committed before this moment can be seen by the statement after this one: what changes later says so.
CREATE FUNCTION settled_until() RETURNS timestamptz
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    SELECT coalesce(min(xact_start), clock_timestamp()) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
        AND backend_type = 'client backend';
END;
GRANT EXECUTE ON FUNCTION settled_until TO beatwatch_api;

ALTER TABLE organisation
    ADD COLUMN kind text NOT NULL DEFAULT 'distributor' CHECK (kind IN ('manufacturer', 'distributor', 'sub_distributor')),
    ADD COLUMN currency text NOT NULL DEFAULT 'INR' CHECK (currency ~ '^[A-Z]{3}$');

CREATE TABLE product (
    org_id integer NOT NULL REFERENCES organisation,
    product_id text NOT NULL CHECK (product_id <> ''),
    name text NOT NULL,
    brand text,
    unit_weight_g integer CHECK (unit_weight_g > 0),
    price numeric(14, 2) NOT NULL DEFAULT 0 CHECK (price >= 0),
    tax_pct numeric(5, 2) NOT NULL DEFAULT 0 CHECK (tax_pct BETWEEN 0 AND 100),
    temperature_min_c double precision,
    temperature_max_c double precision,
    barcode text,
    lead_time_days integer CHECK (lead_time_days >= 0),
    state text NOT NULL DEFAULT 'active',
    PRIMARY KEY (org_id, product_id),
    CHECK (temperature_max_c >= temperature_min_c)
);
CREATE INDEX ON product (org_id, barcode) WHERE barcode IS NOT NULL;

-- How many pieces are in a case, a pack, a crate; the piece itself is not listed.
CREATE TABLE product_unit (
    org_id integer NOT NULL,
    product_id text NOT NULL,
    unit text NOT NULL CHECK (unit <> '' AND unit <> 'piece'),
    pieces integer NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (org_id, product_id, unit),
    FOREIGN KEY (org_id, product_id) REFERENCES product ON DELETE CASCADE
);

ALTER TABLE outlet
    ADD COLUMN state text NOT NULL DEFAULT 'approved',
    ADD COLUMN class text NOT NULL DEFAULT 'C' CHECK (class IN ('A', 'B', 'C')),
    ADD COLUMN channel text NOT NULL DEFAULT 'general_trade',
    ADD COLUMN tier text NOT NULL DEFAULT 'standard',
    ADD COLUMN contact_name text,
    ADD COLUMN phone text,
    ADD COLUMN address text,
    ADD COLUMN credit_limit numeric(14, 2) CHECK (credit_limit >= 0),
    ADD COLUMN service_windows jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(service_windows) = 'array');
ALTER TABLE outlet ALTER COLUMN radius_m SET DEFAULT 150;

-- A change that somebody has to agree to, such as a move, with how it was and how it shall be.
CREATE TABLE outlet_change (
    org_id integer NOT NULL,
    change_id text NOT NULL CHECK (change_id <> ''),
    outlet_id text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    reason text,
    requested_by text NOT NULL,
    decided_by text,
    decided_at timestamptz,
    comment text,
    state text NOT NULL DEFAULT 'pending',
    PRIMARY KEY (org_id, change_id),
    FOREIGN KEY (org_id, outlet_id) REFERENCES outlet ON DELETE CASCADE
);
CREATE UNIQUE INDEX one_pending_change_an_outlet ON outlet_change (org_id, outlet_id) WHERE state = 'pending';

ALTER TABLE vehicle
    ADD COLUMN kind text NOT NULL DEFAULT 'van',
    ADD COLUMN capacity_kg double precision CHECK (capacity_kg > 0),
    ADD COLUMN state text NOT NULL DEFAULT 'active';

CREATE TABLE driver (
    org_id integer NOT NULL REFERENCES organisation,
    driver_id text NOT NULL CHECK (driver_id <> ''),
    name text NOT NULL,
    phone text,
    licence_no text,
    licence_until date,
    person_id integer,  -- who signs in
    state text NOT NULL DEFAULT 'active',
    PRIMARY KEY (org_id, driver_id),
    FOREIGN KEY (person_id, org_id) REFERENCES person (person_id, org_id) ON DELETE SET NULL (person_id)
);

CREATE TABLE beat (
    org_id integer NOT NULL REFERENCES organisation,
    beat_id text NOT NULL CHECK (beat_id <> ''),
    name text NOT NULL,
    weekdays integer[] NOT NULL DEFAULT '{1,2,3,4,5,6}' CHECK (weekdays <@ '{1,2,3,4,5,6,7}'),  -- ISO: Monday is 1
    every_weeks integer NOT NULL DEFAULT 1 CHECK (every_weeks > 0),
    starts_on date NOT NULL DEFAULT '2024-01-01',  -- the first week of the rhythm
    vehicle_id text,
    driver_id text,
    state text NOT NULL DEFAULT 'active',
    PRIMARY KEY (org_id, beat_id),
    FOREIGN KEY (org_id, vehicle_id) REFERENCES vehicle,
    FOREIGN KEY (org_id, driver_id) REFERENCES driver
);

CREATE TABLE beat_outlet (
    org_id integer NOT NULL,
    beat_id text NOT NULL,
    position_no integer NOT NULL CHECK (position_no >= 0),
    outlet_id text NOT NULL,
    planned_service_s double precision CHECK (planned_service_s >= 0),
    PRIMARY KEY (org_id, beat_id, position_no),
    UNIQUE (org_id, beat_id, outlet_id),
    FOREIGN KEY (org_id, beat_id) REFERENCES beat ON DELETE CASCADE,
    FOREIGN KEY (org_id, outlet_id) REFERENCES outlet
);

-- What a beat becomes on a day. Each change is a new version, which stays on record; nothing changes after dispatch.
CREATE TABLE route_plan (
    org_id integer NOT NULL REFERENCES organisation,
    route_plan_id text NOT NULL CHECK (route_plan_id <> ''),
    beat_id text,
    on_date date NOT NULL,
    planned_start timestamptz NOT NULL,
    planned_end timestamptz NOT NULL CHECK (planned_end > planned_start),
    vehicle_id text,
    driver_id text,
    route jsonb,  -- [[longitude, latitude], ...] in degrees
    corridor_m double precision CHECK (corridor_m > 0),
    depot jsonb,
    stops jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(stops) = 'array'),
    trip_id text,
    state text NOT NULL DEFAULT 'draft',
    PRIMARY KEY (org_id, route_plan_id),
    FOREIGN KEY (org_id, beat_id) REFERENCES beat,
    FOREIGN KEY (org_id, vehicle_id) REFERENCES vehicle,
    FOREIGN KEY (org_id, driver_id) REFERENCES driver,
    FOREIGN KEY (org_id, trip_id) REFERENCES trip ON DELETE SET NULL (trip_id)
);
CREATE UNIQUE INDEX route_plan_of_trip ON route_plan (org_id, trip_id) WHERE trip_id IS NOT NULL;

CREATE TABLE route_plan_version (
    org_id integer NOT NULL,
    route_plan_id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    plan jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, route_plan_id, version),
    FOREIGN KEY (org_id, route_plan_id) REFERENCES route_plan ON DELETE CASCADE
);

CREATE TABLE price_list (
    org_id integer NOT NULL REFERENCES organisation,
    price_list_id text NOT NULL CHECK (price_list_id <> ''),
    name text NOT NULL,
    tier text NOT NULL DEFAULT 'standard',
    valid_from date NOT NULL,
    valid_until date,
    state text NOT NULL DEFAULT 'draft',
    PRIMARY KEY (org_id, price_list_id),
    CHECK (valid_until >= valid_from)
);

CREATE TABLE price_list_line (
    org_id integer NOT NULL,
    price_list_id text NOT NULL,
    product_id text NOT NULL,
    least_pieces integer NOT NULL DEFAULT 1 CHECK (least_pieces > 0),
    price numeric(14, 2) NOT NULL CHECK (price >= 0),
    PRIMARY KEY (org_id, price_list_id, product_id, least_pieces),
    FOREIGN KEY (org_id, price_list_id) REFERENCES price_list ON DELETE CASCADE,
    FOREIGN KEY (org_id, product_id) REFERENCES product
);

CREATE TABLE promotion (
    org_id integer NOT NULL REFERENCES organisation,
    promotion_id text NOT NULL CHECK (promotion_id <> ''),
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('percentage', 'amount', 'buy_x_get_y', 'slab')),
    terms jsonb NOT NULL CHECK (jsonb_typeof(terms) = 'object'),
    product_ids text[] NOT NULL DEFAULT '{}',  -- none: every product
    outlet_classes text[] NOT NULL DEFAULT '{}',  -- none: every class
    valid_from date NOT NULL,
    valid_until date,
    budget numeric(14, 2) CHECK (budget >= 0),
    spent numeric(14, 2) NOT NULL DEFAULT 0 CHECK (spent >= 0),
    state text NOT NULL DEFAULT 'draft',
    PRIMARY KEY (org_id, promotion_id),
    CHECK (valid_until >= valid_from)
);

CREATE TABLE sales_order (
    org_id integer NOT NULL REFERENCES organisation,
    order_id text NOT NULL CHECK (order_id <> ''),
    outlet_id text NOT NULL,
    ordered_at timestamptz NOT NULL DEFAULT now(),
    due_on date NOT NULL,
    trip_id text,
    stop_id text,
    invoice_no text,
    note text,
    reason text,  -- why it failed or was cancelled
    discount_value numeric(14, 2) NOT NULL DEFAULT 0,
    net_value numeric(14, 2) NOT NULL DEFAULT 0,
    tax_value numeric(14, 2) NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'draft',
    PRIMARY KEY (org_id, order_id),
    FOREIGN KEY (org_id, outlet_id) REFERENCES outlet,
    FOREIGN KEY (org_id, trip_id, stop_id) REFERENCES stop ON DELETE SET NULL (trip_id, stop_id),
    CHECK ((trip_id IS NULL) = (stop_id IS NULL))
);
CREATE INDEX ON sales_order (org_id, outlet_id, due_on);
CREATE INDEX ON sales_order (org_id, trip_id, stop_id) WHERE trip_id IS NOT NULL;

-- Pieces; null while nobody has said.
CREATE TABLE order_line (
    org_id integer NOT NULL,
    order_id text NOT NULL,
    line_no integer NOT NULL CHECK (line_no > 0),
    product_id text NOT NULL,
    ordered integer NOT NULL CHECK (ordered > 0),
    free integer NOT NULL DEFAULT 0 CHECK (free >= 0),
    allocated integer CHECK (allocated >= 0),
    loaded integer CHECK (loaded >= 0),
    delivered integer CHECK (delivered >= 0),
    short integer CHECK (short >= 0),
    short_reason text,
    damaged integer CHECK (damaged >= 0),
    returned integer CHECK (returned >= 0),
    price numeric(14, 2) NOT NULL CHECK (price >= 0),
    discount_value numeric(14, 2) NOT NULL DEFAULT 0 CHECK (discount_value >= 0),
    tax_pct numeric(5, 2) NOT NULL DEFAULT 0 CHECK (tax_pct BETWEEN 0 AND 100),
    batch text,
    expiry date,
    promotion_id text,
    PRIMARY KEY (org_id, order_id, line_no),
    FOREIGN KEY (org_id, order_id) REFERENCES sales_order ON DELETE CASCADE,
    FOREIGN KEY (org_id, product_id) REFERENCES product,
    FOREIGN KEY (org_id, promotion_id) REFERENCES promotion
);
CREATE INDEX ON order_line (org_id, product_id);

-- Which manufacturer's brands a distributor carries: many to many, beside the tree. Both sides see it, the distributor has it.
CREATE TABLE brand_contract (
    org_id integer NOT NULL REFERENCES organisation,
    contract_id text NOT NULL CHECK (contract_id <> ''),
    manufacturer_id integer NOT NULL REFERENCES organisation,
    brands text[] NOT NULL DEFAULT '{}',
    valid_from date NOT NULL,
    valid_until date,
    state text NOT NULL DEFAULT 'proposed',
    PRIMARY KEY (org_id, contract_id),
    CHECK (valid_until >= valid_from),
    CHECK (manufacturer_id <> org_id)
);
CREATE INDEX ON brand_contract (manufacturer_id);

SELECT keep_record(name::regclass)
FROM unnest(ARRAY['product', 'outlet', 'outlet_change', 'vehicle', 'driver', 'beat', 'route_plan', 'price_list', 'promotion',
    'sales_order', 'brand_contract']) AS name;
SELECT fence(name::regclass)
FROM unnest(ARRAY['product_unit', 'beat_outlet', 'route_plan_version', 'price_list_line', 'order_line']) AS name;
GRANT SELECT, INSERT, UPDATE, DELETE ON product_unit, beat_outlet, price_list_line, order_line TO beatwatch_worker, beatwatch_api;
GRANT SELECT, INSERT ON route_plan_version TO beatwatch_worker, beatwatch_api;  -- never changed
CREATE POLICY manufacturer_sees_its_contracts ON brand_contract FOR SELECT TO beatwatch_api
    USING (manufacturer_id = ANY ((SELECT visible_orgs())::integer[]));

-- A plan is frozen when its trip leaves, whoever says so.
CREATE FUNCTION freeze_route_plan() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE route_plan SET state = 'frozen' WHERE org_id = NEW.org_id AND trip_id = NEW.trip_id AND state = 'released';
    RETURN NULL;
END
$$;
CREATE TRIGGER plan_freezes AFTER UPDATE OF state ON trip FOR EACH ROW
    WHEN (NEW.state IN ('dispatched', 'in_progress')) EXECUTE FUNCTION freeze_route_plan();
