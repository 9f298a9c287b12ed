"""Scenarios: what world to draw, how its vans and devices behave, and what goes wrong in it. One TOML file each."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import msgspec

from domain.errors import InvalidInputError, NotFoundError

DEFAULT = "morning_run"


class TownPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A synthetic town's size and character, or `osm`: the path of an extract to read the streets from."""

    osm: str | None = None
    longitude_deg: float = -1.6244
    latitude_deg: float = 6.6885
    columns: int = 20
    rows: int = 18
    block_m: float = 215.0
    one_way: float = 0.35  # share of the central local streets
    missing_links: float = 0.07  # share of local streets that do not go through
    outlets: int = 240
    outlet_radius_m: float = 60.0
    canyon_share: float = 0.0  # share of the town's width, at its centre, between tall buildings
    dead_zones: int = 0  # known radio holes
    red_zones: int = 2


class TripsPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the day is planned. Pairs are least and most; stops ramp over the vehicles from least to most."""

    stops: tuple[int, int] = (18, 34)
    cases: tuple[int, int] = (8, 24)
    departures_over_min: float = 60.0
    loading_min: float = 0.0  # at the depot before departure, door open
    corridor_m: float = 200.0
    window_before_min: float = 45.0
    window_after_min: float = 75.0
    unloading_s_per_case: float = 4.0
    jams: int = 0  # queues a day and town in which several vans stand


class Equipment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of vans that carry each sensor."""

    door: float = 1.0
    cargo: float = 1.0
    fuel: float = 1.0
    cooler: float = 0.0
    accuracy: float = 0.5  # trackers that report an accuracy beside HDOP and satellites


class TrackerPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reporting and ordinary GPS error."""

    moving_s: int = 10
    idle_s: int = 60
    angle_deg: float = 35.0
    drift_m: float = 3.0  # standard deviation of the slow error, per axis
    drift_memory_s: float = 120.0
    white_m: float = 0.6
    latency_s: float = 1.2  # median from fix to receipt on a good link


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rates of what ails trackers, per device and day unless said otherwise; none of them is an incident."""

    multipath_per_canyon_hour: float = 12.0
    poor_hdop: float = 0.0
    tunnel: float = 0.0
    cold_start: float = 0.0
    radio_gap: float = 0.0  # no coverage for some minutes, backlog afterwards
    newest_first: float = 0.5  # share of devices that replay their backlog newest first
    duplicate: float = 0.0  # share of rows sent twice
    wild_fix: float = 0.0  # a single fix kilometres away
    origin_fix: float = 0.0  # a single fix at (0, 0)


class SensorsPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sensors of a town's shops, and what happens to them per device and day."""

    shelves: int = 0
    assets: int = 0
    sweep: float = 0.0  # probability of a sweep theft
    shrink: float = 0.0  # probability of units vanishing one by one
    hands: float = 6.0  # mean number of hands resting on the shelf
    refacing: float = 2.0  # mean number of times the facings are set right
    lifted: float = 0.03  # probability of the sensor being lifted for a minute or two
    tare_change: float = 0.0  # probability of a divider or a sheet being laid under the goods for good
    cooler_failure: float = 0.0  # probability of a compressor failing
    asset_theft: float = 0.0
    asset_transfer: float = 0.0  # moved with an order


class IncidentPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of incident: exactly `count` of them in the world, or at a `rate` per vehicle-day; `vehicle` pins it to one."""

    kind: str
    count: int = 0
    rate: float = 0.0
    vehicle: int | None = None


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A world to be drawn from a seed. `start` is the first vehicle-day's beginning; a day is watched for `day_h` hours."""

    description: str
    name: str = ""
    vehicles: int = 8
    vehicles_per_town: int = 25
    days: int = 1
    start: datetime = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
    day_h: float = 12.0
    first_departure_min: float = 15.0
    town: TownPlan = TownPlan()
    trips: TripsPlan = TripsPlan()
    equipment: Equipment = Equipment()
    tracker: TrackerPlan = TrackerPlan()
    faults: Faults = Faults()
    sensors: SensorsPlan = SensorsPlan()
    incidents: tuple[IncidentPlan, ...] = ()


def names() -> tuple[str, ...]:
    """The scenarios that come with Beatwatch, in alphabetical order."""
    folder = files("simulators").joinpath("scenarios")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load(name: str = DEFAULT) -> Scenario:
    """A scenario by its name, or from a TOML file of one's own. Raises NotFoundError or InvalidInputError."""
    if name in names():
        text = files("simulators").joinpath("scenarios", f"{name}.toml").read_text(encoding="utf-8")
    elif name.endswith(".toml") and Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise NotFoundError("scenario", name, f"there are {', '.join(names())}, and files that end in .toml")
    return parse(text, Path(name).stem)


def parse(text: str, name: str) -> Scenario:
    """A scenario from TOML. Raises InvalidInputError naming the file and what is wrong with it."""
    try:
        found = msgspec.convert(tomllib.loads(text), Scenario)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"scenario {name}", str(error)) from error
    if found.start.tzinfo is None:
        raise InvalidInputError(f"scenario {name}.start", "needs a zone, such as 2026-03-02T06:30:00Z")
    return msgspec.structs.replace(found, name=name, start=found.start.astimezone(UTC))
