-- name: set_parameter
INSERT INTO parameter (org_id, scope, scope_key, name, since, value, set_by)
VALUES (%(org_id)s, %(scope)s, %(scope_key)s, %(name)s, %(since)s, %(value)s, %(set_by)s)
ON CONFLICT (org_id, scope, scope_key, name, since) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = now()

-- name: settings
-- Of the acting organisation alone: a threshold is nobody else's.
SELECT org_id, scope, scope_key, name, since, value, set_by, set_at FROM parameter
WHERE (%(org_id)s::integer IS NULL OR org_id = %(org_id)s) AND (%(name)s::text IS NULL OR name = %(name)s)
ORDER BY org_id, since, scope, scope_key, name

-- name: in_force
-- A route's come last, and so win.
SELECT name, value FROM (
    SELECT DISTINCT ON (scope, name) scope, name, value FROM parameter
    WHERE org_id = %(org_id)s AND since <= %(at)s
        AND (scope = 'organisation' OR (scope = 'route' AND scope_key = %(route)s))
    ORDER BY scope, name, since DESC
) AS latest
ORDER BY scope

-- name: define_parameter
INSERT INTO parameter_definition (name, position, default_value, unit, low, high, explanation)
VALUES (%(name)s, %(position)s, %(default)s, %(unit)s, %(low)s, %(high)s, %(explanation)s)
ON CONFLICT (name) DO UPDATE SET position = excluded.position, default_value = excluded.default_value, unit = excluded.unit,
    low = excluded.low, high = excluded.high, explanation = excluded.explanation
WHERE parameter_definition IS DISTINCT FROM excluded

-- name: drop_other_definitions
DELETE FROM parameter_definition WHERE NOT name = ANY (%(names)s)

-- name: definitions
SELECT name, default_value AS default, unit, low, high, explanation FROM parameter_definition ORDER BY position, name
