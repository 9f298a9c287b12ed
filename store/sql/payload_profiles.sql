-- name: upsert_profile
INSERT INTO payload_profile (org_id, format, scope, name, settings)
VALUES (%(org_id)s, %(format)s, %(scope)s, %(name)s, %(settings)s)
ON CONFLICT (org_id, format, scope, name) DO UPDATE SET settings = excluded.settings, changed_at = now()
RETURNING format, scope, name, settings, changed_at

-- name: delete_profile
DELETE FROM payload_profile WHERE org_id = %(org_id)s AND format = %(format)s AND scope = %(scope)s AND name = %(name)s

-- name: lock_profile
SELECT FROM payload_profile WHERE org_id = %(org_id)s AND format = %(format)s AND scope = %(scope)s AND name = %(name)s FOR UPDATE

-- name: list_profiles
SELECT format, scope, name, settings, changed_at FROM payload_profile
WHERE org_id = %(org_id)s AND (%(format)s::text IS NULL OR format = %(format)s) AND (%(scope)s::text IS NULL OR scope = %(scope)s)
    AND (%(name)s::text IS NULL OR name = %(name)s)
    AND {part}

-- name: list_profiled_devices
SELECT organisation.slug AS organisation, device.device_key, identity.format AS identity_format, identity.external_id,
    profile.scope, profile.format, profile.settings
FROM payload_profile profile
JOIN organisation USING (org_id)
JOIN device ON device.org_id = profile.org_id
    AND profile.name = CASE profile.scope WHEN 'model' THEN device.model ELSE device.device_key END
LEFT JOIN device_identity identity ON identity.device_id = device.device_id
ORDER BY profile.format, device.device_id, identity.format, identity.external_id
