"""Many pieces gone from a shelf at once, unsold, and not put back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from domain.equipment import Movement, Shelf
from domain.events import Severity
from geofence.parameters import Parameter
from geofence.rows import to_us
from geofence.sensing.level import level_of
from geofence.sensing.samples import Sample
from geofence.sensing.watch import EVER_US, SensorRule, Watch

NAME: Final = "shelf_sweep"
_PARAMETERS: Final = (
    Parameter(f"{NAME}.least_units", 6, "1", 2, 1000, "So many pieces gone"),
    Parameter(f"{NAME}.within_s", 60, "s", 5, 900, "within this long are told,"),
    Parameter(f"{NAME}.back_s", 180, "s", 0, 3600, "unless they are put back within this long,"),
    Parameter(f"{NAME}.sold_s", 120, "s", 0, 3600, "or the books have sold them within this long before or after."),
    Parameter(f"{NAME}.high_units", 12, "1", 2, 1000, "So many are of high severity."),
)


def _step(watch: Watch, _sample: Sample) -> None:
    shelf = watch.fitted(Shelf)
    if shelf is None:
        return
    level = level_of(watch)
    kept = watch.remembered(NAME, before=None, fell_us=0, quick=False, raw=None, raw_us=EVER_US, taken=None)
    if kept["taken"] is not None and not _is_mute(watch, level, kept["taken"]):
        _decide(watch, shelf, level, kept)
    if level["pieces"] is None or level["gap"] or level["raw"] is None:
        return
    _take_more(watch, level, kept)
    apart_us = level["raw_us"] - kept["raw_us"]
    kept["quick"] = kept["quick"] or 0 < apart_us <= watch.span_us(f"{NAME}.within_s")
    kept["raw_us"] = level["raw_us"]
    _follow(watch, level, kept)


def _follow(watch: Watch, level: dict[str, Any], kept: dict[str, Any]) -> None:
    """Note a fall while it happens. A sensor that never reports twice in a minute cannot tell how quick one was."""
    before, raw, taken = level["pieces"], level["raw"], kept["taken"]
    if before != kept["before"] or raw >= before:
        kept.update(before=before, fell_us=0)
    if raw >= before:
        return
    kept["fell_us"] = kept["fell_us"] or watch.now_us
    gone = before - raw
    if not kept["quick"] or watch.now_us - kept["fell_us"] > watch.span_us(f"{NAME}.within_s"):
        return
    if taken is None and gone >= watch.parameter(f"{NAME}.least_units"):
        kept["taken"] = {"before": before, "gone": gone, "fell_us": kept["fell_us"], "until_us": watch.now_us}
        kept["taken"] |= {"again_us": 0, "mute_us": 0, "paused_us": 0}
    elif taken is not None and taken["fell_us"] == kept["fell_us"] and gone > taken["gone"]:
        taken.update(gone=gone, until_us=watch.now_us)


def _take_more(watch: Watch, level: dict[str, Any], kept: dict[str, Any]) -> None:
    """As many again are taken out before the first are back, as when several facings are set right: all may still come back."""
    taken, fell = kept["taken"], 0 if kept["raw"] is None else kept["raw"] - level["raw"]
    if taken is not None and fell >= watch.parameter(f"{NAME}.least_units"):
        taken["again_us"] = watch.now_us
    kept["raw"] = level["raw"]


def _is_mute(watch: Watch, level: dict[str, Any], taken: dict[str, Any]) -> bool:
    """Whether the sensor says nothing, lifted for one; there is that much longer to put things back."""
    if level["raw"] is None:
        taken["mute_us"] = taken["mute_us"] or watch.now_us
        return True
    if taken["mute_us"]:
        taken["paused_us"] += watch.now_us - taken["mute_us"]
        taken["mute_us"] = 0
    return False


def _decide(watch: Watch, shelf: Shelf, level: dict[str, Any], kept: dict[str, Any]) -> None:
    """Drop it once enough lies there again; tell it when that is too late."""
    taken, least = kept["taken"], watch.parameter(f"{NAME}.least_units")
    back_us = max(taken["until_us"], taken["again_us"]) + watch.span_us(f"{NAME}.back_s") + taken["paused_us"]
    stood = level["stood"]
    if stood is not None and taken["until_us"] < stood[1] <= back_us and _is_back(watch, shelf, taken, stood[0]):
        kept["taken"] = None
        return
    if watch.now_us < back_us + watch.span_us("shelf.settle_s") or level["gap"]:
        return
    kept["taken"] = None
    unsold = taken["gone"] - _booked(watch, shelf.sold, taken)
    if unsold >= least:
        severity = Severity.high if unsold >= watch.parameter(f"{NAME}.high_units") else Severity.medium
        facts = {
            "outlet_id": shelf.outlet_id,
            "product": shelf.product,
            "units": unsold,
            "before_units": taken["before"],
            "within_s": (taken["until_us"] - taken["fell_us"]) / 1e6,
        }
        watch.tell(NAME, taken["fell_us"], taken["until_us"], severity, confidence=0.9, facts=facts)


def _is_back(watch: Watch, shelf: Shelf, taken: dict[str, Any], pieces: int) -> bool:
    """Whether what lies there is what was there, but for what was sold; the rest of what was more has been delivered."""
    if pieces > taken["before"]:
        pieces -= _booked(watch, shelf.received, taken)
    due: int = taken["before"] - _booked(watch, shelf.sold, taken)
    return pieces > due - watch.parameter(f"{NAME}.least_units")


def _booked(watch: Watch, movements: Iterable[Movement] | None, taken: dict[str, Any]) -> int:
    """Pieces of the movements that the books have from shortly before to shortly after."""
    around_us = watch.span_us(f"{NAME}.sold_s")
    since_us, until_us = taken["fell_us"] - around_us, max(taken["until_us"], taken["again_us"]) + around_us
    return sum(one.units for one in movements or () if since_us <= to_us(one.at) <= until_us)


RULE: Final = SensorRule(NAME, _step, _PARAMETERS)
