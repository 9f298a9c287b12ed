-- Somebody wants to know now what verdicts and proofs speak for, and not only at night. The alerts service takes it up.
CREATE TABLE learning_request (
    org_id integer NOT NULL REFERENCES organisation,
    request_id bigint GENERATED ALWAYS AS IDENTITY,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz,
    done_at timestamptz,
    outcome text,  -- a sentence
    PRIMARY KEY (org_id, request_id)
);
CREATE UNIQUE INDEX learning_request_waiting ON learning_request (org_id) WHERE done_at IS NULL;
SELECT fence('learning_request');
GRANT SELECT, INSERT ON learning_request TO beatwatch_api;
GRANT SELECT, UPDATE ON learning_request TO beatwatch_worker;
