-- name: key_holder
SELECT * FROM key_holder(%(key_hash)s)

-- name: add_key
INSERT INTO api_key (org_id, name, key_hash, begins_with, scopes, created_by, expires_at)
VALUES (%(org_id)s, %(name)s, %(key_hash)s, %(begins_with)s, %(scopes)s, %(created_by)s, %(expires_at)s)
RETURNING key_id, name, begins_with, scopes, created_by, created_at, expires_at, last_used_at, revoked_at

-- name: list_keys
SELECT key_id, name, begins_with, scopes, created_by, created_at, expires_at, last_used_at, revoked_at
FROM api_key
WHERE (%(name)s::text IS NULL OR name = %(name)s)
    AND (%(holds)s::boolean IS NULL OR %(holds)s = (revoked_at IS NULL AND coalesce(expires_at > now(), true)))
    AND {part}

-- name: revoke_key
UPDATE api_key SET revoked_at = now() WHERE key_id = %(key_id)s AND revoked_at IS NULL RETURNING name, org_id
