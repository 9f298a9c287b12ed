-- People, their sessions, and what they changed. A role holds for the person's organisation and those below it.
CREATE TABLE person (
    person_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    login text NOT NULL UNIQUE CHECK (login <> '' AND login = lower(login)),
    name text NOT NULL,
    role text NOT NULL,
    password_hash text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    failed_count integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (person_id, org_id)
);

-- Tokens are random; only their SHA-256 is here. A session lives on by refreshing, each time with new tokens.
CREATE TABLE session (
    session_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    person_id integer NOT NULL,
    org_id integer NOT NULL,
    access_hash bytea NOT NULL UNIQUE,
    access_until timestamptz NOT NULL,
    refresh_hash bytea NOT NULL UNIQUE,
    refresh_until timestamptz NOT NULL,
    client text,
    created_at timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    revoked_because text CHECK (revoked_because IN ('signed_out', 'revoked', 'token_reused', 'person_changed')),
    FOREIGN KEY (person_id, org_id) REFERENCES person (person_id, org_id) ON DELETE CASCADE,
    CHECK ((revoked_at IS NULL) = (revoked_because IS NULL))
);
CREATE INDEX session_of_person ON session (person_id);

-- Refresh tokens that were used. Whoever brings one again is not who got it: the session ends.
CREATE TABLE spent_refresh (
    refresh_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session ON DELETE CASCADE
);

CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organisation,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE INDEX audit_by_time ON audit (org_id, at DESC, audit_id DESC);

SELECT fence(name::regclass) FROM unnest(ARRAY['person', 'session', 'audit']) AS name;
GRANT SELECT (person_id, org_id, login, name, role, state, locked_until, created_at), INSERT ON person TO beatwatch_api;
GRANT UPDATE (name, role, state, password_hash, failed_count, locked_until) ON person TO beatwatch_api;
GRANT SELECT (session_id, person_id, org_id, access_until, refresh_until, client, created_at, refreshed_at, revoked_at,
    revoked_because), INSERT ON session TO beatwatch_api;
GRANT UPDATE (revoked_at, revoked_because) ON session TO beatwatch_api;
GRANT SELECT, INSERT ON audit TO beatwatch_api;  -- never changed, never deleted
GRANT SELECT, INSERT, UPDATE ON person TO beatwatch_worker;
GRANT SELECT, INSERT ON audit TO beatwatch_worker;

-- Before anybody is known there is no organisation to act for: these few questions see past the fence, and nothing else does.
CREATE FUNCTION sign_in_candidate(a_login text)
    RETURNS TABLE (person_id integer, org_id integer, login text, role text, password_hash text, state text, locked_until timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    SELECT person_id, org_id, login, role, password_hash, state, locked_until FROM person WHERE login = a_login;
END;

CREATE FUNCTION note_sign_in(a_person_id integer, succeeded boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    UPDATE person
    SET failed_count = CASE WHEN succeeded THEN 0 ELSE (failed_count + 1) % 5 END,
        locked_until = CASE WHEN NOT succeeded AND failed_count + 1 >= 5 THEN now() + interval '15 minutes' END
    WHERE person_id = a_person_id;
END;

CREATE FUNCTION holder_of(an_access_hash bytea)
    RETURNS TABLE (session_id uuid, person_id integer, org_id integer, login text, name text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    SELECT session.session_id, person.person_id, person.org_id, person.login, person.name, person.role
    FROM session JOIN person USING (person_id)
    WHERE session.access_hash = an_access_hash AND session.revoked_at IS NULL AND session.access_until > now()
      AND person.state = 'active';
END;

-- New tokens for a refresh token: a row if it was good. A spent one ends its session.
CREATE FUNCTION refresh_session(
    old_refresh bytea, new_access bytea, new_access_until timestamptz, new_refresh bytea, new_refresh_until timestamptz
) RETURNS TABLE (session_id uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE session SET revoked_at = now(), revoked_because = 'token_reused'
    FROM spent_refresh AS spent
    WHERE spent.refresh_hash = old_refresh AND session.session_id = spent.session_id AND session.revoked_at IS NULL;
    RETURN QUERY
        UPDATE session
        SET access_hash = new_access, access_until = new_access_until, refresh_hash = new_refresh, refresh_until = new_refresh_until,
            refreshed_at = now()
        FROM person
        WHERE session.refresh_hash = old_refresh AND session.revoked_at IS NULL AND session.refresh_until > now()
          AND person.person_id = session.person_id AND person.state = 'active'
        RETURNING session.session_id;
    INSERT INTO spent_refresh SELECT old_refresh, session.session_id FROM session WHERE session.refresh_hash = new_refresh;
END
$$;

REVOKE EXECUTE ON FUNCTION sign_in_candidate, note_sign_in, holder_of, refresh_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sign_in_candidate, note_sign_in, holder_of, refresh_session TO beatwatch_api;
