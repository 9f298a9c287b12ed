-- One-time passwords for customers go out by the gateway of whoever delivers, else by that of the organisation above.
CREATE TABLE otp_gateway (
    org_id integer PRIMARY KEY REFERENCES organisation,
    url text NOT NULL CHECK (url <> ''),
    secret text NOT NULL CHECK (secret <> ''),  -- key of the signatures; the API writes it and never reads it
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    revision integer NOT NULL DEFAULT 1
);
SELECT fence('otp_gateway');
CREATE TRIGGER record_changes BEFORE UPDATE ON otp_gateway FOR EACH ROW EXECUTE FUNCTION note_record_change();
GRANT SELECT (org_id, url, changed_by, changed_at, revision), INSERT, UPDATE (url, secret, changed_by), DELETE ON otp_gateway TO beatwatch_api;
GRANT SELECT ON otp_gateway TO beatwatch_worker;

-- Whose gateway serves an organisation: an organisation cannot see those above it, and need not.
CREATE FUNCTION otp_gateway_for(an_org_id integer) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    WITH RECURSIVE above AS (
        SELECT org_id, parent_id, 0 AS steps FROM organisation WHERE org_id = an_org_id
        UNION ALL
        SELECT parent.org_id, parent.parent_id, steps + 1 FROM organisation AS parent JOIN above ON parent.org_id = above.parent_id
    )
    SELECT org_id FROM above JOIN otp_gateway USING (org_id) ORDER BY steps LIMIT 1;
END;
REVOKE EXECUTE ON FUNCTION otp_gateway_for FROM PUBLIC;
GRANT EXECUTE ON FUNCTION otp_gateway_for TO beatwatch_api, beatwatch_worker;
