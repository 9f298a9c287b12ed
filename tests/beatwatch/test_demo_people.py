"""The people of the demonstration load, deliver and come back as people would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from beatwatch.demo.people import People
from beatwatch.demo.stage import drivers_of, furnish, set_stage, take_orders
from domain.errors import BeatwatchError
from domain.trips import Proof
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.world import generate
from store.deliveries import Delivery, DeliveryFilter, list_deliveries
from store.journeys import journey_named
from store.organisations import organisation_id
from store.pool import Pool, Role, open_pool, organisation_transaction

pytestmark = pytest.mark.server
SEED = 5951
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)


@pytest.fixture
def desk(database_url: str) -> Iterator[Pool]:
    pool = open_pool(database_url, Role.api)
    yield pool
    pool.close()


@pytest.fixture
def simulation(database_url: str) -> Simulation:
    """Two planned trips with the orders that they bring."""
    scenario = load("morning_run")
    simulation = generate(scenario, SEED, 2, 1, START)
    org_id = organisation_id(database_url, "default")
    pool = open_pool(database_url, Role.worker)
    products = furnish(pool, org_id, scenario, SEED, START.date())
    set_stage(pool, "default", org_id, simulation)
    take_orders(pool, org_id, simulation, products)
    pool.close()
    return simulation


def deliveries(desk: Pool, org_id: int, trip_id: str) -> list[Delivery]:
    with organisation_transaction(desk, org_id) as connection:
        return list_deliveries(connection, DeliveryFilter(trip_id=trip_id))


def test_a_van_is_loaded_delivers_and_comes_back(database_url: str, desk: Pool, simulation: Simulation) -> None:
    org_id = organisation_id(database_url, "default")
    people, [(trip_id, driver_id), _] = People(desk, org_id), drivers_of(simulation).items()
    people.set_out(trip_id, driver_id)
    stops = simulation.trips[0].stops
    assert len(deliveries(desk, org_id, trip_id)) == len(stops)
    proofs = [Proof(stop.stop_id, START + timedelta(minutes=9), *DEPOT, 8.0) for stop in stops]
    for proof in proofs[:-1]:
        people.hand_over(trip_id, driver_id, proof)
    told = deliveries(desk, org_id, trip_id)
    assert {row.state for row in told[:-1]} == {"delivered"}  # the scales see all of it go
    assert all(row.proved_at for row in told[:-1])
    assert all(row.invoice_value == row.cash + row.upi > 0 for row in told[:-1])
    people.hand_over(trip_id, driver_id, proofs[0])  # what is done already, stays
    assert deliveries(desk, org_id, trip_id) == told
    people.come_back(trip_id, driver_id)
    with organisation_transaction(desk, org_id) as connection:
        assert journey_named(connection, trip_id).state == "unloading"


def test_a_trip_that_somebody_else_took_over_is_refused(database_url: str, desk: Pool, simulation: Simulation) -> None:
    people, [(trip_id, driver_id), _] = People(desk, organisation_id(database_url, "default")), drivers_of(simulation).items()
    people.set_out(trip_id, driver_id)
    with pytest.raises(BeatwatchError):
        people.set_out(trip_id, driver_id)


DEPOT = (-1.62, 6.69)
