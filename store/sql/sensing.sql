-- name: fitted_shelves
-- Sales and receipts are an outlet's; where two shelves there hold the product, nobody can say which one they concern.
SELECT shelf.device_id, shelf.org_id, shelf.outlet_id, shelf.product_id, shelf.unit_weight_g, shelf.tare_g, shelf.capacity,
    shelf.opens_h, shelf.closes_h, shelf.utc_offset_min, coalesce(shelf.lead_time_h, 24 * product.lead_time_days) AS lead_time_h,
    shelf.sales_counted AND NOT EXISTS (
        SELECT FROM shelf_sensor other
        WHERE other.org_id = shelf.org_id AND other.outlet_id = shelf.outlet_id AND other.product_id = shelf.product_id
            AND other.device_id <> shelf.device_id AND other.valid && shelf.valid
    ) AS sales_counted,
    shelf.books_until, lower(shelf.valid) AS valid_from, upper(shelf.valid) AS valid_until
FROM shelf_sensor shelf JOIN product USING (org_id, product_id)
WHERE shelf.device_id = ANY (%(device_ids)s)
ORDER BY shelf.device_id, shelf.valid

-- name: shelf_movements
SELECT DISTINCT shelf.device_id, shelf.outlet_id, shelf.product_id, movement.movement_id, movement.moved_at, movement.pieces,
    movement.cause = 'sale' AS is_sale
FROM shelf_sensor shelf
JOIN stock_movement movement ON movement.org_id = shelf.org_id AND movement.place_kind = 'outlet'
    AND movement.place_id = shelf.outlet_id AND movement.product_id = shelf.product_id
WHERE shelf.device_id = ANY (%(device_ids)s) AND movement.moved_at > %(since)s AND movement.cause NOT IN ('opening', 'adjustment')
ORDER BY shelf.device_id, movement.moved_at, movement.movement_id

-- name: fitted_coolers
SELECT cooler.device_id, cooler.org_id, cooler.mounted_on, cooler.least_c, cooler.most_c, cooler.defrosts_h, cooler.defrost_min,
    lower(cooler.valid) AS valid_from, upper(cooler.valid) AS valid_until
FROM cooler_sensor cooler WHERE cooler.device_id = ANY (%(device_ids)s)
ORDER BY cooler.device_id, cooler.valid

-- name: located_assets
-- It began where the first transfer took it from; one that is in the depot is nobody's to miss.
SELECT asset.device_id, asset.org_id, asset.asset_id, home.outlet_id, home.longitude_e7, home.latitude_e7
FROM asset
LEFT JOIN LATERAL (
    SELECT from_outlet_id FROM asset_transfer transfer
    WHERE transfer.org_id = asset.org_id AND transfer.asset_id = asset.asset_id AND transfer.state <> 'cancelled'
    ORDER BY planned_at, transfer_id LIMIT 1
) first ON true
JOIN outlet home ON home.org_id = asset.org_id AND home.outlet_id = coalesce(first.from_outlet_id, asset.outlet_id)
WHERE asset.device_id = ANY (%(device_ids)s) AND asset.state = 'in_service'

-- name: asset_transfers
SELECT asset.device_id, transfer.planned_at, place.longitude_e7, place.latitude_e7
FROM asset
JOIN asset_transfer transfer USING (org_id, asset_id)
LEFT JOIN outlet place ON place.org_id = transfer.org_id AND place.outlet_id = transfer.to_outlet_id
WHERE asset.device_id = ANY (%(device_ids)s) AND transfer.state <> 'cancelled'
ORDER BY asset.device_id, transfer.planned_at, transfer.transfer_id

-- name: sensing_trackers
SELECT device_id FROM asset WHERE device_id IS NOT NULL UNION SELECT device_id FROM cooler_sensor

-- name: copy_samples_of_batches
COPY (
    SELECT {reading_columns} FROM sensor_reading r
    WHERE r.batch_id = ANY (%(batch_ids)s) AND r.measured_at BETWEEN %(min_measured_at)s AND %(max_measured_at)s AND r.grade < 3
    UNION ALL
    SELECT {fix_columns} FROM position p
    WHERE p.batch_id = ANY (%(batch_ids)s) AND p.fix_time BETWEEN %(min_fix_time)s AND %(max_fix_time)s AND {is_sample}
    ORDER BY 1, 2, 3, 4
) TO STDOUT (FORMAT binary)

