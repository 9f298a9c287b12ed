"""One vehicle-day from plan to rows, paperwork and truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.deliveries import Order
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.truth import Incident, TrueVisit
from domain.zones import Zone
from simulators.fleet.driving import Played, play
from simulators.fleet.faults import ail
from simulators.fleet.fixes import Fixes
from simulators.fleet.observed import Loan, Observed
from simulators.fleet.orders import settlement_mismatches, write_orders
from simulators.fleet.planning import Round
from simulators.fleet.rounds import honest_script
from simulators.fleet.signals import TANK_L, Signals, measure
from simulators.fleet.tracker import fit, observe
from simulators.fleet.traffic import Jam
from simulators.incidents import INCIDENTS, TEMPTS
from simulators.incidents.case import Case
from simulators.moments import to_unix_us
from simulators.scenario import Scenario
from simulators.streams import stream
from simulators.truth.collusion import OddHalt, odd_halts
from simulators.truth.derived import (
    detours,
    labelled,
    late_or_long,
    out_of_sequence,
    overspeeds,
    route_deviations,
    weight_drops,
)
from simulators.truth.observable import observable, told_s, told_when_received
from simulators.truth.reach import hideable
from simulators.truth.visits import capture_proofs, missed_stops, true_visits

_OF_A_STOP = frozenset({"missed_stop", "ghost_delivery"})
"""Rules that say a stop was not served: not where it may have been while nobody could see."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a van takes into its next day."""

    fuel_l: float
    driven_m: float
    seq: int


@dataclass(frozen=True)
class Day:
    """Rows, the trip with its proofs, the paperwork and the truth of a vehicle-day."""

    fixes: Fixes
    trip: Trip
    orders: list[Order]
    truth: list[Incident | TrueVisit]
    carried: Carried
    odd_halts: list[OddHalt]
    door_open: NDArray[np.bool_]  # by second of the day
    zones: list[Zone]  # drawn for this day alone
    approvals: list[Suppressor]
    nearly: list[str]  # the kinds of what only looked like an incident
    loan: Loan | None


def play_day(
    scenario: Scenario, planned: Round, seed: int, kinds: tuple[str, ...], carried: Carried, jams: tuple[Jam, ...]
) -> Day:
    """Play a round with the kinds of incidents that were drawn for it."""
    key = (planned.van.device_id, planned.day)
    case = _prepare(scenario, planned, seed, kinds)
    town = planned.town
    hours = 24.0 if planned.day < scenario.days - 1 else scenario.day_h
    played = play(case.script, town.network, (town.depot.x_m, town.depot.y_m), seed, key, 3600 * hours, jams)
    signals = measure(played, case.script.cargo_kg, carried.fuel_l)
    seen = _observe(scenario, planned, played, signals, seed, carried)
    told = [incident for hook in case.hooks for incident in hook(seen)]
    ail(seen, seed)
    told = [told_when_received(one, seen) for one in told]
    proofs, signed = capture_proofs(planned, played, case.script, stream(seed, "proofs", *key))
    orders = write_orders(planned, played, case.script, stream(seed, "orders", *key))
    unknown = hideable(seen, proofs)
    happened = [*told, *signed, *_derive(case, played, signals, seen), *settlement_mismatches(planned, played, orders)]
    truth: list[Incident | TrueVisit] = [
        one for one in observable(happened, seen) if one.rule not in _OF_A_STOP or one.stop_id not in unknown
    ]
    truth += true_visits(planned, played, seen.hidden, unknown)
    trip = replace(planned.trip, proofs=tuple(proofs))
    kept = _carry(carried, signals, seen)
    approved = case.zones, [*case.approvals, *seen.approvals]
    odd = odd_halts(planned, played.stood, truth)
    return Day(seen.fixes, trip, orders, truth, kept, odd, signals.door_open, *approved, case.nearly, seen.loan)


def _prepare(scenario: Scenario, planned: Round, seed: int, kinds: tuple[str, ...]) -> Case:
    key = (planned.van.device_id, planned.day)
    script = honest_script(scenario, planned, stream(seed, "services", *key))
    case = Case(scenario, planned, script, stream(seed, "mischief", *key))
    for kind in kinds:
        case.rng = stream(seed, "mischief", kind, *key)
        if INCIDENTS[kind](case) and kind in TEMPTS:
            case.nearly.append(kind)
    return case


def _observe(scenario: Scenario, planned: Round, played: Played, signals: Signals, seed: int, carried: Carried) -> Observed:
    key = (planned.van.device_id, planned.day)
    fitting = fit(scenario, seed, planned.van.device_id)
    rng = stream(seed, "tracker", *key)
    plane, epoch_us = planned.town.network.plane, to_unix_us(planned.day_start)
    fixes, second = observe(signals, fitting, scenario.tracker, plane, epoch_us, rng)
    fixes["odometer_m"] += round(carried.driven_m)
    fixes["seq"] += carried.seq
    return Observed(scenario, planned, played, signals, fitting, fixes, second, stream(seed, "happenings", *key))


def _derive(case: Case, played: Played, signals: Signals, seen: Observed) -> list[Incident]:
    planned = case.planned
    found = [*missed_stops(planned, played), *labelled(planned, played), *late_or_long(planned, played)]
    found += [
        *out_of_sequence(planned, played, seen.hidden),
        *overspeeds(planned, signals, np.unique(seen.second[seen.fixes["fix_valid"] == 1])),
    ]
    found += weight_drops(planned, played, signals)
    if case.altered:
        found += route_deviations(planned, played, signals, told_s(seen), case.detours)
        found += detours(planned, played, signals, seen.hidden)
    return found


def _carry(carried: Carried, signals: Signals, seen: Observed) -> Carried:
    """The tank is filled at the depot overnight when it is down to a quarter."""
    left_l = float(signals.fuel_l[-1])
    driven_m = carried.driven_m + float(signals.driven_m[-1]) * 1.004
    return Carried(
        left_l if left_l > 0.25 * TANK_L else 0.9 * TANK_L, driven_m, int(seen.fixes["seq"].max(initial=carried.seq))
    )


def first_day(seed: int, device_id: str) -> Carried:
    """What a van begins with."""
    return Carried(TANK_L * float(stream(seed, "tank", device_id).uniform(0.6, 0.95)), 0.0, 0)
