-- What comes back in the evening, against what went out: counted and expected by product, and the money.
CREATE TABLE settlement (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    submitted_by text NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT now(),
    cash_due numeric(14, 2) NOT NULL,
    cash_counted numeric(14, 2) NOT NULL CHECK (cash_counted >= 0),
    upi_due numeric(14, 2) NOT NULL,
    upi_counted numeric(14, 2) NOT NULL CHECK (upi_counted >= 0),
    credit numeric(14, 2) NOT NULL,
    billed numeric(14, 2) NOT NULL,
    crates_due integer NOT NULL,
    crates_counted integer NOT NULL CHECK (crates_counted >= 0),
    note text,
    decided_by text,
    decided_at timestamptz,
    decision text,
    PRIMARY KEY (org_id, trip_id),
    FOREIGN KEY (org_id, trip_id) REFERENCES trip ON DELETE CASCADE
);

CREATE TABLE settlement_line (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    product_id text NOT NULL,
    loaded integer NOT NULL,
    topped_up integer NOT NULL,
    transferred integer NOT NULL,
    delivered integer NOT NULL,
    free integer NOT NULL,
    damaged integer NOT NULL,
    returned integer NOT NULL,
    counted integer NOT NULL CHECK (counted >= 0),
    price numeric(14, 2) NOT NULL,
    PRIMARY KEY (org_id, trip_id, product_id),
    FOREIGN KEY (org_id, trip_id) REFERENCES settlement ON DELETE CASCADE,
    FOREIGN KEY (org_id, product_id) REFERENCES product
);

CREATE TABLE breakdown (
    org_id integer NOT NULL,
    breakdown_id text NOT NULL DEFAULT gen_random_uuid()::text,
    trip_id text NOT NULL,
    vehicle_id text NOT NULL,
    reported_at timestamptz NOT NULL,
    reported_by text NOT NULL,
    longitude_e7 integer CHECK (longitude_e7 BETWEEN -1800000000 AND 1800000000),
    latitude_e7 integer CHECK (latitude_e7 BETWEEN -900000000 AND 900000000),
    reason text NOT NULL,
    sha256 text,
    approval_id bigint REFERENCES approval,
    state text NOT NULL DEFAULT 'reported',
    to_trip_id text,
    cargo_kg double precision CHECK (cargo_kg >= 0),  -- weighed when the goods were put on the other van
    note text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, breakdown_id),
    FOREIGN KEY (org_id, trip_id) REFERENCES trip ON DELETE CASCADE,
    FOREIGN KEY (org_id, to_trip_id) REFERENCES trip,
    FOREIGN KEY (org_id, sha256) REFERENCES media
);
CREATE UNIQUE INDEX one_breakdown_at_a_time ON breakdown (org_id, trip_id) WHERE state NOT IN ('rejected', 'closed');

-- Coolers, crates, kegs: whose they are, and where they ought to be.
CREATE TABLE asset (
    org_id integer NOT NULL REFERENCES organisation,
    asset_id text NOT NULL CHECK (asset_id <> ''),
    kind text NOT NULL,
    serial text,
    owner text,
    outlet_id text,  -- where it ought to be; none: in the depot
    device_id integer REFERENCES device,  -- its locator
    condition text NOT NULL DEFAULT 'good',
    state text NOT NULL DEFAULT 'in_service',
    PRIMARY KEY (org_id, asset_id),
    FOREIGN KEY (org_id, outlet_id) REFERENCES outlet
);
CREATE UNIQUE INDEX asset_by_serial ON asset (org_id, kind, serial) WHERE serial IS NOT NULL;

-- An order to move an asset. From when it is under way until it is done, nobody wonders that it is not at its outlet.
CREATE TABLE asset_transfer (
    org_id integer NOT NULL,
    transfer_id text NOT NULL CHECK (transfer_id <> ''),
    asset_id text NOT NULL,
    from_outlet_id text,
    to_outlet_id text,  -- none: the depot
    planned_at timestamptz NOT NULL,
    reason text,
    condition text,  -- as it arrived
    state text NOT NULL DEFAULT 'ordered',
    PRIMARY KEY (org_id, transfer_id),
    FOREIGN KEY (org_id, asset_id) REFERENCES asset,
    FOREIGN KEY (org_id, from_outlet_id) REFERENCES outlet,
    FOREIGN KEY (org_id, to_outlet_id) REFERENCES outlet
);
CREATE UNIQUE INDEX one_open_transfer ON asset_transfer (org_id, asset_id) WHERE state IN ('ordered', 'under_way');

SELECT fence(name::regclass) FROM unnest(ARRAY['settlement', 'settlement_line', 'breakdown']) AS name;
SELECT keep_record(name::regclass) FROM unnest(ARRAY['asset', 'asset_transfer']) AS name;
GRANT SELECT, INSERT, UPDATE, DELETE ON settlement, settlement_line TO beatwatch_api;
GRANT SELECT, INSERT, UPDATE ON breakdown TO beatwatch_api;
GRANT SELECT ON settlement, settlement_line, breakdown TO beatwatch_worker;
-- A settlement is judged when it is handed in: by the same rule as in hindsight, and kept like any other conclusion.
GRANT INSERT, UPDATE ON event TO beatwatch_api;
GRANT USAGE ON SEQUENCE conclusion_change_no TO beatwatch_api;
