"""The load became lighter where nothing is delivered, or by more than was delivered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from domain.events import Severity
from domain.zones import ZoneKind
from geofence.facts import ALLOWED_DEPOT, CARGO_DROP, CARGO_LEVEL, GAP, GAP_WAY, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.served import served_within

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "cargo_weight_drop"
_PARAMETERS = (
    Parameter(f"{NAME}.least_kg", 10, "kg", 1, 5000, "No smaller loss is told,", in_kernel=True),
    Parameter(f"{NAME}.share", 0.015, "1", 0, 1, "nor one of a smaller share of the load.", in_kernel=True),
    Parameter(f"{NAME}.stop_share", 0.05, "1", 0, 1, "At a stop, nor one of a smaller share of what is due there."),
    Parameter(f"{NAME}.weighings", 2, "1", 1, 4, "So many weighings after it agree, else the next stand decides."),
    Parameter(f"{NAME}.noises", 4, "1", 0, 20, "Nor one of less than so many times the scatter of this van's weighings."),
)
_SCATTERS: Final = 8
_PLAINLY: Final = 2.0
_SIGMA_OF_MAD: Final = 1.4826


def _weighed(device: Device, fact: Fact) -> None:
    """A stand is over: `a` kg when it began, `b` when it ended. What the load weighs now also judges the stand before."""
    if device.plan is None or _at_depot(device, fact.place):
        device.memory.pop(NAME, None)
        return
    known = device.memory.setdefault(NAME, {"scatter": [], "last": None, "doubted": None})
    before_kg = fact.a
    doubted, known["doubted"] = known["doubted"], None
    if doubted is not None:
        _settle(device, doubted, fact.a + doubted["given"])
    if known["last"] is not None:
        _confirm(device, known, known["last"], fact)
        before_kg = min(before_kg, known["last"]["after"])  # one weighing may be wrong
    if fact.c < 0:
        known["last"] = None  # nobody knows where it stood, and what was due there
        return
    last = known["last"] = {
        "since": fact.time_us,
        "until": int(fact.d),
        "place": [fact.longitude_e7, fact.latitude_e7],
        "before": before_kg,
        "after": fact.b,
        "sure": fact.c >= device.values["cargo_weight_drop.weighings"],
        "excess": 0.0,  # what was told of it, kg
    }
    if last["sure"]:
        _judge(device, known, last)
    elif known["doubted"] is not None:
        due_kg = sum(_due_kg(device, k) for k in _stops_at(device, last))
        known["doubted"]["given"] = max(known["doubted"]["given"], due_kg)  # it left before all of it was weighed


def _at_depot(device: Device, place: int) -> bool:
    return place == ALLOWED_DEPOT or (place >= 0 and device.zones[place].kind == ZoneKind.depot)


def _confirm(device: Device, known: dict[str, Any], last: dict[str, Any], fact: Fact) -> None:
    """Weighed again on the next stand: the load that came back was not lost, and one that is gone now went there.

    Unless it was weighed well when it left: what is lighter since then is a slope, or the sensor. A loss that only this
    weighing tells of is looked at once more on the stand after, for the same reason.
    """
    again_kg, somewhere = fact.a, fact.c >= 0
    scatter_kg = abs(again_kg - last["after"])
    if scatter_kg < device.values["cargo_weight_drop.least_kg"]:
        known["scatter"] = [*known["scatter"][1 - _SCATTERS :], scatter_kg]
    if not last["excess"] and not last["sure"] and somewhere:
        last["after"] = again_kg
        _judge(device, known, last)
        if last["excess"]:
            known["doubted"] = {**last, "given": again_kg - fact.b}
            return
    _settle(device, last, again_kg)


def _settle(device: Device, last: dict[str, Any], again_kg: float) -> None:
    """What was told of a stand ends here, or was wrong."""
    if not last["excess"]:
        return  # nothing was
    if again_kg - last["after"] >= 0.5 * last["excess"] > 0.0:
        device.withdraw(NAME, str(last["since"]), "weight_back")
    device.close(NAME, str(last["since"]), last["until"], cool_down=False)


def _judge(device: Device, known: dict[str, Any], last: dict[str, Any], plainly: float = 1.0) -> None:
    """Tell a loss of `plainly` times what is enough, by what stands in `last`."""
    lost_kg, values = (last["before"] - last["after"]) / plainly, device.values
    if lost_kg < values["cargo_weight_drop.least_kg"]:
        return
    scatter_kg = _SIGMA_OF_MAD * _median(known["scatter"]) if known["scatter"] else 0.0
    least_kg = max(values["cargo_weight_drop.least_kg"], values["cargo_weight_drop.noises"] * scatter_kg)
    if lost_kg < least_kg:
        return
    stops = _stops_at(device, last)
    if not stops:
        if lost_kg >= max(least_kg, values["cargo_weight_drop.share"] * last["before"]):
            _tell(device, last, None, 0.0)
        return
    due_kg = sum(_due_kg(device, k) for k in stops)
    if lost_kg - due_kg > max(least_kg, values["cargo_weight_drop.stop_share"] * due_kg):
        _tell(device, last, stops[0], due_kg)


def _median(values: list[float]) -> float:
    """`statistics.median`, which takes three times as long on so few."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _stops_at(device: Device, last: dict[str, Any]) -> list[int]:
    """The stops served from this stand or signed for meanwhile; else those near by that may yet be served."""
    served = served_within(device, last["since"], last["until"])
    served += [k for k in _signed_during(device, last) if k not in served and _near(device, last, k)]
    served = served or [k for k in _served_during(device, last["since"], last["until"]) if _near(device, last, k)]
    return served or [k for k in range(len(device.visits)) if device.is_open(k) and _near(device, last, k)]