-- name: copy_samples_of_devices
COPY (
    SELECT {reading_columns}
    FROM unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[]) AS wanted (device_id, after)
    JOIN sensor_reading r ON r.device_id = wanted.device_id AND r.measured_at > wanted.after
    WHERE r.measured_at > %(first_after)s AND r.grade < 3
        AND NOT EXISTS (SELECT FROM ingest_batch b WHERE b.batch_id = r.batch_id AND b.xid > %(cursor)s::text::xid8)
    UNION ALL
    SELECT {fix_columns}
    FROM unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[]) AS wanted (device_id, after)
    JOIN position p ON p.device_id = wanted.device_id AND p.fix_time > wanted.after
    WHERE p.fix_time > %(first_after)s AND {is_sample}
        AND NOT EXISTS (SELECT FROM ingest_batch b WHERE b.batch_id = p.batch_id AND b.xid > %(cursor)s::text::xid8)
    ORDER BY 1, 2, 3, 4
) TO STDOUT (FORMAT binary)

-- name: reading_columns
r.device_id, r.measured_at, 0::smallint, r.seq, coalesce(r.weight_g, 'NaN'), coalesce(r.temperature_c, 'NaN'),
coalesce(r.door_open::integer, -1)::smallint, -2147483648, -2147483648, 'NaN'::real, r.received_at

-- name: fix_columns
-- A fix that is not good has no place.
p.device_id, p.fix_time, 1::smallint, p.seq, 'NaN'::real,
coalesce((SELECT probe FROM unnest(p.temperature_c) probe WHERE probe IS NOT NULL LIMIT 1), 'NaN'),
coalesce(p.door_open::integer, -1)::smallint,
CASE WHEN p.grade = 0 THEN p.longitude_e7 ELSE -2147483648 END, CASE WHEN p.grade = 0 THEN p.latitude_e7 ELSE -2147483648 END,
CASE WHEN p.grade = 0 THEN greatest(p.accuracy_m, 0.05 * p.hdop_e2, 10) ELSE 'NaN' END::real, p.received_at

-- name: is_sample
p.device_id = ANY (%(trackers)s) AND p.grade < 3 AND (p.grade = 0 OR p.temperature_c IS NOT NULL OR p.door_open IS NOT NULL)

-- name: newest_checkpoints_before
SELECT wanted.device_id, found.at, found.change_no, found.state
FROM unnest(%(device_ids)s::integer[], %(befores)s::timestamptz[]) AS wanted (device_id, before)
CROSS JOIN LATERAL (
    SELECT at, change_no, state FROM sensor_checkpoint kept
    WHERE kept.device_id = wanted.device_id AND kept.at < wanted.before ORDER BY at DESC LIMIT 1
) found

-- name: next_change_no
SELECT nextval('conclusion_change_no') AS change_no

-- name: save_checkpoint
INSERT INTO sensor_checkpoint (device_id, at, org_id, change_no, state)
VALUES (%(device_id)s, %(at)s, %(org_id)s, %(change_no)s, %(state)s)
ON CONFLICT (device_id, at) DO UPDATE SET change_no = excluded.change_no, state = excluded.state

-- name: drop_checkpoints_since
DELETE FROM sensor_checkpoint kept USING unnest(%(device_ids)s::integer[], %(sinces)s::timestamptz[]) AS gone (device_id, since)
WHERE kept.device_id = gone.device_id AND kept.at >= gone.since

-- name: thin_checkpoints
-- Of the last day all, of the days before that the first of each day, of what is too late for any correction the newest.
DELETE FROM sensor_checkpoint old USING (
    SELECT device_id, at, max(at) OVER device AS newest,
        row_number() OVER (PARTITION BY device_id, date_bin('1 day', at, 'epoch') ORDER BY at) AS of_its_day
    FROM sensor_checkpoint WHERE device_id = ANY (%(device_ids)s) WINDOW device AS (PARTITION BY device_id)
) aged
WHERE old.device_id = aged.device_id AND old.at = aged.at AND aged.at < aged.newest - interval '1 day'
    AND (aged.of_its_day > 1 OR aged.at < aged.newest - interval '31 days')

-- name: drop_observed_after
DELETE FROM observed_stock seen USING unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[]) AS gone (device_id, after)
WHERE seen.device_id = gone.device_id AND seen.observed_at > gone.after

