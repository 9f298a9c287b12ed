-- What programs come in with, what they may repeat without doing it twice, and what retailers are shown.
CREATE TABLE api_key (
    key_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id integer NOT NULL REFERENCES organisation,
    name text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    begins_with text NOT NULL,  -- to tell keys apart; the rest is known to its holder only
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ON api_key (org_id, name);

-- A POST that was done once under a key of the caller's. Without an answer it is under way, or the answer was not kept.
CREATE TABLE idempotency (
    org_id integer NOT NULL REFERENCES organisation,
    actor text NOT NULL,
    idempotency_key text NOT NULL,
    digest bytea NOT NULL,
    is_done boolean NOT NULL DEFAULT false,
    status integer,
    headers jsonb,
    body bytea,
    begun_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, actor, idempotency_key),
    CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX ON idempotency (begun_at);

-- A link by which a retailer sees what comes to its outlet, until it expires.
CREATE TABLE retailer_link (
    link_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id integer NOT NULL,
    outlet_id text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    FOREIGN KEY (org_id, outlet_id) REFERENCES outlet ON DELETE CASCADE
);
CREATE INDEX ON retailer_link (org_id, outlet_id);

-- The second step of signing in. Nobody reads the secret through the API's role: it is asked by functions.
CREATE TABLE second_step (
    person_id integer PRIMARY KEY,
    org_id integer NOT NULL,
    secret text NOT NULL,
    confirmed_at timestamptz,
    last_counter bigint NOT NULL DEFAULT 0,  -- of the code used last: no code is good twice
    recovery_hashes bytea[] NOT NULL DEFAULT '{}',
    FOREIGN KEY (person_id, org_id) REFERENCES person (person_id, org_id) ON DELETE CASCADE
);

SELECT fence(name::regclass) FROM unnest(ARRAY['api_key', 'idempotency', 'retailer_link', 'second_step']) AS name;
GRANT SELECT (key_id, org_id, name, begins_with, scopes, created_by, created_at, expires_at, last_used_at, revoked_at), INSERT,
    UPDATE (revoked_at) ON api_key TO beatwatch_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO beatwatch_api;
GRANT SELECT (link_id, org_id, outlet_id, created_by, created_at, expires_at, revoked_at), INSERT,
    UPDATE (revoked_at) ON retailer_link TO beatwatch_api;
GRANT SELECT (person_id, org_id, confirmed_at), INSERT, UPDATE, DELETE ON second_step TO beatwatch_api;

CREATE FUNCTION key_holder(a_key_hash bytea) RETURNS TABLE (key_id uuid, org_id integer, name text, scopes text[])
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
BEGIN
    RETURN QUERY SELECT k.key_id, k.org_id, k.name, k.scopes FROM api_key AS k
        WHERE k.key_hash = a_key_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
    UPDATE api_key AS k SET last_used_at = now()
        WHERE k.key_hash = a_key_hash AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
END
$$;

CREATE FUNCTION note_done(an_org_id integer, an_actor text, a_key text) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    UPDATE idempotency SET is_done = true
    WHERE org_id = an_org_id AND actor = an_actor AND idempotency_key = a_key
      AND pg_current_xact_id_if_assigned() IS NOT NULL;  -- what has only read has done nothing
END;

CREATE FUNCTION retailer_of(a_token_hash bytea) RETURNS TABLE (org_id integer, outlet_id text, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    SELECT link.org_id, link.outlet_id, link.expires_at FROM retailer_link AS link
    WHERE link.token_hash = a_token_hash AND link.revoked_at IS NULL AND link.expires_at > now();
END;

CREATE FUNCTION second_step_of(a_person_id integer)
    RETURNS TABLE (secret text, confirmed_at timestamptz, last_counter bigint, recovery_hashes bytea[])
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    SELECT secret, confirmed_at, last_counter, recovery_hashes FROM second_step WHERE person_id = a_person_id FOR UPDATE;
END;

CREATE FUNCTION use_second_step(a_person_id integer, a_counter bigint, a_recovery_hash bytea) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    UPDATE second_step
    SET last_counter = coalesce(a_counter, last_counter),
        recovery_hashes = array_remove(recovery_hashes, a_recovery_hash)
    WHERE person_id = a_person_id;
END;

REVOKE EXECUTE ON FUNCTION key_holder, note_done, retailer_of, second_step_of, use_second_step FROM PUBLIC;
GRANT EXECUTE ON FUNCTION key_holder, note_done, retailer_of, second_step_of, use_second_step TO beatwatch_api;
