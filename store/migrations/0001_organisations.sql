-- Roles own nothing and cannot log in: a service connects as the login of DATABASE_URL and takes one of them.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'beatwatch_worker') THEN
        CREATE ROLE beatwatch_worker NOLOGIN NOBYPASSRLS;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'beatwatch_api') THEN
        CREATE ROLE beatwatch_api NOLOGIN NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database of this cluster was quicker
END
$$;

GRANT beatwatch_worker, beatwatch_api TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO beatwatch_worker, beatwatch_api;

CREATE TABLE organisation (
    org_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    name text NOT NULL,
    parent_id integer REFERENCES organisation,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The organisation the transaction acts for; a reused connection holds '' and not NULL.
CREATE FUNCTION acting_org() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.org', true), '')::integer;

-- Its subtree, worked out once a statement: policies say  org_id = ANY (visible_orgs()).
CREATE FUNCTION visible_orgs() RETURNS integer[]
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    WITH RECURSIVE subtree AS (
        SELECT org_id FROM organisation WHERE org_id = acting_org()
        UNION ALL
        SELECT child.org_id FROM organisation child JOIN subtree ON child.parent_id = subtree.org_id
    )
    SELECT coalesce(array_agg(org_id), '{}') FROM subtree;
END;

-- Every table with an org_id is fenced by one call of this. The services own no table, so they cannot see past it.
CREATE FUNCTION fence(fenced regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', fenced);
    EXECUTE format('CREATE POLICY api_sees_its_subtree ON %s TO beatwatch_api'
                   ' USING (org_id = ANY ((SELECT visible_orgs())::integer[]))', fenced);
    EXECUTE format('CREATE POLICY worker_serves_all ON %s TO beatwatch_worker USING (true)', fenced);
END
$$;

SELECT fence('organisation');
GRANT SELECT, INSERT, UPDATE ON organisation TO beatwatch_worker;
GRANT SELECT ON organisation TO beatwatch_api;

INSERT INTO organisation (slug, name) VALUES ('default', 'Default organisation');
