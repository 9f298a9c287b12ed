-- name: write
INSERT INTO audit (org_id, actor, action, subject_kind, subject_id, before, after)
VALUES (%(org_id)s, %(actor)s, %(action)s, %(subject_kind)s, %(subject_id)s, %(before)s, %(after)s)

-- name: list
SELECT audit_id, org_id, at, actor, action, subject_kind, subject_id, before, after
FROM audit
WHERE (%(actor)s::text IS NULL OR actor = %(actor)s)
  AND (%(subject_kind)s::text IS NULL OR subject_kind = %(subject_kind)s)
  AND (%(subject_id)s::text IS NULL OR subject_id = %(subject_id)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND {part}
