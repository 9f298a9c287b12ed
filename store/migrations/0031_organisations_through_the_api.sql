-- The API adds organisations below the caller's own, and nowhere else. The row-level policy cannot say so: what is new is not
-- yet in the subtree that the statement sees.
CREATE FUNCTION found_organisation(a_slug text, a_name text, a_kind text, a_currency text, a_parent text) RETURNS integer
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    INSERT INTO organisation (slug, name, kind, currency, parent_id)
    SELECT a_slug, a_name, a_kind, a_currency, parent.org_id
    FROM organisation AS parent
    WHERE parent.slug = a_parent AND parent.org_id = ANY (visible_orgs())
    ON CONFLICT (slug) DO NOTHING
    RETURNING org_id;
END;

-- The other side of a contract need not be in one's subtree; its name may be known.
CREATE FUNCTION organisation_slug(an_org_id integer) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    RETURN (SELECT slug FROM organisation WHERE org_id = an_org_id);

REVOKE EXECUTE ON FUNCTION found_organisation, organisation_slug FROM PUBLIC;
GRANT EXECUTE ON FUNCTION found_organisation, organisation_slug TO beatwatch_api;
GRANT UPDATE (name, kind, currency) ON organisation TO beatwatch_api;
