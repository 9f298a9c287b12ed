-- Up to which batch the clocks of all devices have been looked at.
CREATE TABLE clock_watch (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    batch_id bigint NOT NULL
);
INSERT INTO clock_watch (batch_id) VALUES (0);
GRANT SELECT, UPDATE ON clock_watch TO beatwatch_worker;
