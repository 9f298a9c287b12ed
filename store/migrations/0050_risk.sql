-- How likely it is that goods were taken on a trip, kept up as its events change.
CREATE TABLE trip_risk (
    org_id integer NOT NULL,
    trip_id text NOT NULL,
    score double precision NOT NULL CHECK (score BETWEEN 0 AND 100),
    contributions jsonb NOT NULL,
    assessed_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, trip_id),
    FOREIGN KEY (org_id, trip_id) REFERENCES trip ON DELETE CASCADE
);
CREATE INDEX ON trip_risk (org_id, score DESC);

SELECT fence('trip_risk');
GRANT SELECT, INSERT, UPDATE ON trip_risk TO beatwatch_worker;
GRANT SELECT ON trip_risk TO beatwatch_api;
