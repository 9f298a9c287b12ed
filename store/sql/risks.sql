-- name: clues
-- The events of trips that hold, and whether the vehicle of a halt halted there on another day of the last four weeks.
SELECT event.org_id, event.trip_id, event.rule, event.severity, event.confidence, event.started_at, event.ended_at,
    event.rule = 'unscheduled_stop' AND EXISTS (
        SELECT FROM event AS other
        CROSS JOIN LATERAL place_of_event(other) AS there
        WHERE other.org_id = event.org_id AND other.device_id = event.device_id AND other.rule = 'unscheduled_stop'
            AND other.superseded_at IS NULL
            AND other.started_at < event.started_at - interval '12 hours' AND other.started_at > event.started_at - interval '28 days'
            AND abs(there.latitude_e7 - here.latitude_e7) < %(near_m)s / 0.0111195
            AND abs(there.longitude_e7 - here.longitude_e7) * cosd(here.latitude_e7 * 1e-7) < %(near_m)s / 0.0111195
    ) AS is_habit
FROM unnest(%(org_ids)s::integer[], %(trip_ids)s::text[]) AS wanted (org_id, trip_id)
JOIN event USING (org_id, trip_id)
LEFT JOIN LATERAL place_of_event(event) AS here ON event.rule = 'unscheduled_stop'
WHERE event.superseded_at IS NULL
ORDER BY event.org_id, event.trip_id, event.started_at, event.event_id

-- name: save_risks
INSERT INTO trip_risk (org_id, trip_id, score, contributions, assessed_at)
SELECT given.org_id, given.trip_id, given.score, given.contributions, %(now)s
FROM jsonb_populate_recordset(NULL::trip_risk, %(rows)s) AS given
JOIN trip USING (org_id, trip_id)
ON CONFLICT (org_id, trip_id) DO UPDATE
SET score = excluded.score, contributions = excluded.contributions, assessed_at = excluded.assessed_at

-- name: take_due
DELETE FROM risk_due WHERE (org_id, trip_id) IN (
    SELECT org_id, trip_id FROM risk_due ORDER BY org_id, trip_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING org_id, trip_id

-- name: trips_since
SELECT trip_id FROM trip WHERE org_id = %(org_id)s AND planned_start >= %(since)s AND planned_start < %(until)s ORDER BY trip_id

-- name: risk_of_trip
SELECT trip_risk.* FROM trip_risk WHERE trip_id = %(trip_id)s AND org_id = %(org_id)s

-- name: roll_up
-- A trip counts with what is expected of it: a score of 80 is eight tenths of a pilfered trip.
WITH assessed AS (
    SELECT trip.org_id, trip.trip_id, coalesce(trip_risk.score, %(unsuspected)s) AS score,
        CASE %(by)s
            WHEN 'vehicle' THEN coalesce(trip.vehicle_id, vehicle_of(trip.device_id, trip.planned_start))
            WHEN 'driver' THEN plan.driver_id
            ELSE plan.beat_id
        END AS subject,
        trip_risk.contributions
    FROM trip
    LEFT JOIN trip_risk USING (org_id, trip_id)
    LEFT JOIN route_plan AS plan USING (org_id, trip_id)
    WHERE trip.planned_start >= %(since)s AND trip.planned_start < %(until)s
)
SELECT subject, count(*) AS trips, sum(score) / 100 AS expected, max(score) AS highest,
    count(*) FILTER (WHERE score >= %(suspicious)s) AS suspicious,
    (array_agg(trip_id ORDER BY score DESC, trip_id))[1:5] AS worst_trips
FROM assessed
WHERE subject IS NOT NULL
GROUP BY subject
ORDER BY sum(score) / count(*) DESC, subject
LIMIT %(limit)s
