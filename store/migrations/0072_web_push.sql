-- Browsers in which people want to be told, by the keys that only they can read with (RFC 8291).
CREATE TABLE push_subscription (
    org_id integer NOT NULL REFERENCES organisation,
    endpoint text NOT NULL,
    person text NOT NULL CHECK (person <> ''),
    p256dh text NOT NULL,
    auth text NOT NULL,
    browser text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, endpoint)
);
CREATE INDEX push_subscription_of_person ON push_subscription (org_id, person);
SELECT fence('push_subscription');
GRANT SELECT, INSERT, UPDATE, DELETE ON push_subscription TO beatwatch_worker, beatwatch_api;
