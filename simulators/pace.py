"""When a simulation has to begin so that it can be played faster than time passes without ever reporting the future."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.errors import InvalidInputError
from simulators.moments import from_unix_us
from simulators.scenario import Scenario
from simulators.simulation import Simulation
from simulators.world import generate


def start_to_end_now(now: datetime, span: timedelta, speed: float) -> datetime:
    """The beginning of a scenario of this span that, played from now at this speed, ends when the clock says so too.

    Played faster than life, the simulated clock runs ahead of the real one; so it must begin that much behind it. At every
    moment before the end fix times lie in the past, and at the end they have caught up. `speed` is at least 1; at exactly
    1 the beginning is now, and at infinite speed the whole scenario is past.
    """
    return now - span + span / max(speed, 1.0)


def generate_live(
    scenario: Scenario,
    seed: int,
    speed: float,
    now: datetime,
    vehicles: int | None = None,
    days: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """A simulation that begins so that playing it at `speed` from `now` never reports the future.

    Raises InvalidInputError for a speed that is not above 0.
    """
    if not speed > 0:
        raise InvalidInputError("speed", f"{speed} is not above 0")
    span = _span(generate(scenario, seed, vehicles, days))
    # Whole seconds, and one to spare: the world begins on a whole second.
    start = start_to_end_now(now, span, speed) - timedelta(seconds=1)
    return generate(scenario, seed, vehicles, days, start, progress)


def _span(simulation: Simulation) -> timedelta:
    last_us = max(int(rows["received_us"].max(initial=0)) for rows in (simulation.fixes, simulation.measured))
    return max(timedelta(0), from_unix_us(last_us) - simulation.start)
