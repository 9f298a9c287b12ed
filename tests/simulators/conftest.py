"""One compact world for the tests that only look at it."""

from __future__ import annotations

import pytest

from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.world import generate


@pytest.fixture(scope="session")
def morning() -> Simulation:
    return generate(load("morning_run"), seed=11)
