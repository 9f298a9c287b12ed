-- name: note_fault
INSERT INTO rule_fault (org_id, rule, error, device_key, count) VALUES (%(org_id)s, %(rule)s, %(error)s, %(device_key)s, %(count)s)
ON CONFLICT (org_id, rule, error) DO UPDATE SET
    device_key = excluded.device_key, count = rule_fault.count + excluded.count, last_at = now()

-- name: list_faults
SELECT rule, error, device_key, count, first_at, last_at FROM rule_fault ORDER BY last_at DESC, rule, error LIMIT %(limit)s
