"""A shelf with nothing on it, or with less than sells until more can come, while the shop is open."""

from __future__ import annotations

from typing import Any, Final

from domain.equipment import Shelf
from domain.events import Severity
from geofence.parameters import Parameter
from geofence.rows import to_us
from geofence.sensing.hours import open_span
from geofence.sensing.level import level_of
from geofence.sensing.samples import Sample
from geofence.sensing.watch import SensorRule, Watch

NAME: Final = "shelf_stock_out"
_PARAMETERS: Final = (
    Parameter(f"{NAME}.least_s", 900, "s", 60, 86_400, "Without for this long in opening hours is told."),
    Parameter(f"{NAME}.rate_days", 7, "d", 1, 90, "What sells in a day is reckoned from the sales of so many days."),
)
_HOUR_US: Final = 3_600_000_000


def _step(watch: Watch, _sample: Sample) -> None:
    shelf = watch.fitted(Shelf)
    if shelf is None:
        return
    level, kept = level_of(watch), watch.remembered(NAME, since_us=0, why="")
    _close_overdue(watch, shelf, kept)
    if level["pieces"] is None or level["gap"]:
        kept["since_us"] = 0
        return
    why = _why(watch, shelf, level)
    if why and not kept["since_us"]:
        kept.update(since_us=level["since_us"] if why == "empty" else watch.now_us, why=why)
    if kept["since_us"]:
        _judge(watch, shelf, kept, watch.now_us if why else level["since_us"])
    if not why:
        watch.close(NAME, level["since_us"])
        kept["since_us"] = 0


def _close_overdue(watch: Watch, shelf: Shelf, kept: dict[str, Any]) -> None:
    """A stock-out ends with the opening hours, also when nothing was heard of the shelf for a while."""
    episode = watch.episodes.get(NAME)
    if episode is not None and watch.now_us >= (closes_us := open_span(shelf, episode.started_us)[1]):
        watch.close(NAME, closes_us)
        kept["since_us"] = max(kept["since_us"], closes_us) if kept["since_us"] else 0


def _why(watch: Watch, shelf: Shelf, level: dict[str, Any]) -> str:
    if level["pieces"] <= 0:
        return "empty"
    if shelf.lead_time_h is None or not shelf.sold:
        return ""
    span_h = 24 * watch.parameter(f"{NAME}.rate_days")
    first_us = watch.now_us - round(span_h * _HOUR_US)
    sold = sum(one.units for one in shelf.sold if first_us < to_us(one.at) <= watch.now_us)
    return "cover" if sold and level["pieces"] * span_h < shelf.lead_time_h * sold else ""


def _judge(watch: Watch, shelf: Shelf, kept: dict[str, Any], until_us: int) -> None:
    """Tell of each day's opening hours that have been without."""
    while kept["since_us"] < until_us:
        opens_us, closes_us = open_span(shelf, kept["since_us"])
        begin_us, end_us = max(opens_us, kept["since_us"]), min(closes_us, until_us)
        if end_us - begin_us >= watch.span_us(f"{NAME}.least_s"):
            facts = {"outlet_id": shelf.outlet_id, "product": shelf.product, "why": kept["why"]}
            watch.open(NAME, begin_us, Severity.medium, confidence=0.95, facts=facts)
        if end_us < closes_us:
            return
        watch.close(NAME, closes_us)
        kept["since_us"] = closes_us


RULE: Final = SensorRule(NAME, _step, _PARAMETERS)
