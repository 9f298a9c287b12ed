"""All sensors of a world: which shop has a shelf, which van a cooled box, which asset stands where."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.equipment import Asset, Cooler, Equipment, Shelf
from domain.truth import Incident, TrueVisit
from simulators.fleet.fixes import Fixes
from simulators.fleet.planning import Round
from simulators.scenario import Scenario
from simulators.sensors.assets import simulate_asset
from simulators.sensors.coolers import simulate_cooler
from simulators.sensors.readings import Measured
from simulators.sensors.shelves import simulate_shelf
from simulators.streams import stream
from simulators.town.places import Town


@dataclass
class Sensed:
    """Equipment, measurements and truth of some shops and vans.

    Measurements belong to the sensor of that index in `names`, fixes to the asset of that index in `assets`.
    """

    shelves: list[Shelf] = field(default_factory=list)
    coolers: list[Cooler] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    fixes: list[Fixes] = field(default_factory=list)
    truth: list[Incident] = field(default_factory=list)

    def equipment(self) -> Equipment:
        """What the business knows of it all."""
        return Equipment(tuple(self.shelves), tuple(self.coolers), tuple(self.assets))

    def take(self, name: str, measured: list[Measured]) -> None:
        """Add what a sensor measured."""
        for rows in measured:
            rows["device"] = len(self.names)
        self.names.append(name)
        self.measured += measured

    def add(self, other: Sensed, first_device: int) -> None:
        """Add what is of other shops and vans, and number it on; fixes belong to devices numbered from `first_device` then."""
        for rows in other.measured:
            rows["device"] += len(self.names)
        for fixes in other.fixes:
            fixes["device"] += first_device + len(self.assets)
        for ours, theirs in zip(_lists(self), _lists(other), strict=True):
            ours.extend(theirs)


def sense_shops(
    sensed: Sensed, scenario: Scenario, town: Town, number: int, served: dict[str, dict[int, float]], seed: int
) -> None:
    """Shelves and assets of a town. `served` are the seconds since midnight at which outlets were served, by outlet and day."""
    plan, midnight = scenario.sensors, _midnight(scenario.start)
    order = stream(seed, "instrumented", number).permutation(len(town.outlets))
    for index in range(min(plan.shelves, len(order))):
        outlet, name = town.outlets[int(order[index])], f"shelf-{number + 1:03d}-{index + 1:03d}"
        shelf, readings, truth = simulate_shelf(
            name, outlet.place_id, plan, midnight, scenario.days, served.get(outlet.place_id, {}), seed
        )
        sensed.shelves.append(shelf)
        sensed.take(name, readings)
        sensed.truth += truth
    for index in range(min(plan.assets, len(order))):
        outlet, name = town.outlets[int(order[-1 - index])], f"asset-{number + 1:03d}-{index + 1:03d}"
        asset, fixes, truth = simulate_asset(name, outlet, town, plan, midnight, scenario.days, seed)
        fixes["device"] = len(sensed.assets)
        sensed.assets.append(asset)
        sensed.fixes.append(fixes)
        sensed.truth += truth


def sense_box(sensed: Sensed, scenario: Scenario, device_id: str, doors: list[NDArray[np.bool_]], seed: int) -> None:
    """The cooled box of a van, if it has one."""
    if stream(seed, "box", device_id).random() < scenario.equipment.cooler:
        name = f"{device_id}-box"
        cooler, readings, truth = simulate_cooler(name, device_id, scenario.sensors, scenario.start, doors, seed)
        sensed.coolers.append(cooler)
        sensed.take(name, readings)
        sensed.truth += truth


def served_moments(rounds: list[Round], visits: list[TrueVisit], midnight: datetime) -> dict[str, dict[int, float]]:
    """When each outlet was really served: outlet -> day -> seconds since that day's midnight."""
    outlets = {stop.stop_id: stop.outlet_id for planned in rounds for stop in planned.trip.stops}
    moments: dict[str, dict[int, float]] = {}
    for visit in visits:
        if visit.departed_at is not None:
            since = visit.departed_at - midnight
            moments.setdefault(outlets.get(visit.stop_id) or "", {})[since.days] = float(since.seconds)
    return moments


def _lists(sensed: Sensed) -> list[list[Any]]:
    return [sensed.shelves, sensed.coolers, sensed.assets, sensed.names, sensed.measured, sensed.fixes, sensed.truth]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
