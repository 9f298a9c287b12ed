"""What the sensors said around an alert, a strip for each quantity, over Unix seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from evidence.dossier import Dossier
from evidence.palette import ALARM, INK, QUIET, TRACK
from store.fleet import Fix
from store.sensor_log import SensorReading

_TICKS_S: Final = (60, 300, 600, 1800, 3600, 7200)
_MOST_TICKS: Final = 10


@dataclass(frozen=True, slots=True)
class Strip:
    """A quantity over time; a flag is 0 or 1 from one reading to the next."""

    name: str
    seconds: tuple[float, ...]
    values: tuple[float, ...]
    is_flag: bool = False

    @property
    def is_known(self) -> bool:
        """Whether any reading says something of it."""
        return bool(self.values)


def strips_of(dossier: Dossier) -> list[Strip]:
    """Speed, door, cargo, fuel and ignition of the van; weight and temperature of the sensor the alert is about."""

    def of_fixes(name: str, value: Callable[[Fix], float | None], *, is_flag: bool = False) -> Strip:
        return _strip(name, [(fix.fix_time, value(fix)) for fix in dossier.track], is_flag)

    def of_readings(name: str, value: Callable[[SensorReading], float | None]) -> Strip:
        return _strip(name, [(reading.measured_at, value(reading)) for reading in dossier.readings], is_flag=False)

    return [
        of_fixes("speed, km/h", lambda fix: None if fix.speed_mps is None else fix.speed_mps * 3.6),
        of_fixes("door open", lambda fix: fix.door_open, is_flag=True),
        of_fixes("cargo, kg", lambda fix: fix.cargo_kg),
        of_fixes("fuel, l", lambda fix: fix.fuel_l),
        of_fixes("ignition", lambda fix: fix.ignition, is_flag=True),
        of_readings("weight, kg", lambda reading: None if reading.weight_g is None else reading.weight_g / 1000),
        of_readings("temperature, °C", lambda reading: reading.temperature_c),
    ]


def draw_strip(panel: Axes, strip: Strip, dossier: Dossier, *, is_last: bool) -> None:
    """Draw one strip; the time of the alert is shaded, and only the last strip names the times."""
    style: dict[str, Any] = {"drawstyle": "steps-post"} if strip.is_flag else {}
    panel.plot(strip.seconds, strip.values, color=TRACK, linewidth=1.5, marker=".", markersize=3, **style)
    ended_at = dossier.ended_at or dossier.started_at
    panel.axvspan(dossier.started_at.timestamp(), ended_at.timestamp(), color=ALARM, alpha=0.15, linewidth=1)
    panel.set_xlim(dossier.since.timestamp(), dossier.until.timestamp())
    panel.set_ylabel(strip.name, rotation=0, ha="right", va="center", fontsize=8, color=INK)
    panel.tick_params(labelsize=7, colors=QUIET, labelbottom=is_last)
    if strip.is_flag:
        panel.set_ylim(-0.1, 1.1)
        panel.set_yticks([0, 1], ["no", "yes"])
    panel.xaxis.set_major_locator(MultipleLocator(_tick_s((dossier.until - dossier.since).total_seconds())))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda second, _: f"{datetime.fromtimestamp(second, UTC):%H:%M}"))
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)


def _strip(name: str, values: list[tuple[datetime, float | None]], is_flag: bool) -> Strip:
    known = [(moment.timestamp(), float(value)) for moment, value in values if value is not None]
    return Strip(name, tuple(second for second, _ in known), tuple(value for _, value in known), is_flag)


def _tick_s(span_s: float) -> int:
    return next((tick_s for tick_s in _TICKS_S if span_s / tick_s <= _MOST_TICKS), _TICKS_S[-1])
