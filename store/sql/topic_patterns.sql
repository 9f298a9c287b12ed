-- name: list_patterns
SELECT name, pattern, format, device, tenant, changed_at FROM topic_pattern ORDER BY name

-- name: page_of_patterns
SELECT name, pattern, format, device, tenant, changed_at FROM topic_pattern
WHERE (%(format)s::text IS NULL OR format = %(format)s) AND {part}

-- name: list_dropped
SELECT pattern FROM dropped_pattern ORDER BY pattern

-- name: find_pattern
SELECT name, pattern, format, device, tenant, changed_at FROM topic_pattern WHERE name = %(name)s FOR UPDATE

-- name: find_name
SELECT name FROM topic_pattern WHERE pattern = %(pattern)s

-- name: upsert_pattern
INSERT INTO topic_pattern (name, pattern, format, device, tenant)
VALUES (%(name)s, %(pattern)s, %(format)s, %(device)s, %(tenant)s)
ON CONFLICT (name) DO UPDATE SET pattern = excluded.pattern, format = excluded.format, device = excluded.device,
    tenant = excluded.tenant, changed_at = now()
RETURNING name, pattern, format, device, tenant, changed_at

-- name: delete_pattern
DELETE FROM topic_pattern WHERE name = %(name)s
