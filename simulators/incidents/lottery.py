"""Which vehicle-days meet which incidents."""

from __future__ import annotations

from itertools import groupby, product

from domain.errors import InvalidInputError
from simulators.fleet.planning import Van
from simulators.incidents import INCIDENTS
from simulators.scenario import IncidentPlan, Scenario
from simulators.streams import stream

Luck = dict[tuple[str, int], tuple[str, ...]]


def draw_incidents(scenario: Scenario, vans: list[Van], seed: int) -> Luck:
    """Kinds of incidents by (device, day) of a scenario. Counted kinds prefer rounds that nothing else happens on."""
    drawn: dict[tuple[str, int], list[str]] = {}
    for number, plan in enumerate(scenario.incidents):
        if plan.kind not in INCIDENTS:
            raise InvalidInputError(
                f"scenario {scenario.name}.incidents.{number}.kind", f"{plan.kind!r} is not one of {', '.join(INCIDENTS)}"
            )
        rng = stream(seed, "incidents", number, plan.kind)
        candidates = _candidates(plan, vans, scenario.days)
        if plan.rate:
            for key in candidates:
                if rng.random() < plan.rate:
                    drawn.setdefault(key, []).append(plan.kind)
        order = [candidates[index] for index in rng.permutation(len(candidates))]
        order.sort(key=lambda key: len(drawn.get(key, ())))
        for key in order[: plan.count]:
            drawn.setdefault(key, []).append(plan.kind)
    return {key: tuple(kinds) for key, kinds in drawn.items()}


def _candidates(plan: IncidentPlan, vans: list[Van], days: int) -> list[tuple[str, int]]:
    """Town after town, and there day after day."""
    numbers = sorted({van.number for van in vans})
    wanted = None if plan.vehicle is None else numbers[plan.vehicle % len(numbers)]
    return [
        (van.device_id, day)
        for _, fleet in groupby(vans, key=lambda van: van.town)
        for day, van in product(range(days), tuple(fleet))
        if wanted is None or van.number == wanted
    ]
