-- name: list_zones
SELECT version.*, lower(version.valid) AS valid_from, upper(version.valid) AS valid_until, known.changed_at
FROM (
    SELECT org_id, zone_id, max(changed_at) AS changed_at FROM zone
    WHERE %(zone_id)s::text IS NULL OR zone_id = %(zone_id)s
    GROUP BY org_id, zone_id
) AS known
CROSS JOIN LATERAL (
    SELECT org_id, zone_id, name, kind, geometry, radius_m, width_m, speed_limit_mps, schedule, valid
    FROM zone
    WHERE zone.org_id = known.org_id AND zone.zone_id = known.zone_id
      AND (zone.valid @> %(at)s::timestamptz OR %(changed_since)s::timestamptz IS NOT NULL)
    ORDER BY zone.valid @> %(at)s::timestamptz DESC, lower(zone.valid) DESC NULLS LAST
    LIMIT 1
) AS version
WHERE (%(kinds)s::text[] IS NULL OR version.kind = ANY (%(kinds)s)) AND {part}
