-- When messages whose readings have no time of their own were first received, by the broker's number of the delivery: what the
-- broker delivers again, because its acknowledgement was lost in a crash, is then the same reading and not another.
CREATE TABLE delivery_receipt (
    client_id text NOT NULL,  -- of ingest's session at the broker
    packet_id integer NOT NULL,
    digest bytea NOT NULL,  -- of topic and payload
    received_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, packet_id)  -- the broker gives a number again when the delivery is acknowledged: 65,535 rows at most
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON delivery_receipt TO beatwatch_worker;
