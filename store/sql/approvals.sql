-- name: add
INSERT INTO approval (org_id, kind, subject_id, requested_by, comment, difference, decide_by)
VALUES (%(org_id)s, %(kind)s, %(subject_id)s, %(requested_by)s, %(comment)s, %(difference)s, %(decide_by)s)
RETURNING approval_id

-- name: lock
SELECT FROM approval WHERE approval_id = %(approval_id)s FOR UPDATE

-- name: list
SELECT org_id, approval_id, kind, subject_id, requested_by, requested_at, comment, difference, decide_by, state,
    state = 'pending' AND decide_by < now() AS overdue, decided_by, decided_at, decision,
    greatest(requested_at, decided_at) AS changed_at
FROM approval
WHERE (%(approval_id)s::bigint IS NULL OR approval_id = %(approval_id)s)
  AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s))
  AND (%(kinds)s::text[] IS NULL OR kind = ANY (%(kinds)s))
  AND (%(subject_id)s::text IS NULL OR subject_id = %(subject_id)s)
  AND (%(overdue)s::boolean IS NULL OR (state = 'pending' AND decide_by < now()) = %(overdue)s)
  AND {part}

-- name: decide
UPDATE approval SET state = %(state)s, decided_by = %(decided_by)s, decided_at = now(), decision = %(decision)s
WHERE org_id = %(org_id)s AND approval_id = %(approval_id)s AND state = 'pending'
