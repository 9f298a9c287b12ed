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
