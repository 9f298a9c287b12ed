-- name: list_batches_after
-- Everything below xmin has ended, so nothing can still appear before what this returns: xid is a safe cursor, batch_id is not.
SELECT batch_id, xid::text::bigint AS cursor, stored_at, min_fix_time, max_fix_time, min_measured_at, max_measured_at,
    position_count, sensor_count, status_count
FROM ingest_batch
WHERE xid > %(cursor)s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid
LIMIT %(limit)s

-- name: newest_cursor
SELECT coalesce(max(xid)::text::bigint, 0) AS cursor FROM ingest_batch WHERE xid < pg_snapshot_xmin(pg_current_snapshot())

-- name: rows_of_batches
SELECT {row_arrays} FROM (
    SELECT {row_columns}
    FROM position p
    WHERE p.batch_id = ANY (%(batch_ids)s) AND p.fix_time BETWEEN %(min_fix_time)s AND %(max_fix_time)s AND p.grade < 3
    ORDER BY p.device_id, p.fix_time, p.seq
) AS row ({row_names})

-- name: heard_of_batches
-- A clock that is wrong still says that the device spoke when its row was received, and what it says itself tells of other rows:
-- geofence.grading.heard_rows, geofence.misdated.
SELECT {row_arrays} FROM (
    SELECT {row_columns}
    FROM position p
    WHERE p.batch_id = ANY (%(batch_ids)s) AND p.grade = 3 AND {is_heard}
) AS row ({row_names})

-- name: heard_of_devices
-- A clock that is ahead shows a time after its receipt, one that is at its epoch a time before any of ours.
SELECT {row_arrays} FROM (
    SELECT {row_columns}
    FROM unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[], %(untils)s::timestamptz[]) AS wanted (device_id, after, until)
    JOIN position p ON p.device_id = wanted.device_id AND p.received_at > wanted.after AND p.received_at <= wanted.until
    WHERE (p.fix_time > %(first_after)s OR p.fix_time < '2015-01-01Z') AND p.grade = 3 AND {is_heard}
        AND NOT (p.fix_time > wanted.after AND p.fix_time <= wanted.until)
        AND NOT EXISTS (SELECT FROM ingest_batch b WHERE b.batch_id = p.batch_id AND b.xid > %(cursor)s::text::xid8)
) AS row ({row_names})

-- name: is_heard
(p.grade_reason = 20 OR (p.grade_reason IN (21, 22) AND p.fix_time < '2015-01-01Z'))

-- name: rows_of_devices
-- The bounds stand twice, for all and for each: the former lets whole days be left out.
SELECT {row_arrays} FROM (
    SELECT {row_columns}
    FROM unnest(%(device_ids)s::integer[], %(afters)s::timestamptz[], %(untils)s::timestamptz[]) AS wanted (device_id, after, until)
    JOIN position p ON p.device_id = wanted.device_id AND p.fix_time > wanted.after AND p.fix_time <= wanted.until
    WHERE p.fix_time > %(first_after)s AND p.fix_time <= %(last_until)s AND (p.grade < 3 OR (p.grade = 3 AND {is_heard}))
        AND NOT EXISTS (SELECT FROM ingest_batch b WHERE b.batch_id = p.batch_id AND b.xid > %(cursor)s::text::xid8)
    ORDER BY p.device_id, p.fix_time, p.seq
) AS row ({row_names})

-- name: row_columns
-- In the fields and with the stand-ins of the engine's row: flags carry `known` in the low and the value in the high byte.
p.device_id, p.fix_time, p.seq, coalesce(p.longitude_e7, -2147483648), coalesce(p.latitude_e7, -2147483648),
coalesce(p.speed_mps, 'NaN'), coalesce(p.course_e2 / 100::real, 'NaN')::real, coalesce(p.accuracy_m, 'NaN'), coalesce(p.hdop_e2 / 100::real, 'NaN')::real,
coalesce(p.satellites, (-1)::smallint),
((CASE WHEN p.fix_valid IS NULL THEN 0 WHEN p.fix_valid THEN 257 ELSE 1 END)
 | (CASE WHEN p.ignition IS NULL THEN 0 WHEN p.ignition THEN 514 ELSE 2 END)
 | (CASE WHEN p.in_motion IS NULL THEN 0 WHEN p.in_motion THEN 1028 ELSE 4 END)
 | (CASE WHEN p.door_open IS NULL THEN 0 WHEN p.door_open THEN 2056 ELSE 8 END)
 | (CASE WHEN p.buffered IS NULL THEN 0 WHEN p.buffered THEN 4112 ELSE 16 END))::smallint,
coalesce(p.cargo_kg, 'NaN'), coalesce(p.fuel_l, 'NaN'), coalesce(p.external_mv / 1000::real, 'NaN')::real, coalesce(p.odometer_m, 'NaN'),
(CASE WHEN p.alarms IS NULL THEN 0 ELSE
    (SELECT bit_or(1 << coalesce(array_position(%(alarm_bits)s::text[], alarm) - 1, 31)) FROM unnest(p.alarms) alarm) END)::integer,
p.received_at
