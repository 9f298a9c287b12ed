from __future__ import annotations

from datetime import datetime, timedelta

from geofence.worker.event_clock import LATENESS_S, TICK_EVERY_S, EventClock
from tests.geofence.worker.readings import DAY

NOW = DAY + timedelta(days=265)  # our own clock is of another time than the fixes


def after(seconds: float, start: datetime = NOW) -> datetime:
    return start + timedelta(seconds=seconds)


def test_time_follows_the_newest_fix_and_waits_for_the_late() -> None:
    clock = EventClock(DAY, NOW)
    clock.note(after(60, DAY), after(60))
    assert clock.due(after(60), is_caught_up=True) == after(60 - LATENESS_S, DAY)


def test_time_goes_on_while_nothing_arrives() -> None:
    clock = EventClock(DAY, NOW)
    assert clock.due(after(600), is_caught_up=True) == after(600 - LATENESS_S, DAY)


def test_silence_means_nothing_while_batches_wait() -> None:
    clock = EventClock(DAY, NOW)
    assert clock.due(after(600), is_caught_up=False) == after(-LATENESS_S, DAY)


def test_there_is_some_time_between_ticks() -> None:
    clock = EventClock(DAY, NOW, ticked_at=after(-LATENESS_S, DAY))
    assert clock.due(after(TICK_EVERY_S - 0.1), is_caught_up=True) is None
    assert clock.due(after(TICK_EVERY_S), is_caught_up=True) == after(TICK_EVERY_S - LATENESS_S, DAY)


def test_a_simulation_is_given_lateness_in_its_own_time() -> None:
    clock = EventClock(DAY, NOW)
    for second in range(1, 30):
        clock.note(after(60.0 * second, DAY), after(second))
    assert abs(clock.pace() - 60.0) < 1e-6
    assert clock.due(after(29), is_caught_up=True) == after(60.0 * 29 - 60.0 * LATENESS_S, DAY)


def test_an_older_fix_does_not_turn_time_back() -> None:
    clock = EventClock(DAY, NOW)
    clock.note(after(-3600, DAY), after(10))
    assert clock.newest_fix_at == DAY
