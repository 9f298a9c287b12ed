-- What outlets have paid of what they took on credit. Never changed: a mistake is put right by another line.
CREATE TABLE outlet_payment (
    org_id integer NOT NULL,
    payment_id text NOT NULL CHECK (payment_id <> ''),
    outlet_id text NOT NULL,
    amount numeric(14, 2) NOT NULL CHECK (amount <> 0),
    paid_at timestamptz NOT NULL,
    note text,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, payment_id),
    FOREIGN KEY (org_id, outlet_id) REFERENCES outlet
);
CREATE INDEX ON outlet_payment (org_id, outlet_id, paid_at DESC, payment_id);
SELECT fence('outlet_payment');
GRANT SELECT, INSERT ON outlet_payment TO beatwatch_api;

-- Up to this value somebody has agreed to an order that goes beyond its outlet's credit limit.
ALTER TABLE sales_order ADD COLUMN credit_approved numeric(14, 2) CHECK (credit_approved >= 0);

-- Crates go out with the load; checker and driver count them as they count the goods.
ALTER TABLE load_out
    ADD COLUMN crates_checked integer CHECK (crates_checked >= 0),
    ADD COLUMN crates_received integer CHECK (crates_received >= 0);

-- The API asks for messages to retailers; who sends them is the same as for alerts.
GRANT INSERT ON message TO beatwatch_api;
