"""A shelf, a box and an asset whose every reading a test knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.equipment import Asset, Cooler, Equipment, Movement, Shelf, Transfer
from domain.events import Event
from domain.observations import Position, SensorReading
from geofence.parameters import Parameters
from geofence.sensing.engine import SensorEngine, SensorWorld
from geofence.sensing.history import SensorJudgement, judge_samples
from geofence.sensing.samples import Samples, samples_of, samples_of_positions

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = 3600.0
SHELF = Shelf("shelf", "shop", "soap", 100.0, 500.0, 40, 7.0, 21.0, sold=())
COOLER = Cooler("box", "van", 2.0, 8.0)
ASSET = Asset("crate", "shop", 77.6, 12.97)


def at(second: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=second)


@dataclass
class Scale:
    """A load cell that reports two seconds after each change, and every five minutes."""

    pieces: int = 20
    second: float = 6 * HOUR
    shelf: Shelf = SHELF
    other_g: float = 0.0
    readings: list[SensorReading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.report()

    def report(self) -> Scale:
        weight_g = max(self.shelf.tare_g + self.pieces * self.shelf.unit_g + self.other_g, 0.0)
        self.readings.append(SensorReading(self.shelf.device_id, at(self.second), weight_g=weight_g))
        return self

    def wait(self, seconds: float) -> Scale:
        """Time passes, with the regular reports."""
        until = self.second + seconds
        while self.second + 300 <= until:
            self.second += 300
            self.report()
        self.second = until
        return self

    def until(self, hour: float) -> Scale:
        return self.wait(hour * HOUR - self.second)

    def put(self, pieces: int, other_g: float = 0.0) -> Scale:
        """Pieces come or go, or something else is laid on or lifted off."""
        self.pieces += pieces
        self.other_g += other_g
        self.second += 2
        return self.report()

    def sell(self, pieces: int) -> Scale:
        self.shelf = replace(self.shelf, sold=(*(self.shelf.sold or ()), Movement(at(self.second), pieces)))
        return self.put(-pieces)

    def receive(self, pieces: int) -> Scale:
        self.shelf = replace(self.shelf, received=(*self.shelf.received, Movement(at(self.second), pieces)))
        return self.put(pieces)

    def samples(self) -> Samples:
        return samples_of(self.readings, {"shelf": 1})

    def judged(self, parameters: Parameters | None = None) -> SensorJudgement:
        return judge_samples(engine(Equipment(shelves=(self.shelf,)), parameters), self.samples())

    def events(self, rule: str, parameters: Parameters | None = None) -> list[Event]:
        return [event for event in self.judged(parameters).events.values() if event.rule == rule]


def engine(equipment: Equipment, parameters: Parameters | None = None) -> SensorEngine:
    return SensorEngine(SensorWorld(equipment, {1: "shelf", 2: "box", 3: "crate"}), parameters)


@dataclass
class Box:
    """A cooled box that reports every minute."""

    cooler: Cooler = COOLER
    second: float = 6 * HOUR
    readings: list[SensorReading] = field(default_factory=list)

    def hold(self, minutes: float, temperature_c: float, *, door_open: bool = False) -> Box:
        for _ in range(round(minutes)):
            self.second += 60
            self.readings.append(
                SensorReading("box", at(self.second), temperature_c=temperature_c, door_open=door_open, seq=len(self.readings))
            )
        return self

    def samples(self) -> Samples:
        return samples_of(self.readings, {"box": 2})

    def events(self) -> list[Event]:
        judged = judge_samples(engine(Equipment(coolers=(self.cooler,))), self.samples())
        assert judged.faults == []
        return list(judged.events.values())


@dataclass
class Locator:
    """An asset that tells its place, in metres north of home, every quarter of an hour."""

    asset: Asset = ASSET
    second: float = 0.0
    positions: list[Position] = field(default_factory=list)

    def at_m(self, north_m: float, times: int = 1, **more: Any) -> Locator:
        for _ in range(times):
            self.second += 900
            latitude = self.asset.latitude_deg + north_m / 110_620.0
            fix = {"accuracy_m": 20.0, "hdop": 2.0, "satellites": 7, **more}
            self.positions.append(Position("crate", at(self.second), None, self.asset.longitude_deg, latitude, **fix))
        return self

    def ordered(self, second: float, north_m: float) -> Locator:
        latitude = self.asset.latitude_deg + north_m / 110_620.0
        transfer = Transfer(at(second), self.asset.longitude_deg, latitude)
        self.asset = replace(self.asset, transfers=(*self.asset.transfers, transfer))
        return self

    def samples(self) -> Samples:
        return samples_of_positions(self.positions, {"crate": 3})

    def events(self) -> list[Event]:
        judged = judge_samples(engine(Equipment(assets=(self.asset,))), self.samples())
        assert judged.faults == []
        return list(judged.events.values())
