-- Who stands below whom, written down: policies ask it once for every table of every statement, and walking down the tree each time
-- took a good part of the short ones.
CREATE TABLE organisation_reach (
    org_id integer PRIMARY KEY REFERENCES organisation ON DELETE CASCADE,
    below integer[] NOT NULL  -- itself and everybody below
);
SELECT fence('organisation_reach');

CREATE VIEW organisation_above AS
WITH RECURSIVE pair AS (
    SELECT org_id AS below, org_id FROM organisation
    UNION
    SELECT pair.below, child.parent_id FROM pair JOIN organisation AS child USING (org_id) WHERE child.parent_id IS NOT NULL
)
SELECT org_id, below FROM pair;

INSERT INTO organisation_reach SELECT org_id, array_agg(below ORDER BY below) FROM organisation_above GROUP BY org_id;

-- The lock comes first, so that the statement after it sees what it waited for.
CREATE FUNCTION reach_added_organisations() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    LOCK TABLE organisation_reach IN ROW EXCLUSIVE MODE;
    INSERT INTO organisation_reach AS reach
    WITH RECURSIVE pair AS (
        SELECT org_id AS below, org_id FROM added
        UNION
        SELECT pair.below, child.parent_id FROM pair JOIN organisation AS child USING (org_id) WHERE child.parent_id IS NOT NULL
    )
    SELECT org_id, array_agg(below ORDER BY below) FROM pair GROUP BY org_id ORDER BY org_id
    ON CONFLICT (org_id) DO UPDATE SET below = reach.below || excluded.below;
    RETURN NULL;
END
$$;
CREATE FUNCTION reach_moved_organisations() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    LOCK TABLE organisation_reach IN EXCLUSIVE MODE;
    UPDATE organisation_reach AS reach SET below = now.below
    FROM (SELECT org_id, array_agg(below ORDER BY below) AS below FROM organisation_above GROUP BY org_id) AS now
    WHERE now.org_id = reach.org_id AND now.below <> reach.below;
    RETURN NULL;
END
$$;
CREATE TRIGGER reach_added AFTER INSERT ON organisation
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION reach_added_organisations();
CREATE TRIGGER reach_moved AFTER UPDATE OF parent_id OR DELETE ON organisation
    FOR EACH STATEMENT EXECUTE FUNCTION reach_moved_organisations();

-- Nothing is looked up by name when it runs, so it needs no search path of its own. What is joined to nothing is unpacked once, here,
-- and not again for each row that a policy looks at.
CREATE OR REPLACE FUNCTION visible_orgs() RETURNS integer[]
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    RETURN coalesce((SELECT below || '{}'::integer[] FROM organisation_reach WHERE org_id = acting_org()), '{}');
