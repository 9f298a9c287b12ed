"""Pieces missing in the evening that the books cannot explain: opening + received - sold - what the shelf weighs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from domain.equipment import Movement, Shelf
from domain.events import Severity
from geofence.parameters import Parameter
from geofence.rows import to_us
from geofence.sensing.hours import open_span
from geofence.sensing.level import level_of
from geofence.sensing.samples import Sample
from geofence.sensing.watch import SensorRule, Watch

NAME: Final = "shelf_shrink"
_PARAMETERS: Final = (
    Parameter(f"{NAME}.least_units", 2, "1", 0, 1000, "More than so many pieces missing in a day are told,"),
    Parameter(f"{NAME}.share", 0.03, "1", 0, 1, "if they are more than this share of what there was to sell."),
    Parameter(f"{NAME}.high_share", 0.15, "1", 0, 1, "More than this share is of high severity."),
    Parameter(f"{NAME}.after_s", 1800, "s", 0, 14_400, "The day is reckoned up this long after closing,"),
    Parameter(f"{NAME}.quiet_s", 600, "s", 0, 3600, "when nothing has moved for this long."),
)


def _step(watch: Watch, _sample: Sample) -> None:
    shelf = watch.fitted(Shelf)
    if shelf is None:
        return
    level = level_of(watch)
    kept = watch.remembered(NAME, since_us=None, opening=0, due_us=0)
    if level["pieces"] is None or level["gap"] or level["raw"] != level["pieces"] or shelf.sold is None:
        return
    if kept["since_us"] is None:
        _open_day(watch, shelf, level, kept)
    elif watch.now_us >= kept["due_us"] and _is_quiet(watch, shelf, level) and _are_complete(shelf, watch.now_us):
        _reckon(watch, shelf, level, kept)
        _open_day(watch, shelf, level, kept)


def _open_day(watch: Watch, shelf: Shelf, level: dict[str, Any], kept: dict[str, Any]) -> None:
    closes_us = open_span(shelf, watch.now_us)[1]
    due_us = closes_us + watch.span_us(f"{NAME}.after_s")
    kept.update(since_us=watch.now_us, opening=level["pieces"], due_us=due_us)


def _is_quiet(watch: Watch, shelf: Shelf, level: dict[str, Any]) -> bool:
    since_us = watch.now_us - watch.span_us(f"{NAME}.quiet_s")
    moved = (*shelf.received, *(shelf.sold or ()))
    return level["since_us"] <= since_us and not any(since_us < to_us(one.at) <= watch.now_us for one in moved)


def _are_complete(shelf: Shelf, now_us: int) -> bool:
    return shelf.books_until is None or to_us(shelf.books_until) >= now_us


def _reckon(watch: Watch, shelf: Shelf, level: dict[str, Any], kept: dict[str, Any]) -> None:
    received = _units(shelf.received, kept["since_us"], watch.now_us)
    sold = _units(shelf.sold or (), kept["since_us"], watch.now_us)
    there_was = kept["opening"] + received
    missing = there_was - sold - level["pieces"]
    if missing <= max(watch.parameter(f"{NAME}.least_units"), watch.parameter(f"{NAME}.share") * there_was):
        return
    high = missing > watch.parameter(f"{NAME}.high_share") * there_was
    facts = {
        "outlet_id": shelf.outlet_id,
        "product": shelf.product,
        "missing_units": missing,
        "opening_units": kept["opening"],
        "received_units": received,
        "sold_units": sold,
        "sensed_units": level["pieces"],
    }
    severity = Severity.high if high else Severity.medium
    watch.tell(NAME, kept["since_us"], watch.now_us, severity, confidence=0.9, facts=facts)


def _units(movements: Iterable[Movement], since_us: int, until_us: int) -> int:
    return sum(one.units for one in movements if since_us < to_us(one.at) <= until_us)


RULE: Final = SensorRule(NAME, _step, _PARAMETERS)
