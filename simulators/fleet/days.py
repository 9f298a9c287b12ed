"""One vehicle-day from plan to rows and truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.trips import Trip
from domain.truth import Incident, TrueVisit
from simulators.fleet.driving import play
from simulators.fleet.fixes import Fixes
from simulators.fleet.planning import Round
from simulators.fleet.rounds import honest_script
from simulators.fleet.signals import TANK_L, measure
from simulators.fleet.tracker import fit, observe
from simulators.incidents import INCIDENTS
from simulators.incidents.case import Case
from simulators.moments import to_unix_us
from simulators.scenario import Scenario
from simulators.streams import stream
from simulators.truth.derived import labelled, late_or_long, out_of_sequence, route_deviations
from simulators.truth.visits import capture_proofs, missed_stops, true_visits


@dataclass(frozen=True, slots=True)
class Carried:
    """What a van takes into its next day."""

    fuel_l: float
    driven_m: float
    seq: int


@dataclass(frozen=True)
class Day:
    """Rows, the trip with its proofs, and the truth of a vehicle-day."""

    fixes: Fixes
    trip: Trip
    truth: list[Incident | TrueVisit]
    carried: Carried


def play_day(scenario: Scenario, planned: Round, seed: int, kinds: tuple[str, ...], carried: Carried | None) -> Day:
    """Play a round with the kinds of incidents that were drawn for it."""
    key = (planned.van.device_id, planned.day)
    script = honest_script(scenario, planned, stream(seed, "services", *key))
    case = Case(scenario, planned, script, stream(seed, "mischief", *key))
    for kind in kinds:
        INCIDENTS[kind](case)
    town = planned.town
    hours = 24.0 if planned.day < scenario.days - 1 else scenario.day_h
    played = play(script, town.network, (town.depot.x_m, town.depot.y_m), seed, key, 3600 * hours)
    fitting = fit(scenario, seed, planned.van.device_id)
    tank = stream(seed, "tank", planned.van.device_id)
    fuel_l = TANK_L * float(tank.uniform(0.6, 0.95)) if carried is None or carried.fuel_l < 15 else carried.fuel_l
    signals = measure(played, script.cargo_kg, fuel_l)
    plane, epoch_us = town.network.plane, to_unix_us(planned.day_start)
    fixes, _ = observe(signals, fitting, scenario.tracker, plane, epoch_us, stream(seed, "tracker", *key))
    driven_m, seq = (carried.driven_m, carried.seq) if carried else (0.0, 0)
    fixes["odometer_m"] += round(driven_m)
    fixes["seq"] += seq
    proofs, ghosts = capture_proofs(planned, played, script.signed_on, stream(seed, "proofs", *key))
    truth: list[Incident | TrueVisit] = [*ghosts, *missed_stops(planned, played), *true_visits(planned, played)]
    truth += [*labelled(planned, played), *late_or_long(planned, played), *out_of_sequence(planned, played)]
    if case.altered:
        truth += route_deviations(planned, played, signals)
    left = Carried(float(signals.fuel_l[-1]), driven_m + float(signals.driven_m[-1]) * 1.004, seq + len(fixes))
    return Day(fixes, replace(planned.trip, proofs=tuple(proofs)), truth, left)
