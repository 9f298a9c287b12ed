-- name: lock_organisation
SELECT pg_advisory_xact_lock(%(space)s, %(org_id)s)

-- name: alike_since
SELECT alike_id, device_id, kind, at, longitude_e7, latitude_e7 FROM alike
JOIN unnest(%(device_ids)s::integer[], %(sinces)s::timestamptz[]) AS known (device_id, since) USING (device_id)
WHERE decided_at > known.since

-- name: insert_alike
INSERT INTO alike (org_id, alike_id, kind, device_id, at, decided_at, longitude_e7, latitude_e7, event_id, vehicles, within_m, within_s,
    course_deg)
VALUES (%(org_id)s, %(alike_id)s, %(kind)s, %(device_id)s, %(at)s, %(decided_at)s, %(longitude_e7)s, %(latitude_e7)s, %(event_id)s,
    %(vehicles)s, %(within_m)s, %(within_s)s, %(course_deg)s)
ON CONFLICT (org_id, alike_id) DO NOTHING

-- name: delete_alike
DELETE FROM alike WHERE org_id = %(org_id)s AND alike_id = ANY (%(alike_ids)s)

-- name: alike_of_events
SELECT kind, at, longitude_e7, latitude_e7 FROM alike WHERE org_id = %(org_id)s AND event_id = ANY (%(event_ids)s)

-- name: alike_around
SELECT DISTINCT ON (alike.alike_id) alike.*, device.device_key
FROM unnest(%(kinds)s::text[], %(ats)s::timestamptz[], %(xs)s::integer[], %(ys)s::integer[]) AS changed (kind, at, x, y)
CROSS JOIN generate_series(changed.x - 2, changed.x + 2) AS near_x
CROSS JOIN generate_series(changed.y - 2, changed.y + 2) AS near_y
JOIN alike ON alike.org_id = %(org_id)s AND alike.kind = changed.kind AND alike.cell_x = near_x AND alike.cell_y = near_y
    AND alike.at BETWEEN changed.at - 2 * %(span)s::interval AND changed.at + 2 * %(span)s::interval
JOIN device USING (device_id)

-- name: excuse_events
UPDATE event SET superseded_at = now(), superseded_because = 'excused', changed_at = now(),
    change_xid = pg_current_xact_id(), change_no = nextval('conclusion_change_no')
WHERE org_id = %(org_id)s AND event_id = ANY (%(event_ids)s) AND superseded_at IS NULL AND severity <> 'critical'

-- name: hold_events
UPDATE event SET superseded_at = NULL, superseded_because = NULL, changed_at = now(),
    change_xid = pg_current_xact_id(), change_no = nextval('conclusion_change_no')
WHERE org_id = %(org_id)s AND superseded_because = 'excused'
    AND (event_id = ANY (%(event_ids)s) OR (event_id = ANY (%(excused_ids)s) AND severity = 'critical'))

-- name: thin_alike
DELETE FROM alike USING unnest(%(device_ids)s::integer[], %(ats)s::timestamptz[]) AS seen (device_id, at)
WHERE alike.device_id = seen.device_id AND alike.decided_at < seen.at - interval '31 days'