-- name: put_observed
INSERT INTO observed_stock (org_id, device_id, observed_at, outlet_id, product_id, pieces, confidence)
SELECT * FROM unnest(%(org_ids)s::integer[], %(device_ids)s::integer[], %(ats)s::timestamptz[], %(outlet_ids)s::text[],
    %(product_ids)s::text[], %(pieces)s::integer[], %(confidences)s::float8[])
ON CONFLICT (device_id, observed_at) DO UPDATE SET outlet_id = excluded.outlet_id, product_id = excluded.product_id,
    pieces = excluded.pieces, confidence = excluded.confidence
WHERE (observed_stock.outlet_id, observed_stock.product_id, observed_stock.pieces, observed_stock.confidence)
    IS DISTINCT FROM (excluded.outlet_id, excluded.product_id, excluded.pieces, excluded.confidence)

-- name: end_shelf_fittings
-- What is fitted from a moment on ends what had been; what was fitted only later than that is gone.
WITH gone AS (
    DELETE FROM shelf_sensor WHERE org_id = %(org_id)s AND valid <@ tstzrange(%(valid_from)s, %(valid_until)s)
        AND device_id = (SELECT device_id FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s)
)
UPDATE shelf_sensor SET valid = CASE WHEN valid @> lower(tstzrange(%(valid_from)s, %(valid_until)s))
    THEN tstzrange(lower(valid), %(valid_from)s) ELSE tstzrange(%(valid_until)s, upper(valid)) END
WHERE org_id = %(org_id)s AND valid && tstzrange(%(valid_from)s, %(valid_until)s) AND NOT valid <@ tstzrange(%(valid_from)s, %(valid_until)s)
    AND device_id = (SELECT device_id FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s)

-- name: end_cooler_fittings
WITH gone AS (
    DELETE FROM cooler_sensor WHERE org_id = %(org_id)s AND valid <@ tstzrange(%(valid_from)s, %(valid_until)s)
        AND device_id = (SELECT device_id FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s)
)
UPDATE cooler_sensor SET valid = CASE WHEN valid @> lower(tstzrange(%(valid_from)s, %(valid_until)s))
    THEN tstzrange(lower(valid), %(valid_from)s) ELSE tstzrange(%(valid_until)s, upper(valid)) END
WHERE org_id = %(org_id)s AND valid && tstzrange(%(valid_from)s, %(valid_until)s) AND NOT valid <@ tstzrange(%(valid_from)s, %(valid_until)s)
    AND device_id = (SELECT device_id FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s)

-- name: list_shelves
SELECT device.device_key AS device, shelf.outlet_id, shelf.product_id, shelf.unit_weight_g, shelf.tare_g, shelf.capacity,
    seen.pieces, seen.confidence, seen.observed_at
FROM shelf_sensor shelf JOIN device USING (device_id)
LEFT JOIN LATERAL (
    SELECT pieces, confidence, observed_at FROM observed_stock seen
    WHERE seen.device_id = shelf.device_id AND shelf.valid @> seen.observed_at ORDER BY observed_at DESC LIMIT 1
) seen ON true
WHERE shelf.org_id = %(org_id)s
ORDER BY device.device_key, shelf.valid

-- name: fit_shelf
INSERT INTO shelf_sensor (org_id, device_id, outlet_id, product_id, unit_weight_g, tare_g, capacity, opens_h, closes_h,
    utc_offset_min, lead_time_h, sales_counted, books_until, valid)
SELECT org_id, device_id, %(outlet_id)s, %(product_id)s, %(unit_weight_g)s, %(tare_g)s, %(capacity)s, %(opens_h)s, %(closes_h)s,
    %(utc_offset_min)s, %(lead_time_h)s, %(sales_counted)s, %(books_until)s, tstzrange(%(valid_from)s, %(valid_until)s)
FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s
RETURNING device_id

-- name: fit_cooler
INSERT INTO cooler_sensor (org_id, device_id, mounted_on, least_c, most_c, defrosts_h, defrost_min, valid)
SELECT org_id, device_id, %(mounted_on)s, %(least_c)s, %(most_c)s, %(defrosts_h)s, %(defrost_min)s,
    tstzrange(%(valid_from)s, %(valid_until)s)
FROM device WHERE org_id = %(org_id)s AND device_key = %(device_key)s
RETURNING device_id
