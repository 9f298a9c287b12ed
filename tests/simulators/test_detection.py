"""The engine on the simulated morning: what was put into it is found, and hardly anything else."""

from __future__ import annotations

import pytest

from benchmarks.detection import judged, rows_of
from domain.events import Event, Visit
from geofence.parameters import Parameters
from geofence.rows import rows_from_positions
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.truth.scoring import score
from simulators.world import generate


def test_rows_are_those_of_the_track_file(morning: Simulation) -> None:
    numbers = {key: number for number, key in enumerate(morning.devices, 1)}
    told = [fix._replace(seq=None, boot_id=None, buffered=None) for fix in morning.positions()]
    assert rows_of(morning).tobytes() == rows_from_positions(told, numbers).tobytes()


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_the_morning_is_judged_as_it_was(seed: int) -> None:
    world = generate(load("morning_run"), seed)
    conclusions = judged(world, Parameters())
    found = score(world.truth, conclusions, world.vehicle_days)
    for rule in ("missed_stop", "unscheduled_stop"):
        tally = found.rules[rule]
        assert (tally.tp, tally.fn) == (1, 0), rule
        assert tally.fp <= 1, rule
    assert any(isinstance(one, Event) for one in conclusions)
    assert any(isinstance(one, Visit) for one in conclusions)
    right = found.document()["visits_right"]
    assert right is not None
    assert right > 0.98
