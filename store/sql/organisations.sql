-- name: find_organisation
SELECT org_id FROM organisation WHERE slug = %(slug)s

-- name: add_organisation
INSERT INTO organisation (slug, name, parent_id) VALUES (%(slug)s, %(name)s, %(parent_id)s)
ON CONFLICT (slug) DO NOTHING
RETURNING org_id

-- name: list_organisations
SELECT organisation.slug, organisation.name, parent.slug AS parent, organisation.created_at
FROM organisation LEFT JOIN organisation AS parent ON parent.org_id = organisation.parent_id
ORDER BY organisation.slug

-- name: found_organisation
SELECT found_organisation(%(slug)s, %(name)s, %(kind)s, %(currency)s, %(parent)s) AS org_id

-- name: list_tree
SELECT organisation.slug, organisation.name, organisation.kind, organisation.currency, organisation.time_zone, parent.slug AS parent,
    organisation.created_at, organisation.changed_at, organisation.revision
FROM organisation LEFT JOIN organisation AS parent ON parent.org_id = organisation.parent_id
WHERE (%(slug)s::text IS NULL OR organisation.slug = %(slug)s) AND {part}

-- name: change_organisation
UPDATE organisation
SET name = coalesce(%(name)s, name), kind = coalesce(%(kind)s, kind), currency = coalesce(%(currency)s, currency),
    time_zone = coalesce(%(time_zone)s, time_zone)
WHERE slug = %(slug)s

-- name: slug_of
SELECT slug FROM organisation WHERE org_id = %(org_id)s

-- name: time_zone_of
SELECT time_zone FROM organisation WHERE org_id = %(org_id)s

-- name: try_time_zone
SELECT now() AT TIME ZONE %(time_zone)s AS there
