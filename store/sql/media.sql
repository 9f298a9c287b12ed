-- name: add
INSERT INTO media (org_id, sha256, content_type, bytes, stored_by)
VALUES (%(org_id)s, %(sha256)s, %(content_type)s, %(bytes)s, %(stored_by)s)
ON CONFLICT (org_id, sha256) DO NOTHING

-- name: find
SELECT sha256, content_type, bytes, stored_at, stored_by
FROM media WHERE sha256 = %(sha256)s ORDER BY org_id <> acting_org(), org_id LIMIT 1
