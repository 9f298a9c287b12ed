-- name: save
INSERT INTO push_subscription (org_id, endpoint, person, p256dh, auth, browser)
VALUES (%(org_id)s, %(endpoint)s, %(person)s, %(p256dh)s, %(auth)s, %(browser)s)
ON CONFLICT (org_id, endpoint) DO UPDATE SET person = excluded.person, p256dh = excluded.p256dh, auth = excluded.auth,
    browser = excluded.browser

-- name: want_pushes
-- A first browser is a wish to hear; what the person has said about it already stays.
INSERT INTO recipient (org_id, person, channel, rule) VALUES (%(org_id)s, %(person)s, 'push', '*') ON CONFLICT DO NOTHING

-- name: subscriptions_of
SELECT endpoint, p256dh, auth, browser, created_at FROM push_subscription
WHERE org_id = %(org_id)s AND person = %(person)s ORDER BY created_at, endpoint

-- name: list
SELECT endpoint, p256dh, auth, browser, created_at FROM push_subscription
WHERE org_id = %(org_id)s AND person = %(person)s AND {part}

-- name: forget
DELETE FROM push_subscription WHERE org_id = %(org_id)s AND endpoint = %(endpoint)s AND (%(person)s::text IS NULL OR person = %(person)s)
RETURNING person

-- name: want_no_pushes
-- With the last browser the wish is gone, too.
DELETE FROM recipient WHERE org_id = %(org_id)s AND person = %(person)s AND channel = 'push'
    AND NOT EXISTS (SELECT FROM push_subscription WHERE org_id = %(org_id)s AND person = %(person)s)
