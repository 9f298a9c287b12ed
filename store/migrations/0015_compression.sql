-- TimescaleDB 2.20 and later adds Bloom filters to compressed rows for the columns of indexes: a byte and more for each position, for
-- look-ups that we make by device and time, by which compressed rows are told apart anyway.
DO $$
BEGIN
    IF on_timescale() THEN
        EXECUTE format('ALTER DATABASE %I SET timescaledb.enable_sparse_index_bloom = off', current_database());
    END IF;
EXCEPTION WHEN undefined_object OR invalid_name OR insufficient_privilege THEN
    NULL;  -- an earlier one has none, or the database is another's: then positions take the byte more
END
$$;
