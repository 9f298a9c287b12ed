"""How many pieces lie on a shelf: what every shelf rule stands on.

A reading holds until the next one. A weight that stays for `shelf.settle_s` is a level; what is shorter is a hand, a customer
looking at something, or a theft that has not come to its end. Slow drift is followed as scales do it (zero tracking); a weight
between two numbers of pieces that stays is another tare or something foreign, and a sensor lifted off its shelf says nothing.
"""

from __future__ import annotations

from math import exp, isnan
from typing import Any, Final

from domain.equipment import Shelf
from geofence.parameters import Parameter
from geofence.sensing.samples import Sample
from geofence.sensing.watch import EVER_US, SensorRule, Watch

NAME: Final = "shelf"
_PARAMETERS: Final = (
    Parameter("shelf.settle_s", 20, "s", 0, 600, "A weight that stays this long is a level."),
    Parameter("shelf.gap_s", 3600, "s", 300, 86_400, "After a longer silence nothing is known of the time between."),
    Parameter("shelf.odd_share", 0.35, "1", 0.1, 0.5, "Further than this share of a piece from a whole number is no number."),
    Parameter("shelf.odd_s", 600, "s", 60, 86_400, "But when it stays this long, the tare has changed."),
    Parameter("shelf.track_share", 0.1, "1", 0, 1, "So much of what is left over the tare follows at each level."),
    Parameter("shelf.lifted_share", 0.5, "1", 0.05, 1, "Lighter than the tare by this share of it, the sensor was lifted."),
    Parameter("shelf.observe_s", 3600, "s", 60, 86_400, "A level that does not change is noted this often."),
)


def level_of(watch: Watch) -> dict[str, Any]:
    """What is known of the shelf.

    `pieces` (None: nothing) and `since_us` it holds them; `raw` (pieces of the last reading, None: it says nothing), `raw_us`,
    and `first_us` since when readings say the same; `stood`, the last (pieces, since_us) that held for long enough to be
    believed; `gap`: a silence ended and nothing has been believed since.
    """
    return watch.remembered(
        NAME,
        shelf="",
        pieces=None,
        since_us=EVER_US,
        stood=None,
        raw=None,
        raw_us=EVER_US,
        first_us=EVER_US,
        weight_g=0.0,
        offset_g=0.0,
        odd_us=0,
        gap=False,
        noted_us=EVER_US,
    )


def _step(watch: Watch, sample: Sample) -> None:
    shelf = watch.fitted(Shelf)
    if shelf is None or isnan(sample.weight_g):
        return
    level = level_of(watch)
    name = f"{shelf.product} {shelf.unit_g} {shelf.tare_g}"
    if level["shelf"] != name:
        if level["shelf"]:
            level = _begin_anew(watch)
        level["shelf"] = name
    net_g = sample.weight_g - shelf.tare_g - level["offset_g"]
    _forget_after_silence(watch, level, sample.at_us)
    _settle(watch, shelf, level, sample.at_us)
    if _is_lifted(watch, shelf, net_g):
        level["raw"] = None
        return
    _read(watch, shelf, level, sample, net_g)
    _settle(watch, shelf, level, sample.at_us)
    _note(watch, shelf, level)


def _begin_anew(watch: Watch) -> dict[str, Any]:
    """Another product lies there now, or the scale was set anew."""
    watch.memory.clear()
    for rule in tuple(watch.episodes):
        if rule.startswith("shelf"):
            watch.close(rule, watch.now_us)
    return level_of(watch)


def _is_lifted(watch: Watch, shelf: Shelf, net_g: float) -> bool:
    return net_g < -max(0.1 * shelf.unit_g, watch.parameter("shelf.lifted_share") * shelf.tare_g)


def _forget_after_silence(watch: Watch, level: dict[str, Any], at_us: int) -> None:
    if level["raw_us"] != EVER_US and at_us - level["raw_us"] > watch.span_us("shelf.gap_s"):
        level.update(raw=None, odd_us=0, gap=True)
        level["first_us"] = at_us


def _read(watch: Watch, shelf: Shelf, level: dict[str, Any], sample: Sample, net_g: float) -> None:
    """Take the reading as what is on the shelf now, for as long as it holds."""
    pieces = round(net_g / shelf.unit_g)
    left_g = net_g - pieces * shelf.unit_g
    odd = abs(left_g) > watch.parameter("shelf.odd_share") * shelf.unit_g
    if odd and level["pieces"] is not None:
        if not level["odd_us"] or abs(sample.weight_g - level["weight_g"]) > 0.2 * shelf.unit_g:
            level["odd_us"] = sample.at_us
        level.update(raw=None, raw_us=sample.at_us, weight_g=sample.weight_g)
        if sample.at_us - level["odd_us"] >= watch.span_us("shelf.odd_s"):
            level["offset_g"] += net_g - level["pieces"] * shelf.unit_g
            level["odd_us"] = 0
        return
    pieces = max(pieces, 0)
    if level["raw"] != pieces:
        level["first_us"] = sample.at_us
    level.update(raw=pieces, raw_us=sample.at_us, weight_g=sample.weight_g, odd_us=0)


def _settle(watch: Watch, shelf: Shelf, level: dict[str, Any], at_us: int) -> None:
    """Believe what the last reading said, when it has held long enough."""
    pieces = level["raw"]
    if pieces is None or at_us - level["first_us"] < watch.span_us("shelf.settle_s"):
        return
    if level["pieces"] != pieces or level["gap"]:
        level.update(pieces=pieces, since_us=level["first_us"], gap=False)
    level["stood"] = [pieces, level["first_us"]]
    left_g = level["weight_g"] - shelf.tare_g - level["offset_g"] - pieces * shelf.unit_g
    if abs(left_g) < 0.25 * shelf.unit_g:
        level["offset_g"] += watch.parameter("shelf.track_share") * left_g


def _note(watch: Watch, shelf: Shelf, level: dict[str, Any]) -> None:
    """Say what is on the shelf when that changed, and now and then when it did not."""
    if level["pieces"] is None or level["raw"] != level["pieces"]:
        return
    noted_us = level["noted_us"]
    if noted_us < level["since_us"] or watch.now_us - noted_us >= watch.span_us("shelf.observe_s"):
        at_us = max(level["since_us"], noted_us) if noted_us < level["since_us"] else watch.now_us
        left_g = level["weight_g"] - shelf.tare_g - level["offset_g"] - level["pieces"] * shelf.unit_g
        watch.observe(shelf, at_us, level["pieces"], _confidence(shelf, level["pieces"], abs(left_g) / shelf.unit_g))
        level["noted_us"] = max(at_us, noted_us)


def _confidence(shelf: Shelf, pieces: int, apart: float) -> float:
    """Near one at a whole number of pieces, near none half-way between two; more than fits is hardly believed."""
    believed = exp(-((apart / 0.3) ** 2))
    return 0.3 * believed if shelf.capacity and pieces > 1.2 * shelf.capacity else believed


RULE: Final = SensorRule(NAME, _step, _PARAMETERS)
