-- name: find_organisation
SELECT org_id FROM organisation WHERE slug = %(slug)s