def _signed_during(device: Device, last: dict[str, Any]) -> list[int]:
    """Stops whose proof was captured during the stand, whenever their visit is taken to have been."""
    return device.planned.signed_within(last["since"], min(last["until"], device.now_us))


def _served_during(device: Device, since_us: int, until_us: int) -> list[int]:
    """Stops whose visit, as far as it is known, overlaps the stand."""
    low, high = device.ms(since_us), device.ms(until_us)
    visits = zip(device.visit.came_ms.tolist(), device.visit.went_ms.tolist(), strict=True)
    return [k for k, (came_ms, went_ms) in enumerate(visits) if 0 <= came_ms <= high and (went_ms < 0 or went_ms >= low)]


def _near(device: Device, last: dict[str, Any], number: int) -> bool:
    reach_m = device.planned.stop.radius_m.item(number) + device.values["visits.near_m"]
    return device.metres_to_stop(number, *last["place"]) <= reach_m


def _due_kg(device: Device, number: int) -> float:
    """What was delivered as its proof says; before there is one, what was loaded for it. Infinite where nobody knows."""
    goods, signed_us = device.planned.goods.get(number), device.planned.signed_us.get(number)
    if goods is None:
        return math.inf
    signed = signed_us is not None and signed_us <= device.now_us
    return goods.delivered_kg if signed and not math.isnan(goods.delivered_kg) else goods.due_kg


def _tell(device: Device, last: dict[str, Any], stop: int | None, due_kg: float) -> None:
    (lon, lat), lost_kg = last["place"], last["before"] - last["after"]
    facts = {
        "lost_kg": lost_kg,
        "before_kg": last["before"],
        "after_kg": last["after"],
        "due_kg": due_kg,
        "longitude_deg": lon / 1e7,
        "latitude_deg": lat / 1e7,
    }
    severity = Severity.critical if stop is None else Severity.high
    last["excess"] = lost_kg - due_kg
    device.open(NAME, str(last["since"]), last["since"], severity, stop=stop, confidence=0.8, facts=facts)
    head = (device.slot, device.now_us, last["since"], 0, lon, lat)
    device.follow_ups.append(Fact(CARGO_DROP, *head, lost_kg, last["before"], last["after"], 0.0))


def _silence(device: Device, fact: Fact) -> None:
    """Nothing was heard: what the load weighed last is the last of it that anybody knows."""
    known = device.memory.get(NAME)
    if known is not None and fact.c > device.values["gap.least_s"]:
        _judge_last(device, known)


def _gap(device: Device, _fact: Fact) -> None:
    """Where it stood meanwhile nobody knows: the next weighing says nothing of the stands before."""
    known = device.memory.get(NAME)
    if known is None:
        return
    for stand in filter(None, (known["last"], known["doubted"])):
        device.close(NAME, str(stand["since"]), stand["until"], cool_down=False)
    known["last"] = known["doubted"] = None


def _judge_last(device: Device, known: dict[str, Any]) -> None:
    """No stand comes after the last one that would weigh it again: one weighing tells, if plainly."""
    last = known["last"]
    if last is not None and not last["sure"] and not last["excess"]:
        _judge(device, known, last, _PLAINLY)
        _settle(device, last, last["after"])


def _finish(device: Device, _now_us: int) -> None:
    known = device.memory.get(NAME)
    if known is not None:
        _judge_last(device, known)


RULE = Rule(NAME, _PARAMETERS, on={CARGO_LEVEL: _weighed, GAP_WAY: _silence, GAP: _gap}, finish=_finish)
