from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import InvalidInputError
from domain.trips import Circle, PlannedStop, Proof, Trip
from domain.validity import check_trip, check_zone
from domain.zones import Zone, ZoneKind

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
STOP = PlannedStop("s1", "o1", Circle(77.60, 12.95, 50), START, START + timedelta(hours=1), 300, 4)
TRIP = Trip("t", "van", START, START + timedelta(hours=8), ((77.6, 12.9), (77.6, 13.0)), 200, Circle(77.6, 12.9, 100), (STOP,))
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}


def test_a_sound_trip_and_zone_pass() -> None:
    check_trip(TRIP)
    check_trip(replace(TRIP, route=(), depot=None, stops=()))
    check_zone(Zone("z", "Z", ZoneKind.red, SQUARE))


@pytest.mark.parametrize(
    ("trip", "field"),
    [
        (replace(TRIP, planned_end=START), "trip.planned_end"),
        (replace(TRIP, route=((77.6, 12.9),)), "trip.route"),
        (replace(TRIP, route=((77.6, 12.9), (77.6, 12.9))), "trip.route"),
        (replace(TRIP, route=((77.6, 12.9), (277.6, 12.9))), "trip.route.1.longitude_deg"),
        (replace(TRIP, corridor_m=0.0), "trip.corridor_m"),
        (replace(TRIP, depot=Circle(77.6, 12.9, -1)), "trip.depot.radius_m"),
        (replace(TRIP, stops=(replace(STOP, window_end=START),)), "trip.stops.0.window_end"),
        (replace(TRIP, stops=(replace(STOP, planned_service_s=-1.0),)), "trip.stops.0.planned_service_s"),
        (replace(TRIP, stops=(replace(STOP, place=Circle(77.6, 92.9, 50)),)), "trip.stops.0.latitude_deg"),
        (replace(TRIP, stops=(STOP, replace(STOP, stop_id="s2"))), "trip.stops.1"),
        (replace(TRIP, stops=(STOP, replace(STOP, place=Circle(77.7, 12.9, 50)))), "trip.stops.1.stop_id"),
        (replace(TRIP, proofs=(Proof("s9", START, None, None, None),)), "trip.proofs.0.stop_id"),
    ],
)
def test_an_impossible_trip_names_the_field(trip: Trip, field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_trip(trip)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"geometry": {"type": "Point", "coordinates": [0, 0]}}, "zone.radius_m"),
        ({"geometry": {"type": "Point", "coordinates": [0, 0]}, "radius_m": float("nan")}, "zone.radius_m"),
        ({"geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}, "zone.width_m"),
        ({"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]}}, "zone.geometry.coordinates.0"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "zone.geometry.coordinates"),
        ({"geometry": {"type": "Curve", "coordinates": [1]}}, "zone.geometry.type"),
        ({"valid_from": START, "valid_until": START}, "zone.valid_until"),
    ],
)
def test_an_impossible_zone_names_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_zone(replace(Zone("z", "Z", ZoneKind.red, SQUARE), **changes))
    assert refusal.value.field == field
