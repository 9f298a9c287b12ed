-- name: keep_dead_letters
INSERT INTO dead_letter AS kept (org_id, digest, received_at, last_received_at, deliveries, topic, payload, format, reason, detail)
SELECT min(organisation.org_id), sha256(convert_to(given.topic, 'UTF8') || '\x00'::bytea || given.payload), min(given.received_at),
    max(given.received_at), count(*), given.topic, given.payload, min(given.format), min(given.reason), min(given.detail)
FROM unnest(%(received_at)s::timestamptz[], %(topic)s::text[], %(payload)s::bytea[], %(format)s::text[], %(reason)s::text[],
    %(detail)s::text[], %(tenant)s::text[]) AS given (received_at, topic, payload, format, reason, detail, tenant)
LEFT JOIN organisation ON organisation.slug = given.tenant
GROUP BY given.topic, given.payload
ORDER BY 2
ON CONFLICT (digest) DO UPDATE SET last_received_at = greatest(kept.last_received_at, excluded.last_received_at),
    deliveries = kept.deliveries + excluded.deliveries, reason = excluded.reason, detail = excluded.detail, redriven_at = NULL
