-- What becomes of a plan: who drives, what is loaded, what is delivered and proved.
ALTER TABLE trip
    ADD COLUMN driver_id text,
    ADD COLUMN depot_id text,  -- where in the stock ledger its load comes from
    ADD FOREIGN KEY (org_id, driver_id) REFERENCES driver;
CREATE INDEX trip_by_driver ON trip (org_id, driver_id, planned_start) WHERE driver_id IS NOT NULL;

-- Every step of a trip's life.
CREATE TABLE trip_step (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    step_no integer NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    note text,
    PRIMARY KEY (org_id, trip_id, step_no),
    FOREIGN KEY (org_id, trip_id) REFERENCES trip ON DELETE CASCADE
);

-- What goes on the van: expected from the orders, counted by the checker and by the driver. Agreement confirms it.
CREATE TABLE load_out (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    depot_id text NOT NULL CHECK (depot_id <> ''),
    vehicle_id text NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    checker text,
    checker_at timestamptz,
    driver text,
    driver_at timestamptz,
    confirmed_at timestamptz,
    PRIMARY KEY (org_id, trip_id),
    FOREIGN KEY (org_id, trip_id) REFERENCES trip ON DELETE CASCADE
);

CREATE TABLE load_out_line (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    product_id text NOT NULL,
    expected integer NOT NULL CHECK (expected >= 0),
    checked integer CHECK (checked >= 0),
    received integer CHECK (received >= 0),
    reason text,  -- why another number than expected
    PRIMARY KEY (org_id, trip_id, product_id),
    FOREIGN KEY (org_id, trip_id) REFERENCES load_out ON DELETE CASCADE,
    FOREIGN KEY (org_id, product_id) REFERENCES product
);

-- What one stop gets of one order, from dispatch on; without an order it is only a call. (`delivery` is that of messages.)
CREATE TABLE stop_delivery (
    org_id integer NOT NULL,
    delivery_id text NOT NULL DEFAULT gen_random_uuid()::text,
    trip_id text NOT NULL,
    stop_id text NOT NULL,
    order_id text,
    outlet_id text,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'arrived', 'delivered', 'partially_delivered', 'failed')),
    arrived_at timestamptz,
    completed_at timestamptz,
    completed_by text,
    longitude_e7 integer CHECK (longitude_e7 BETWEEN -1800000000 AND 1800000000),
    latitude_e7 integer CHECK (latitude_e7 BETWEEN -900000000 AND 900000000),
    accuracy_m double precision CHECK (accuracy_m >= 0),
    reason text,  -- why it failed
    invoice_value numeric(14, 2) NOT NULL DEFAULT 0,
    cash numeric(14, 2) NOT NULL DEFAULT 0 CHECK (cash >= 0),
    upi numeric(14, 2) NOT NULL DEFAULT 0 CHECK (upi >= 0),
    credit numeric(14, 2) NOT NULL DEFAULT 0 CHECK (credit >= 0),
    crates_out integer NOT NULL DEFAULT 0 CHECK (crates_out >= 0),
    crates_in integer NOT NULL DEFAULT 0 CHECK (crates_in >= 0),
    otp_hash text,
    otp_until timestamptz,
    otp_tries integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now(),
    change_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, delivery_id),
    UNIQUE NULLS NOT DISTINCT (org_id, trip_id, stop_id, order_id),
    FOREIGN KEY (org_id, trip_id, stop_id) REFERENCES stop,
    FOREIGN KEY (org_id, order_id) REFERENCES sales_order
);
CREATE INDEX stop_delivery_by_outlet ON stop_delivery (org_id, outlet_id, completed_at);

CREATE TABLE stop_delivery_line (
    org_id integer NOT NULL,
    delivery_id text NOT NULL,
    line_no integer NOT NULL CHECK (line_no > 0),
    product_id text NOT NULL,
    loaded integer NOT NULL DEFAULT 0 CHECK (loaded >= 0),
    delivered integer NOT NULL DEFAULT 0 CHECK (delivered >= 0),
    free integer NOT NULL DEFAULT 0 CHECK (free >= 0),
    short integer NOT NULL DEFAULT 0 CHECK (short >= 0),
    short_reason text,
    damaged integer NOT NULL DEFAULT 0 CHECK (damaged >= 0),
    returned integer NOT NULL DEFAULT 0 CHECK (returned >= 0),
    return_reason text,
    PRIMARY KEY (org_id, delivery_id, line_no),
    FOREIGN KEY (org_id, delivery_id) REFERENCES stop_delivery ON DELETE CASCADE,
    FOREIGN KEY (org_id, product_id) REFERENCES product
);

-- A proof says of what kind it is, who brought it, and what it shows. Those that a plan brings along do not say.
ALTER TABLE proof
    DROP CONSTRAINT proof_pkey,
    ADD COLUMN proof_id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN delivery_id text,
    ADD COLUMN kind text NOT NULL DEFAULT 'unspecified' CHECK (kind IN ('unspecified', 'otp', 'signature', 'photo', 'scan')),
    ADD COLUMN actor text,
    ADD COLUMN sha256 text,
    ADD COLUMN code text,  -- what was scanned
    ADD COLUMN signed_by text,
    ADD PRIMARY KEY (org_id, proof_id),
    ADD CONSTRAINT proof_is_told_once UNIQUE NULLS NOT DISTINCT (org_id, trip_id, stop_id, captured_at, kind, delivery_id),
    ADD FOREIGN KEY (org_id, delivery_id) REFERENCES stop_delivery,
    ADD FOREIGN KEY (org_id, sha256) REFERENCES media;
CREATE INDEX proof_by_delivery ON proof (org_id, delivery_id) WHERE delivery_id IS NOT NULL;

SELECT fence(name::regclass) FROM unnest(ARRAY['trip_step', 'load_out', 'load_out_line', 'stop_delivery', 'stop_delivery_line']) AS name;
GRANT SELECT, INSERT ON trip_step TO beatwatch_api, beatwatch_worker;  -- never changed
GRANT SELECT, INSERT, UPDATE ON load_out, load_out_line, stop_delivery, stop_delivery_line TO beatwatch_api, beatwatch_worker;
GRANT DELETE ON stop_delivery_line TO beatwatch_api;

CREATE FUNCTION note_stop_delivery_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := now();
    NEW.change_xid := pg_current_xact_id();
    RETURN NEW;
END
$$;
CREATE TRIGGER stop_delivery_changes BEFORE UPDATE ON stop_delivery FOR EACH ROW EXECUTE FUNCTION note_stop_delivery_change();
CREATE INDEX stop_delivery_change_order ON stop_delivery (change_xid);

-- What moves is something that is sold. The ledger refuses a name that is no product.
ALTER TABLE stock_movement ADD FOREIGN KEY (org_id, product_id) REFERENCES product;

GRANT DELETE ON load_out_line TO beatwatch_api;
