-- Photos, signatures and scans are named by what they are: the content is kept outside, under its SHA-256.
CREATE TABLE media (
    org_id integer NOT NULL REFERENCES organisation,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    content_type text NOT NULL,
    bytes integer NOT NULL CHECK (bytes > 0),
    stored_at timestamptz NOT NULL DEFAULT now(),
    stored_by text NOT NULL,
    PRIMARY KEY (org_id, sha256)
);

-- The stock ledger. What was written stays; a mistake is put right by another movement. A movement between two places is two
-- rows that cancel out. The same movement told twice is one: cause and reference name it.
CREATE TABLE stock_movement (
    movement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    moved_at timestamptz NOT NULL,
    place_kind text NOT NULL CHECK (place_kind IN ('depot', 'van', 'outlet')),
    place_id text NOT NULL CHECK (place_id <> ''),
    product_id text NOT NULL CHECK (product_id <> ''),
    batch text NOT NULL DEFAULT '',
    pieces integer NOT NULL CHECK (pieces <> 0),
    cause text NOT NULL CHECK (cause IN ('opening', 'receipt', 'load', 'top_up', 'delivery', 'free', 'customer_return', 'damage',
        'unload', 'transfer', 'adjustment', 'sale')),
    ref text NOT NULL CHECK (ref <> ''),
    trip_id text,  -- on which trip, for what moved on or off a van
    actor text NOT NULL,
    note text,
    stored_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, cause, ref, place_kind, place_id, product_id, batch)
);
CREATE INDEX stock_movement_by_place ON stock_movement (org_id, place_kind, place_id, product_id, moved_at);
CREATE INDEX stock_movement_by_trip ON stock_movement (org_id, trip_id) WHERE trip_id IS NOT NULL;

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write another row that puts it right', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER stock_movement_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE VIEW stock_balance WITH (security_invoker = true) AS
SELECT org_id, place_kind, place_id, product_id, sum(pieces) AS pieces, max(moved_at) AS moved_at
FROM stock_movement
GROUP BY org_id, place_kind, place_id, product_id;

-- One flow for everything that somebody has to agree to.
CREATE TABLE approval (
    approval_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    kind text NOT NULL,
    subject_id text NOT NULL CHECK (subject_id <> ''),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    comment text,
    difference jsonb NOT NULL DEFAULT '{}',  -- {"field": {"before", "after"}} or what else the decision needs to see
    decide_by timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'rejected', 'withdrawn')),
    decided_by text,
    decided_at timestamptz,
    decision text,
    CHECK ((state = 'pending') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX one_pending_approval ON approval (org_id, kind, subject_id) WHERE state = 'pending';
CREATE INDEX approval_by_time ON approval (org_id, requested_at DESC, approval_id DESC);

SELECT fence(name::regclass) FROM unnest(ARRAY['media', 'stock_movement', 'approval']) AS name;
GRANT SELECT, INSERT ON media, stock_movement TO beatwatch_api, beatwatch_worker;  -- never changed, never deleted
GRANT SELECT, INSERT ON approval TO beatwatch_api;
GRANT UPDATE (state, decided_by, decided_at, decision) ON approval TO beatwatch_api;
GRANT SELECT ON stock_balance TO beatwatch_api, beatwatch_worker;
GRANT SELECT ON approval TO beatwatch_worker;
