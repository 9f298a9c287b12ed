-- name: sign_in_candidate
SELECT * FROM sign_in_candidate(%(login)s)

-- name: note_sign_in
SELECT note_sign_in(%(person_id)s, %(succeeded)s)

-- name: holder_of
SELECT * FROM holder_of(%(access_hash)s)

-- name: passes_that_hold
SELECT passes_that_hold(%(passes)s) AS passes

-- name: refresh_session
SELECT * FROM refresh_session(%(old_refresh)s, %(access_hash)s, %(access_until)s, %(refresh_hash)s, %(refresh_until)s)

-- name: open_session
INSERT INTO session (person_id, org_id, access_hash, access_until, refresh_hash, refresh_until, client)
VALUES (%(person_id)s, %(org_id)s, %(access_hash)s, %(access_until)s, %(refresh_hash)s, %(refresh_until)s, %(client)s)
RETURNING session_id

-- name: list_sessions
SELECT session_id, client, created_at, refreshed_at, refresh_until
FROM session
WHERE person_id = %(person_id)s AND revoked_at IS NULL AND refresh_until > now() AND {part}

-- name: revoke_session
UPDATE session SET revoked_at = now(), revoked_because = %(because)s
WHERE session_id = %(session_id)s AND person_id = %(person_id)s AND revoked_at IS NULL
RETURNING session_id

-- name: revoke_sessions_of_person
UPDATE session SET revoked_at = now(), revoked_because = 'person_changed' WHERE person_id = %(person_id)s AND revoked_at IS NULL

-- name: add_person
INSERT INTO person (org_id, login, name, role, password_hash)
VALUES (%(org_id)s, %(login)s, %(name)s, %(role)s, %(password_hash)s)
ON CONFLICT (login) DO NOTHING
RETURNING person_id, org_id, login, name, role, state, locked_until, created_at, changed_at, revision

-- name: list_people
SELECT person_id, org_id, login, name, role, state, locked_until, created_at, changed_at, revision
FROM person
WHERE (%(login)s::text IS NULL OR login = %(login)s) AND {part}

-- name: set_password
UPDATE person SET password_hash = %(password_hash)s WHERE person_id = %(person_id)s

-- name: change_person
UPDATE person
SET role = coalesce(%(role)s, role), state = coalesce(%(state)s, state), name = coalesce(%(name)s, name),
    failed_count = 0,
    locked_until = NULL
WHERE person_id = %(person_id)s
RETURNING person_id, org_id, login, name, role, state, locked_until, created_at, changed_at, revision
