"""A cooler, crate or keg that is not where it belongs, with no order to move it."""

from __future__ import annotations

from typing import Any, Final

from domain.equipment import Asset
from domain.events import Severity
from geofence.kernels.ground import metres
from geofence.parameters import Parameter
from geofence.rows import MISSING_E7, to_us
from geofence.sensing.samples import Sample
from geofence.sensing.watch import EVER_US, SensorRule, Watch

NAME: Final = "asset_out"
_PARAMETERS: Final = (
    Parameter(f"{NAME}.least_m", 100, "m", 20, 10_000, "Further than this from its place, and than two sigma,"),
    Parameter(f"{NAME}.least_s", 1800, "s", 0, 86_400, "for this long"),
    Parameter(f"{NAME}.fixes", 3, "1", 1, 100, "and for so many good fixes is told."),
    Parameter(f"{NAME}.back_fixes", 2, "1", 1, 100, "It is back with so many fixes at its place."),
    Parameter(f"{NAME}.before_s", 3600, "s", 0, 86_400, "An ordered transfer may begin this long before its time"),
    Parameter(f"{NAME}.after_s", 14_400, "s", 0, 604_800, "and take this long."),
)


def _step(watch: Watch, sample: Sample) -> None:
    asset = watch.fitted(Asset)
    if asset is None or sample.longitude_e7 == MISSING_E7:
        return
    kept = watch.remembered(NAME, out_us=0, fixes=0, back_us=0, back=0)
    place, is_moving = _place(watch, asset)
    away_m = metres(sample.longitude_e7, sample.latitude_e7, round(place[0] * 1e7), round(place[1] * 1e7))
    if is_moving or away_m <= max(watch.parameter(f"{NAME}.least_m"), 2.0 * sample.sigma_m):
        _at_home(watch, sample, kept)
        return
    kept.update(back=0, back_us=0, fixes=kept["fixes"] + 1, out_us=kept["out_us"] or sample.at_us)
    long_enough = sample.at_us - kept["out_us"] >= watch.span_us(f"{NAME}.least_s")
    facts: dict[str, Any] = {
        "outlet_id": asset.outlet_id,
        "away_m": away_m,
        "longitude_deg": sample.longitude_e7 / 1e7,
        "latitude_deg": sample.latitude_e7 / 1e7,
    }
    if NAME in watch.episodes:
        watch.change(NAME, **facts)
    elif long_enough and kept["fixes"] >= watch.parameter(f"{NAME}.fixes"):
        watch.open(NAME, kept["out_us"], Severity.high, confidence=0.95, facts=facts)


def _at_home(watch: Watch, sample: Sample, kept: dict[str, Any]) -> None:
    kept["back_us"] = kept["back_us"] or sample.at_us
    kept["back"] += 1
    if NAME not in watch.episodes or kept["back"] >= watch.parameter(f"{NAME}.back_fixes"):
        watch.close(NAME, kept["back_us"])
        kept.update(out_us=0, fixes=0)


def _place(watch: Watch, asset: Asset) -> tuple[tuple[float, float], bool]:
    """Where it belongs now, and whether it may be on its way there."""
    place, since_us = (asset.longitude_deg, asset.latitude_deg), EVER_US
    is_moving = False
    for transfer in asset.transfers:
        at_us = to_us(transfer.at)
        if since_us < at_us <= watch.now_us:
            place, since_us = (transfer.longitude_deg, transfer.latitude_deg), at_us
        begins_us, ends_us = at_us - watch.span_us(f"{NAME}.before_s"), at_us + watch.span_us(f"{NAME}.after_s")
        is_moving = is_moving or begins_us <= watch.now_us < ends_us
    return place, is_moving


RULE: Final = SensorRule(NAME, _step, _PARAMETERS)
