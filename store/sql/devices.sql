-- name: find_devices
WITH given AS (
    SELECT *
    FROM unnest(%(tenants)s::text[], %(formats)s::text[], %(external_ids)s::text[]) WITH ORDINALITY AS row (tenant, format, external_id, no)
)
SELECT given.no::integer AS no, device.device_id, device.org_id, device.state = 'active' AS active
FROM given
JOIN organisation ON organisation.slug = given.tenant
JOIN device ON device.org_id = organisation.org_id AND device.device_key = given.external_id
WHERE NOT EXISTS (
    SELECT FROM device_identity identity
    WHERE identity.format = given.format AND identity.external_id = given.external_id AND identity.org_id = organisation.org_id)
UNION ALL
SELECT given.no::integer AS no, device.device_id, device.org_id, device.state = 'active' AS active
FROM given
JOIN device_identity identity ON identity.format = given.format AND identity.external_id = given.external_id
JOIN device ON device.device_id = identity.device_id
JOIN organisation ON organisation.org_id = device.org_id
WHERE given.tenant IS NULL OR given.tenant = organisation.slug

-- name: adopt_devices
-- A name is one device, and SLUG:NAME is NAME of that organisation: what reports under a known device_key in another format is taken for that device.
WITH wanted AS (
    SELECT DISTINCT organisation.org_id, given.tenant, given.format, given.external_id,
        CASE WHEN starts_with(given.external_id, organisation.slug || ':') AND length(given.external_id) > length(organisation.slug) + 1
            THEN substr(given.external_id, length(organisation.slug) + 2) ELSE given.external_id END AS device_key
    FROM unnest(%(tenants)s::text[], %(formats)s::text[], %(external_ids)s::text[]) AS given (tenant, format, external_id)
    JOIN organisation ON organisation.slug = coalesce(given.tenant, %(default_slug)s)
), registered AS (
    INSERT INTO device (org_id, device_key, adopted)
    SELECT DISTINCT org_id, device_key, true FROM wanted ORDER BY org_id, device_key
    ON CONFLICT (org_id, device_key) DO NOTHING
    RETURNING device_id, org_id, device_key
), named AS (
    SELECT device_id, org_id, device_key FROM registered
    UNION
    SELECT device.device_id, device.org_id, device.device_key FROM device JOIN wanted
        ON device.org_id = wanted.org_id AND device.device_key = wanted.device_key
)
INSERT INTO device_identity (format, external_id, device_id, org_id)
SELECT wanted.format, wanted.external_id, named.device_id, named.org_id
FROM wanted JOIN named ON named.org_id = wanted.org_id AND named.device_key = wanted.device_key
WHERE wanted.tenant IS NULL
ORDER BY wanted.format, wanted.external_id
ON CONFLICT (format, external_id) DO NOTHING

-- name: listen
LISTEN beatwatch_devices
