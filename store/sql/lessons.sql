-- name: verdicts
SELECT alert.alert_id, alert.rule, alert.resolution = 'confirmed' AS is_right, event.started_at, event.facts,
    extract(epoch FROM event.ended_at - event.started_at)::double precision AS duration_s, seen.longitude_e7, seen.latitude_e7
FROM alert
JOIN event USING (org_id, event_id)
CROSS JOIN LATERAL place_of_event(event) AS seen
WHERE (%(org_id)s::integer IS NULL OR alert.org_id = %(org_id)s)
    AND alert.resolution IN ('confirmed', 'false') AND alert.resolved_at >= %(since)s AND alert.resolved_at < %(until)s
ORDER BY alert.alert_id

-- name: proofs
-- Of stops that were served: where the driver's phone was when the goods were signed for.
SELECT stop.outlet_id, proof.longitude_e7, proof.latitude_e7
FROM proof
JOIN stop USING (org_id, trip_id, stop_id)
JOIN visit USING (org_id, trip_id, stop_id)
WHERE proof.org_id = %(org_id)s AND proof.captured_at >= %(since)s AND proof.captured_at < %(until)s
    AND proof.longitude_e7 IS NOT NULL AND coalesce(proof.accuracy_m, 0) <= %(least_accuracy_m)s
    AND stop.outlet_id IS NOT NULL AND visit.state NOT IN ('missed', 'no_data', 'drive_by')
ORDER BY stop.outlet_id, proof.captured_at
