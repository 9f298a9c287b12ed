"""What the worker of own rules tells Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

from own_rules.following import Step

_EVALUATIONS: Final = Counter("beatwatch_own_rule_evaluations", "readings judged by own rules", ["outcome"])
_EVENTS: Final = Counter("beatwatch_own_rule_events", "events of own rules stored")
_SUSPENDED: Final = Counter("beatwatch_own_rule_suspensions", "own rules switched off because they cost too much")


def count_step(step: Step) -> None:
    """Add one step. `unknown`: it depended on what nobody said; `fault`: the expression came to nothing."""
    for costs in step.costs.values():
        for cost in costs.values():
            faults = sum(cost.faults.values())
            _EVALUATIONS.labels("fault").inc(faults)
            _EVALUATIONS.labels("unknown").inc(cost.unknown)
            _EVALUATIONS.labels("known").inc(cost.evaluations - cost.unknown - faults)
    _EVENTS.inc(step.events)
    _SUSPENDED.inc(len(step.suspended))
