-- name: remember_receipts
INSERT INTO delivery_receipt (client_id, packet_id, digest, received_at)
SELECT DISTINCT ON (packet_id) %(client_id)s, packet_id, digest, received_at
FROM unnest(%(packet_ids)s::integer[], %(digests)s::bytea[], %(received_at)s::timestamptz[]) WITH ORDINALITY
    AS given (packet_id, digest, received_at, no)
ORDER BY packet_id, no DESC
ON CONFLICT (client_id, packet_id) DO UPDATE SET digest = excluded.digest, received_at = excluded.received_at

-- name: find_receipts
-- Only of the quarter of an hour before the newest: what is older has long been acknowledged, and its number may be another's by now.
SELECT given.no::integer AS no, kept.received_at
FROM unnest(%(packet_ids)s::integer[], %(digests)s::bytea[]) WITH ORDINALITY AS given (packet_id, digest, no)
JOIN delivery_receipt kept ON kept.client_id = %(client_id)s AND kept.packet_id = given.packet_id AND kept.digest = given.digest
WHERE kept.received_at > (SELECT max(received_at) FROM delivery_receipt newest WHERE newest.client_id = %(client_id)s) - interval '15 minutes'
