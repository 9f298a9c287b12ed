"""Small worlds and drives in metres, for tests that want to know exactly what happened."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.events import Event, Visit
from domain.observations import Position
from domain.trips import Circle, PlannedStop, Proof, Trip
from domain.zones import Zone, ZoneKind
from geofence.conclusions import Conclusions
from geofence.engine import Engine
from geofence.history import Judgement
from geofence.parameters import Parameters
from geofence.rows import Rows, in_order, rows_from_positions, to_us
from geofence.world import World

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LON, LAT = 77.6, 12.97
OUT_AND_BACK = ((0, 0), (10_000, 0), (0, 0))
_NORTH_M = 110_620.0
_EAST_M = 111_412.84 * math.cos(math.radians(LAT)) - 93.5 * math.cos(3 * math.radians(LAT))


def place(x: float, y: float) -> tuple[float, float]:
    """Metres east and north of the scene's origin -> longitude, latitude."""
    return LON + x / _EAST_M, LAT + y / _NORTH_M


def circle(x: float, y: float, radius_m: float) -> Circle:
    return Circle(*place(x, y), radius_m)


def stop(number: int, x: float, y: float, **more: Any) -> PlannedStop:
    """A stop at a place, open from the start for three hours unless said otherwise."""
    fields = {
        "window_start": START,
        "window_end": START + timedelta(hours=3),
        "planned_service_s": 200.0,
        "cases": 10.0,
        **more,
    }
    return PlannedStop(stop_id=f"s{number}", outlet_id=f"o{number}", place=circle(x, y, 60.0), **fields)


def trip(stops: Iterable[PlannedStop], route: Iterable[tuple[float, float]] = OUT_AND_BACK, **more: Any) -> Trip:
    """A trip from the origin east and back."""
    fields = {
        "trip_id": "t1",
        "device_id": "van",
        "planned_start": START,
        "planned_end": START + timedelta(hours=4),
        "corridor_m": 150.0,
        "depot": circle(0, 0, 80.0),
        "proofs": (),
        **more,
    }
    return Trip(route=tuple(place(*point) for point in route), stops=tuple(stops), **fields)


def proof(number: int, at_s: float, x: float, y: float) -> Proof:
    return Proof(f"s{number}", START + timedelta(seconds=at_s), *place(x, y), 8.0)


def round_zone(name: str, x: float, y: float, radius_m: float, kind: ZoneKind, **more: Any) -> Zone:
    return Zone(name, name, kind, {"type": "Point", "coordinates": place(x, y)}, radius_m=radius_m, **more)


class Drive:
    """Fixes of one van, one call after the other."""

    def __init__(self, x: float = 0.0, y: float = 0.0, at_s: float = 0.0, device: str = "van") -> None:
        self.x, self.y, self.at_s, self.device = x, y, at_s, device
        self.positions: list[Position] = []
        self.always: dict[str, Any] = {"accuracy_m": 5.0, "ignition": True}

    def fix(self, speed_mps: float | None = 0.0, **more: Any) -> Drive:
        """One fix, here and now."""
        lon, lat = place(self.x, self.y)
        fields = {**self.always, **more}
        now = START + timedelta(seconds=self.at_s)
        fields = {"fix_time": now, "longitude_deg": lon, "latitude_deg": lat, "speed_mps": speed_mps, **fields}
        self.positions.append(Position(self.device, **fields))
        return self

    def to(self, x: float, y: float, mps: float = 10.0, every_s: float = 10.0, **more: Any) -> Drive:
        """Drive straight, with a fix at every step and at the end."""
        length = math.hypot(x - self.x, y - self.y)
        steps = max(1, math.ceil(length / (mps * every_s)))
        x0, y0 = self.x, self.y
        for step in range(1, steps + 1):
            self.x, self.y = x0 + (x - x0) * step / steps, y0 + (y - y0) * step / steps
            self.at_s += length / mps / steps
            self.fix(mps, **more)
        return self

    def halt(self, seconds: float, every_s: float = 30.0, **more: Any) -> Drive:
        """Stand, with a fix at once and at every step."""
        steps = max(1, round(seconds / every_s))
        self.at_s += 3.0
        self.fix(0.0, **more)
        for _ in range(steps):
            self.at_s += seconds / steps
            self.fix(0.0, **more)
        return self

    def away(self, seconds: float) -> Drive:
        """Say nothing for so long."""
        self.at_s += seconds
        return self


def world(trips: Iterable[Trip] = (), zones: Iterable[Zone] = (), devices: Iterable[str] = ("van",)) -> World:
    return World(tuple(zones), tuple(trips), dict(enumerate(devices, 1)))


PLAIN = world([trip([stop(1, 9000, 0)])])
"""One van, one trip, one stop far down the road."""


def at(seconds: float) -> timedelta:
    """So long after the start."""
    return timedelta(seconds=seconds)


def rows_of(*drives: Drive, devices: Iterable[str] = ("van",)) -> Rows:
    numbers = {key: number for number, key in enumerate(devices, 1)}
    return in_order(rows_from_positions([position for drive in drives for position in drive.positions], numbers))


class Outcome:
    """Everything concluded about some drives."""

    def __init__(self, judgement: Judgement, conclusions: Conclusions) -> None:
        self.events: list[Event] = [one for one in judgement.in_order() if isinstance(one, Event)]
        self.visits: dict[str, Visit] = {visit.stop_id: visit for visit in judgement.visits.values()}
        self.faults = judgement.faults
        self.conclusions = conclusions

    def of(self, rule: str) -> list[Event]:
        return [event for event in self.events if event.rule == rule]

    def rules(self) -> set[str]:
        return {event.rule for event in self.events} - {"zone_enter", "zone_exit"}


def judged(
    scene: World,
    *drives: Drive,
    until_s: float | None = None,
    parameters: Parameters | None = None,
    devices: Iterable[str] = ("van",),
) -> Outcome:
    """Judge drives, and let time pass until `until_s` after the start."""
    engine, judgement = Engine(scene, parameters), Judgement()
    conclusions = engine.advance(rows_of(*drives, devices=devices))
    judgement.take(conclusions)
    if until_s is not None:
        judgement.take(engine.tick(to_us(START) + int(until_s * 1e6)))
    return Outcome(judgement, conclusions)
