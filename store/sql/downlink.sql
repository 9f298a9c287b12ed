-- name: queue_message
INSERT INTO downlink (org_id, device_id, channel, payload, expires_at)
VALUES (%(org_id)s, %(device_id)s, %(channel)s, %(payload)s, %(expires_at)s)
RETURNING downlink_id

-- name: expire_messages
UPDATE downlink SET state = 'expired' WHERE state IN ('queued', 'sent') AND expires_at <= now()

-- name: queue_again
-- The device has not answered: perhaps it never got it. It is sent again when the device has said since that it is back, and, for
-- devices that never say so, when it has said anything since, each time after twice as long.
UPDATE downlink SET state = 'queued'
WHERE downlink.state = 'sent' AND downlink.sent_at < now() - interval '2 seconds' AND (
    EXISTS (SELECT FROM latest_device_status status WHERE status.device_id = downlink.device_id
        AND status.online AND status.received_at > downlink.sent_at)
    OR downlink.sent_at < now() - interval '15 seconds' * 2 ^ least(downlink.sendings, 12) AND (
        EXISTS (SELECT FROM latest_position heard WHERE heard.device_id = downlink.device_id AND heard.received_at > downlink.sent_at)
        OR EXISTS (SELECT FROM latest_sensor_reading heard WHERE heard.device_id = downlink.device_id AND heard.received_at > downlink.sent_at)))

-- name: take_queued
-- Two that serve take different ones; who dies before it has committed leaves them queued.
SELECT downlink_id, organisation.slug, device.device_key, channel, payload, extract(epoch FROM expires_at - now())::integer AS expires_s
FROM downlink JOIN device USING (device_id) JOIN organisation ON organisation.org_id = downlink.org_id
WHERE downlink.state = 'queued' AND device.state = 'active'
ORDER BY downlink_id
LIMIT %(limit)s
FOR UPDATE OF downlink SKIP LOCKED

-- name: mark_sent
UPDATE downlink SET state = 'sent', sent_at = now(), sendings = sendings + 1 WHERE downlink_id = ANY (%(ids)s)

-- name: record_answers
UPDATE downlink SET state = 'acknowledged', accepted = given.accepted, reason = given.reason, answered_at = given.answered_at
FROM unnest(%(slug)s::text[], %(device_key)s::text[], %(downlink_id)s::bigint[], %(accepted)s::boolean[], %(reason)s::text[],
    %(answered_at)s::timestamptz[]) AS given (slug, device_key, downlink_id, accepted, reason, answered_at)
JOIN organisation USING (slug) JOIN device USING (org_id, device_key)
WHERE downlink.downlink_id = given.downlink_id AND downlink.device_id = device.device_id AND downlink.state <> 'acknowledged'

-- name: list_messages
SELECT downlink_id, organisation.slug AS organisation, device_key, channel, payload, downlink.state, accepted, reason,
    downlink.created_at, expires_at, sent_at, sendings, answered_at
FROM downlink JOIN device USING (device_id) JOIN organisation ON organisation.org_id = downlink.org_id
WHERE downlink.device_id = %(device_id)s
ORDER BY downlink_id DESC
LIMIT %(limit)s
