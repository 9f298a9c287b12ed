-- name: add
INSERT INTO stock_movement (org_id, moved_at, place_kind, place_id, product_id, batch, pieces, cause, ref, trip_id, actor, note)
VALUES (%(org_id)s, %(moved_at)s, %(place_kind)s, %(place_id)s, %(product_id)s, %(batch)s, %(pieces)s, %(cause)s, %(ref)s,
    %(trip_id)s, %(actor)s, %(note)s)
ON CONFLICT DO NOTHING

-- name: list
SELECT org_id, movement_id, moved_at, place_kind, place_id, product_id, batch, pieces, cause, ref, trip_id, actor, note, stored_at
FROM stock_movement
WHERE (%(place_kind)s::text IS NULL OR place_kind = %(place_kind)s)
  AND (%(place_id)s::text IS NULL OR place_id = %(place_id)s)
  AND (%(product_id)s::text IS NULL OR product_id = %(product_id)s)
  AND (%(cause)s::text IS NULL OR cause = %(cause)s)
  AND (%(ref)s::text IS NULL OR ref = %(ref)s)
  AND (%(trip_id)s::text IS NULL OR trip_id = %(trip_id)s)
  AND (%(since)s::timestamptz IS NULL OR moved_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR moved_at < %(until)s)
  AND {part}

-- name: balances
SELECT * FROM (
    SELECT org_id, place_kind, place_id, product_id, sum(pieces)::bigint AS pieces, max(moved_at) AS moved_at,
        max(stored_at) AS changed_at
    FROM stock_movement
    WHERE (%(place_kind)s::text IS NULL OR place_kind = %(place_kind)s)
      AND (%(place_id)s::text IS NULL OR place_id = %(place_id)s)
      AND (%(product_id)s::text IS NULL OR product_id = %(product_id)s)
      AND (%(until)s::timestamptz IS NULL OR moved_at < %(until)s)
    GROUP BY org_id, place_kind, place_id, product_id
) AS balance
WHERE {part}
