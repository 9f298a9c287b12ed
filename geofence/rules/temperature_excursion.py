"""A cooled box that is too warm or too cold for longer than its door, its loading or its defrosting explains."""

from __future__ import annotations

from math import isnan
from typing import Any, Final

from domain.equipment import Cooler
from domain.events import Severity
from geofence.parameters import Parameter
from geofence.sensing.samples import Sample
from geofence.sensing.watch import EVER_US, SensorRule, Watch

NAME: Final = "temperature_excursion"
_PARAMETERS: Final = (
    Parameter(f"{NAME}.slack_c", 2, "C", 0, 20, "Outside the product's band by more than this,"),
    Parameter(f"{NAME}.least_s", 600, "s", 60, 86_400, "for this long, is told."),
    Parameter(f"{NAME}.door_s", 600, "s", 0, 7200, "The time until this long after the door was open does not count,"),
    Parameter(f"{NAME}.loading_s", 600, "s", 60, 7200, "nor, when it was open for this long (loading),"),
    Parameter(f"{NAME}.loaded_s", 900, "s", 0, 7200, "the time until this long after."),
    Parameter(f"{NAME}.gap_s", 900, "s", 60, 86_400, "Nor does a longer silence than this."),
    Parameter(f"{NAME}.settled_c", 0.3, "C", 0, 5, "It is over when this far inside, or after two readings inside."),
    Parameter(f"{NAME}.high_degree_min", 60, "C min", 1, 100_000, "So many degrees times minutes are of high severity,"),
    Parameter(f"{NAME}.critical_degree_min", 300, "C min", 1, 100_000, "and so many are critical."),
)
_DAY_S: Final = 86_400


def _step(watch: Watch, sample: Sample) -> None:
    cooler = watch.fitted(Cooler)
    if cooler is None:
        return
    kept = watch.remembered(
        NAME,
        at_us=EVER_US,
        excess_c=0.0,
        begin_us=0,
        counted_us=0,
        degree_min=0.0,
        worst_c=0.0,
        peak_c=0.0,
        inside=0,
        open_us=0,
        opened_us=EVER_US,
        grace_us=EVER_US,
    )
    _watch_door(watch, sample, kept)
    if isnan(sample.temperature_c):
        return
    slack_c = watch.parameter(f"{NAME}.slack_c")
    excess_c = max(sample.temperature_c - cooler.most_c, cooler.least_c - sample.temperature_c) - slack_c
    if kept["at_us"] != EVER_US:
        _count(watch, cooler, sample, kept, excess_c)
    _begin_or_end(watch, cooler, sample, kept, excess_c)
    kept.update(at_us=sample.at_us, excess_c=excess_c)


def _watch_door(watch: Watch, sample: Sample, kept: dict[str, Any]) -> None:
    """Until when an open door explains the temperature; it closed half-way between its last open and first closed reading."""
    if sample.door_open == 1:
        kept["open_us"] = kept["open_us"] or sample.at_us
        kept["opened_us"] = sample.at_us
        closed_us = sample.at_us
    elif sample.door_open == 0 and kept["open_us"]:
        closed_us = (kept["opened_us"] + sample.at_us) // 2
    else:
        return
    loading = closed_us - kept["open_us"] >= watch.span_us(f"{NAME}.loading_s")
    grace_us = watch.span_us(f"{NAME}.loaded_s" if loading else f"{NAME}.door_s")
    kept["grace_us"] = max(kept["grace_us"], closed_us + grace_us)
    if sample.door_open == 0:
        kept["open_us"] = 0


def _count(watch: Watch, cooler: Cooler, sample: Sample, kept: dict[str, Any], excess_c: float) -> None:
    """Add what of the time since the last reading was outside and unexplained; between readings lies a straight line."""
    before_us, before_c = kept["at_us"], kept["excess_c"]
    long_us = sample.at_us - before_us
    if long_us > watch.span_us(f"{NAME}.gap_s") or (before_c <= 0 and excess_c <= 0):
        return
    crossed_us = (
        before_us + round(long_us * min(max(-before_c / (excess_c - before_c), 0.0), 1.0)) if before_c * excess_c < 0 else 0
    )
    since_us = crossed_us if before_c <= 0 else before_us
    until_us = crossed_us if excess_c <= 0 else sample.at_us
    if not kept["begin_us"]:
        kept["begin_us"] = since_us
    counted_us = max(0, until_us - max(since_us, kept["grace_us"]))
    if not _is_defrosting(cooler, sample.at_us):
        kept["counted_us"] += counted_us
    kept["degree_min"] += max(0.0, before_c, excess_c) * counted_us / 60e6


def _is_defrosting(cooler: Cooler, at_us: int) -> bool:
    second = at_us // 1_000_000 % _DAY_S
    return any((second - hour * 3600) % _DAY_S < 60 * cooler.defrost_min for hour in cooler.defrosts_h)


def _begin_or_end(watch: Watch, cooler: Cooler, sample: Sample, kept: dict[str, Any], excess_c: float) -> None:
    if excess_c > 0:
        kept["inside"] = 0
        kept["begin_us"] = kept["begin_us"] or sample.at_us
        if excess_c > kept["worst_c"]:
            kept.update(worst_c=excess_c, peak_c=sample.temperature_c)
    if kept["begin_us"] and kept["counted_us"] >= watch.span_us(f"{NAME}.least_s"):
        _tell(watch, cooler, kept, sample)
    if excess_c <= 0 and kept["begin_us"]:
        kept["inside"] += 1
        if kept["inside"] >= 2 or excess_c < -watch.parameter(f"{NAME}.settled_c"):
            watch.close(NAME, sample.at_us)
            kept.update(begin_us=0, counted_us=0, degree_min=0.0, worst_c=0.0, peak_c=0.0, inside=0)


def _tell(watch: Watch, cooler: Cooler, kept: dict[str, Any], sample: Sample) -> None:
    severity = Severity.medium
    if kept["degree_min"] >= watch.parameter(f"{NAME}.critical_degree_min"):
        severity = Severity.critical
    elif kept["degree_min"] >= watch.parameter(f"{NAME}.high_degree_min"):
        severity = Severity.high
    facts = {
        "mounted_on": cooler.mounted_on,
        "least_c": cooler.least_c,
        "most_c": cooler.most_c,
        "temperature_c": sample.temperature_c,
        "peak_c": kept["peak_c"],
        "degree_min": kept["degree_min"],
        "unexplained_s": kept["counted_us"] / 1e6,
    }
    watch.open(NAME, kept["begin_us"], severity, confidence=0.95, facts=facts)
    watch.change(NAME, severity, **facts)


RULE: Final = SensorRule(NAME, _step, _PARAMETERS)
