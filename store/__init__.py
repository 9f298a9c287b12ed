"""PostgreSQL and TimescaleDB: the only importer of psycopg. One module per aggregate, one statement file beside it."""
