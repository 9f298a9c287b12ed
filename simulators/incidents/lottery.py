"""Which vehicle-days meet which incidents."""

from __future__ import annotations

from domain.errors import InvalidInputError
from simulators.fleet.planning import Round
from simulators.incidents import INCIDENTS
from simulators.scenario import IncidentPlan, Scenario
from simulators.streams import stream

Luck = dict[tuple[str, int], tuple[str, ...]]


def draw_incidents(scenario: Scenario, rounds: list[Round], seed: int) -> Luck:
    """Kinds of incidents by (device, day). Counted kinds prefer rounds that nothing else happens on."""
    drawn: dict[tuple[str, int], list[str]] = {}
    for number, plan in enumerate(scenario.incidents):
        if plan.kind not in INCIDENTS:
            raise InvalidInputError(
                f"scenario {scenario.name}.incidents.{number}.kind", f"{plan.kind!r} is not one of {', '.join(INCIDENTS)}"
            )
        rng = stream(seed, "incidents", number, plan.kind)
        candidates = _candidates(plan, rounds)
        if plan.rate:
            for key in candidates:
                if rng.random() < plan.rate:
                    drawn.setdefault(key, []).append(plan.kind)
        order = [candidates[index] for index in rng.permutation(len(candidates))]
        order.sort(key=lambda key: len(drawn.get(key, ())))
        for key in order[: plan.count]:
            drawn.setdefault(key, []).append(plan.kind)
    return {key: tuple(kinds) for key, kinds in drawn.items()}


def _candidates(plan: IncidentPlan, rounds: list[Round]) -> list[tuple[str, int]]:
    numbers = sorted({one.van.number for one in rounds})
    wanted = None if plan.vehicle is None else numbers[plan.vehicle % len(numbers)]
    return [(one.van.device_id, one.day) for one in rounds if wanted is None or one.van.number == wanted]
