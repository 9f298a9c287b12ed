-- name: find
SELECT org_id, url, changed_by, changed_at, revision FROM otp_gateway WHERE org_id = %(org_id)s

-- name: lock
SELECT FROM otp_gateway WHERE org_id = %(org_id)s FOR UPDATE

-- name: save
INSERT INTO otp_gateway (org_id, url, secret, changed_by) VALUES (%(org_id)s, %(url)s, %(secret)s, %(changed_by)s)
-- What is inserted cannot be read back here either.
ON CONFLICT (org_id) DO UPDATE SET url = %(url)s, secret = %(secret)s, changed_by = %(changed_by)s

-- name: delete
DELETE FROM otp_gateway WHERE org_id = %(org_id)s

-- name: is_served
SELECT otp_gateway_for(%(org_id)s) IS NOT NULL AS is_served

-- name: serving
SELECT url, secret FROM otp_gateway WHERE org_id = otp_gateway_for(%(org_id)s)
