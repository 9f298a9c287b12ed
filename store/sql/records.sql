-- name: insert
INSERT INTO {table} (org_id, {columns}) VALUES (%(org_id)s, {values}) ON CONFLICT DO NOTHING RETURNING {key}

-- name: update
UPDATE {table} SET {assignments} WHERE org_id = %(org_id)s AND {key} = %(key)s

-- name: select
SELECT record.*, (SELECT slug FROM organisation WHERE organisation.org_id = record.org_id) AS organisation {more}
FROM {table} AS record
WHERE {conditions} AND {part}

-- name: children
, (SELECT coalesce(jsonb_agg(to_jsonb(child) - 'org_id' - {key_name} ORDER BY {order}), '[]')
   FROM {table} AS child WHERE child.org_id = record.org_id AND child.{key} = record.{key}) AS {name}

-- name: delete_children
DELETE FROM {table} WHERE org_id = %(org_id)s AND {key} = %(key)s

-- name: insert_child
INSERT INTO {table} (org_id, {key}, {columns}) VALUES (%(org_id)s, %(key)s, {values})

-- name: driver_login
(SELECT login FROM person WHERE person.person_id = record.person_id)

-- name: contract_manufacturer
organisation_slug(record.manufacturer_id)

-- name: route_plan_version
(SELECT coalesce(max(version), 0) FROM route_plan_version AS made
 WHERE made.org_id = record.org_id AND made.route_plan_id = record.route_plan_id)

-- name: asset_device
(SELECT device_key FROM device WHERE device.device_id = record.device_id)
