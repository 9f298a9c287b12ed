-- Open streams end when the session or key that opened them does. Whoever listens asks which of its own still hold.
CREATE FUNCTION passes_that_hold(passes uuid[]) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    SELECT coalesce(array_agg(pass), '{}') FROM (
        SELECT session_id AS pass FROM session JOIN person USING (person_id)
        WHERE session_id = ANY (passes) AND revoked_at IS NULL AND person.state = 'active'
        UNION ALL
        SELECT key_id FROM api_key WHERE key_id = ANY (passes) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ) AS held;
END;
REVOKE EXECUTE ON FUNCTION passes_that_hold FROM PUBLIC;
GRANT EXECUTE ON FUNCTION passes_that_hold TO beatwatch_api;

CREATE FUNCTION tell_of_ended_passes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('beatwatch_passes', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER told_when_revoked AFTER UPDATE OF revoked_at ON session
    FOR EACH ROW WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION tell_of_ended_passes();
CREATE TRIGGER told_when_deleted AFTER DELETE ON session FOR EACH ROW EXECUTE FUNCTION tell_of_ended_passes();
CREATE TRIGGER told_when_revoked AFTER UPDATE OF revoked_at ON api_key
    FOR EACH ROW WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION tell_of_ended_passes();
CREATE TRIGGER told_when_deleted AFTER DELETE ON api_key FOR EACH ROW EXECUTE FUNCTION tell_of_ended_passes();
CREATE TRIGGER told_when_disabled AFTER UPDATE OF state ON person
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION tell_of_ended_passes();
