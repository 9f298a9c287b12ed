"""Puts what a simulated distributor planned into the database, as a manager would have before the day began."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import numpy as np

from beatwatch.seeding.distributor import Record, draw_distributor, order_of
from beatwatch.seeding.storing import add_missing, store_distributor
from beatwatch.seeding.town import ground_of
from domain.trips import Proof, Trip
from ingest.broker_accounts import hash_password, username_for
from simulators.fleet.planning import CASE_KG
from simulators.scenario import Scenario
from simulators.simulation import Simulation
from store import catalogue
from store.device_admin import device_named, put_credential
from store.devices import Identity, adopt_devices
from store.planning import save_proof, save_trip, save_zone
from store.pool import Connection, Pool
from store.records import find_all
from store.vehicles import mount_device, save_vehicle

_OWN_FORMAT = "beatwatch-json"


def with_round(simulation: Simulation, number: int) -> Simulation:
    """The same world with the round's number in the trips' names, so that several mornings of one day can be told apart."""
    if number == 1:
        return simulation
    return replace(simulation, trips=tuple(replace(trip, trip_id=f"{trip.trip_id}-{number}") for trip in simulation.trips))


def furnish(pool: Pool, org_id: int, scenario: Scenario, seed: int, day: date) -> tuple[Record, ...]:
    """Store the distributor whose vans these are: products, shops, drivers, beats. Returns its products."""
    drawn = draw_distributor(ground_of(scenario, seed).shops, scenario.vehicles, day, seed)
    with pool.connection() as connection, connection.transaction():
        store_distributor(connection, org_id, replace(drawn, orders=()), ())
    return drawn.products


def take_orders(pool: Pool, org_id: int, simulation: Simulation, products: Sequence[Record]) -> None:
    """Give each planned stop the order that the van brings."""
    rng = np.random.default_rng(simulation.seed)
    with pool.connection() as connection, connection.transaction():
        shops = {stop.outlet_id for trip in simulation.trips for stop in trip.stops if stop.outlet_id is not None}
        outlets = find_all(connection, catalogue.OUTLET, org_id, sorted(shops))
        add_missing(connection, catalogue.ORDER, org_id, _orders(simulation.trips, outlets, products, rng))


def _orders(
    trips: Iterable[Trip], outlets: Mapping[str, Record], products: Sequence[Record], rng: np.random.Generator
) -> Iterator[Record]:
    for trip in trips:
        for stop in trip.stops:
            if stop.outlet_id is not None and stop.outlet_id in outlets:
                order_id = f"O-{trip.trip_id}-{stop.stop_id}"
                outlet, day, load_kg = outlets[stop.outlet_id], trip.planned_start.date(), CASE_KG * (stop.cases or 0)
                order = order_of(order_id, outlet, products, day, rng, load_kg=load_kg)
                lines = [{**line, "allocated": line["ordered"]} for line in order["lines"]]
                yield {**order, "lines": lines, "trip_id": trip.trip_id, "stop_id": stop.stop_id, "state": "allocated"}


def set_stage(pool: Pool, organisation: str, org_id: int, simulation: Simulation) -> None:
    """Register devices and vehicles; plan zones and trips. Proofs of delivery come later, as they are captured."""
    with pool.connection() as connection, connection.transaction():
        adopt_devices(connection, [Identity(organisation, _OWN_FORMAT, key) for key in simulation.devices], organisation)
        for number, device_key in enumerate(simulation.devices, 1):
            _put_on_vehicle(connection, org_id, device_key, number, simulation.start)
        for zone in simulation.zones:
            save_zone(connection, org_id, zone)
        _plan_trips(connection, org_id, simulation.trips)


def give_log_ins(pool: Pool, organisation: str, device_keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """New log-ins at the broker for these devices: user name and password by device."""
    log_ins = {}
    with pool.connection() as connection, connection.transaction():
        for device_key in device_keys:
            username, password = username_for(organisation, device_key), secrets.token_urlsafe(24)
            device = device_named(connection, organisation, device_key)
            put_credential(connection, device, username, hash_password(password, secrets.token_bytes(12)))
            log_ins[device_key] = username, password
    return log_ins


def _put_on_vehicle(connection: Connection, org_id: int, device_key: str, number: int, since: datetime) -> None:
    vehicle_id = f"V{number:03d}"
    save_vehicle(connection, org_id, vehicle_id, registration=f"BW {number:04d}", name=f"Van {number}")
    mount_device(connection, org_id, device_key, vehicle_id, since)


def _plan_trips(connection: Connection, org_id: int, trips: tuple[Trip, ...]) -> None:
    for trip in trips:
        save_trip(connection, org_id, replace(trip, proofs=()))


def proofs_by_time(simulation: Simulation) -> list[tuple[str, Proof]]:
    """(trip_id, proof) in the order in which drivers capture them."""
    captured = ((trip.trip_id, proof) for trip in simulation.trips for proof in trip.proofs)
    return sorted(captured, key=lambda one: (one[1].captured_at, one[0], one[1].stop_id))


def drivers_of(simulation: Simulation) -> dict[str, str]:
    """Who drives each trip: the vans' drivers have the vans' numbers."""
    numbers = {device_key: number for number, device_key in enumerate(simulation.devices, 1)}
    return {trip.trip_id: f"D{numbers[trip.device_id]:03d}" for trip in simulation.trips}


def capture_proof(pool: Pool, org_id: int, trip_id: str, proof: Proof) -> None:
    """Store a proof of delivery, as a driver's phone would."""
    with pool.connection() as connection, connection.transaction():
        save_proof(connection, org_id, trip_id, proof)
