"""Who carries a trip out locks it against others who do, and not against the workers, who write beside it."""

from __future__ import annotations

import httpx
import psycopg
import pytest

from store import journeys
from store.pool import Role, open_pool, organisation_transaction
from tests.api.goods import planned_trip
from tests.api.yard import Yard

pytestmark = pytest.mark.server


def test_a_held_trip_keeps_out_others_but_not_the_workers(database_url: str, client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    pool = open_pool(database_url, Role.api)
    try:
        with organisation_transaction(pool, yard.org_id) as connection, yard.owner.transaction():
            journeys.journey_named(connection, "T-1", lock=True)
            yard.owner.execute("SET LOCAL lock_timeout = '1s'")
            yard.owner.execute(
                "INSERT INTO trip_risk (org_id, trip_id, score, contributions, assessed_at) VALUES (%s, 'T-1', 1, '{}', now())",
                (yard.org_id,),
            )
            with organisation_transaction(pool, yard.org_id) as other:
                other.execute("SET LOCAL lock_timeout = '100ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    journeys.journey_named(other, "T-1", lock=True)
    finally:
        pool.close()
