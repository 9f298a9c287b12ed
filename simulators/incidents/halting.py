"""Halts where the van has no business."""

from __future__ import annotations

from simulators.fleet.script import Halt
from simulators.incidents.case import Case


def unplanned_halt(case: Case) -> bool:
    """A quarter of an hour's rest, door closed, well away from every place where the van may stand."""
    halt = Halt("rest", float(case.rng.uniform(13 * 60, 24 * 60)), labels=("unscheduled_stop",))
    return case.insert_halt(halt, lambda node: case.forbidden(node, 100.0))
