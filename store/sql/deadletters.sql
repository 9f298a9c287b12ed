-- name: keep_dead_letters
INSERT INTO dead_letter AS kept (org_id, digest, received_at, last_received_at, deliveries, topic, payload, format, reason, detail)
SELECT min(organisation.org_id), sha256(convert_to(given.topic, 'UTF8') || '\x00'::bytea || given.payload), min(given.received_at),
    max(given.received_at), sum(given.deliveries), given.topic, given.payload, min(given.format), min(given.reason), min(given.detail)
FROM unnest(%(received_at)s::timestamptz[], %(topic)s::text[], %(payload)s::bytea[], %(format)s::text[], %(reason)s::text[],
    %(detail)s::text[], %(tenant)s::text[], %(deliveries)s::integer[]) AS given (received_at, topic, payload, format, reason, detail, tenant, deliveries)
LEFT JOIN organisation ON organisation.slug = given.tenant
GROUP BY given.topic, given.payload
ORDER BY 2
ON CONFLICT (digest) DO UPDATE SET last_received_at = greatest(kept.last_received_at, excluded.last_received_at),
    
    deliveries = kept.deliveries + excluded.deliveries, reason = excluded.reason, detail = excluded.detail, redriven_at = NULL

-- name: list_dead_letters
SELECT dead_letter_id, organisation.slug AS organisation, received_at, last_received_at, deliveries, topic, length(payload) AS bytes,
    format, reason, detail, redriven_at
FROM dead_letter LEFT JOIN organisation USING (org_id)
WHERE (%(reason)s::text IS NULL OR reason = %(reason)s) AND (%(all)s OR redriven_at IS NULL)
ORDER BY last_received_at DESC, dead_letter_id DESC
LIMIT %(limit)s

-- name: get_dead_letter
SELECT dead_letter_id, organisation.slug AS organisation, received_at, last_received_at, deliveries, topic, payload,
    format, reason, detail, redriven_at
FROM dead_letter LEFT JOIN organisation USING (org_id)
WHERE dead_letter_id = %(dead_letter_id)s

-- name: list_to_redrive
SELECT dead_letter_id, last_received_at, topic, payload
FROM dead_letter
WHERE redriven_at IS NULL AND dead_letter_id > %(after)s
    AND (%(dead_letter_id)s::bigint IS NULL OR dead_letter_id = %(dead_letter_id)s)
    AND (%(reason)s::text IS NULL OR reason = %(reason)s)
ORDER BY dead_letter_id
LIMIT %(limit)s

-- name: mark_redriven
UPDATE dead_letter SET redriven_at = now() WHERE dead_letter_id = ANY (%(ids)s)
