"""The script of a round on which nothing goes wrong: drive, serve, drive home; and the proofs captured on the way."""

from __future__ import annotations

import numpy as np

from domain.trips import PlannedStop
from simulators.fleet.planning import CASE_KG, Round
from simulators.fleet.script import DEPOT, SERVICE, Action, Drive, Halt, Script
from simulators.scenario import Scenario

REFUSED_SHARE = 0.03


def honest_script(scenario: Scenario, planned: Round, rng: np.random.Generator) -> Script:
    """Loading, every stop in the plan's order by the plan's streets, and unloading at the depot."""
    depart_s = (planned.trip.planned_start - planned.day_start).total_seconds() + float(rng.uniform(0, 45))
    loading_s = 60 * scenario.trips.loading_min
    actions: list[Action] = []
    if loading_s:
        actions.append(Halt(DEPOT, loading_s, doors=((30.0, loading_s - 75.0),)))
    source = planned.town.depot.node
    for stop, outlet, leg in zip(planned.trip.stops, planned.outlets, planned.legs[:-1], strict=True):
        actions += [Drive(source, leg), service(stop, rng)]
        source = outlet.node
    actions += [Drive(source, planned.legs[-1]), Halt(DEPOT, float(rng.uniform(300, 900)), doors=((40.0, 200.0),))]
    return Script(depart_s - loading_s, actions, cargo_kg(planned))


def service(stop: PlannedStop, rng: np.random.Generator) -> Halt:
    """Serving an outlet: as long as planned give or take a third, the door open for most of it, the cases carried out."""
    duration_s = max(75.0, (stop.planned_service_s or 120.0) * float(np.exp(rng.normal(0, 0.28))))
    opened_s = float(rng.uniform(6, 20))
    closed_s = duration_s - float(rng.uniform(8, 25))
    refused = int(rng.binomial(round(stop.cases or 0.0), REFUSED_SHARE))
    return Halt(
        SERVICE,
        duration_s,
        stop,
        doors=((opened_s, closed_s - opened_s),),
        unload_kg=((stop.cases or 0.0) - refused) * CASE_KG,
        refused_cases=refused,
        engine_off=bool(rng.random() < 0.7),
    )


def cargo_kg(planned: Round) -> float:
    """What the van carries when it leaves."""
    return sum((stop.cases or 0.0) * CASE_KG for stop in planned.trip.stops)
