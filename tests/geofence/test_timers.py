"""Timers know their earliest moment, whatever is done to them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geofence.timers import FAR_FUTURE_US, Timers

NAMES = st.sampled_from(["trip", "arrivals", "missed_stop", "ghost_delivery:3"])
CHANGES = st.lists(st.tuples(st.sampled_from(["set", "pop", "delete", "setdefault"]), NAMES, st.integers(0, 9)), max_size=30)


@given(CHANGES)
def test_the_earliest_is_that_of_a_plain_map(changes: list[tuple[str, str, int]]) -> None:
    timers, plain = Timers(), dict[str, int]()
    for what, name, at_us in changes:
        if what == "set":
            timers[name] = plain[name] = at_us
        elif what == "pop":
            assert timers.pop(name, None) == plain.pop(name, None)
        elif what == "setdefault":
            assert timers.setdefault(name, at_us) == plain.setdefault(name, at_us)
        elif name in plain:
            del timers[name], plain[name]

        assert timers == plain
        assert timers.due_us == min(plain.values(), default=FAR_FUTURE_US)
        assert Timers(plain).due_us == timers.due_us
