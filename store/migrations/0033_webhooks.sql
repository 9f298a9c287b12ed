-- What other programs are told. A message is written in the transaction that makes it true, and sent afterwards.
CREATE TABLE webhook (
    webhook_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id integer NOT NULL REFERENCES organisation,
    url text NOT NULL,
    topics text[] NOT NULL CHECK (cardinality(topics) > 0 AND topics <@ '{order,delivery,event,alert}'),
    secret text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    failed_count integer NOT NULL DEFAULT 0,  -- attempts that failed since the last that did not
    last_error text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON webhook (org_id) WHERE state = 'active';

CREATE TABLE webhook_message (
    message_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    webhook_id uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
    org_id integer NOT NULL,
    topic text NOT NULL,
    body jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempt_count integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON webhook_message (next_attempt_at) WHERE state = 'pending';
CREATE INDEX ON webhook_message (webhook_id, created_at DESC, message_id);

CREATE TABLE webhook_attempt (
    message_id uuid NOT NULL REFERENCES webhook_message ON DELETE CASCADE,
    attempt_no integer NOT NULL,
    org_id integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    succeeded boolean NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (message_id, attempt_no)
);

SELECT fence(name::regclass) FROM unnest(ARRAY['webhook', 'webhook_message', 'webhook_attempt']) AS name;
GRANT SELECT (webhook_id, org_id, url, topics, state, failed_count, last_error, created_by, created_at), INSERT, DELETE,
    UPDATE (url, topics, secret, state, failed_count, last_error) ON webhook TO beatwatch_api;
GRANT SELECT, INSERT ON webhook_message TO beatwatch_api;
GRANT SELECT ON webhook_attempt TO beatwatch_api;
GRANT SELECT, UPDATE ON webhook, webhook_message TO beatwatch_worker;
GRANT SELECT, INSERT ON webhook_attempt TO beatwatch_worker;

-- Tell every active webhook of the organisation, and of those above it, that asked for this kind of news.
CREATE FUNCTION tell_webhooks(an_org_id integer, kind text, what text, subject jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    WITH RECURSIVE above AS (
        SELECT org_id, parent_id, slug FROM organisation WHERE org_id = an_org_id
        UNION ALL
        SELECT parent.org_id, parent.parent_id, above.slug FROM organisation AS parent JOIN above ON parent.org_id = above.parent_id
    )
    INSERT INTO webhook_message (webhook_id, org_id, topic, body)
    SELECT webhook.webhook_id, webhook.org_id, kind || '.' || what, subject || jsonb_build_object('organisation', above.slug)
    FROM webhook JOIN above USING (org_id)
    WHERE webhook.state = 'active' AND kind = ANY (webhook.topics);
    IF FOUND THEN
        PERFORM pg_notify('beatwatch_webhooks', '');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION tell_webhooks FROM PUBLIC;

CREATE FUNCTION tell_of_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM tell_webhooks(NEW.org_id, 'order', NEW.state, jsonb_build_object('order_id', NEW.order_id, 'outlet_id', NEW.outlet_id,
        'state', NEW.state, 'due_on', NEW.due_on, 'trip_id', NEW.trip_id, 'stop_id', NEW.stop_id, 'net_value', NEW.net_value));
    RETURN NULL;
END
$$;
CREATE TRIGGER webhooks_are_told AFTER INSERT ON sales_order FOR EACH ROW EXECUTE FUNCTION tell_of_order();
CREATE TRIGGER webhooks_are_told_of_change AFTER UPDATE ON sales_order FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tell_of_order();

CREATE FUNCTION tell_of_alert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM tell_webhooks(NEW.org_id, 'alert', NEW.state, jsonb_build_object('alert_id', NEW.alert_id, 'rule', NEW.rule,
        'severity', NEW.severity, 'state', NEW.state, 'subject', NEW.subject, 'trip_id', NEW.trip_id, 'stop_id', NEW.stop_id,
        'opened_at', NEW.opened_at, 'resolution', NEW.resolution));
    RETURN NULL;
END
$$;
CREATE TRIGGER webhooks_are_told AFTER INSERT ON alert FOR EACH ROW EXECUTE FUNCTION tell_of_alert();
CREATE TRIGGER webhooks_are_told_of_change AFTER UPDATE ON alert FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tell_of_alert();

-- Events come in batches: one look a statement, and no more where nobody listens.
CREATE FUNCTION tell_of_events() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF EXISTS (SELECT FROM webhook WHERE state = 'active' AND 'event' = ANY (topics)) THEN
        PERFORM tell_webhooks(fresh.org_id, 'event', CASE WHEN fresh.superseded_at IS NULL THEN TG_ARGV[0] ELSE 'superseded' END,
            jsonb_build_object('event_id', fresh.event_id, 'rule', fresh.rule, 'severity', fresh.severity,
                'device_key', device.device_key, 'trip_id', fresh.trip_id, 'stop_id', fresh.stop_id, 'started_at', fresh.started_at,
                'ended_at', fresh.ended_at, 'confidence', fresh.confidence, 'late', fresh.late, 'supersedes', fresh.supersedes,
                'superseded_at', fresh.superseded_at, 'facts', fresh.facts))
        FROM fresh JOIN device USING (device_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER webhooks_are_told AFTER INSERT ON event REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_events('concluded');
CREATE TRIGGER webhooks_are_told_of_change AFTER UPDATE ON event REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_events('changed');
