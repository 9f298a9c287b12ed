from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import orders
from domain.errors import NotAllowedError, TransitionError
from domain.life_cycle import LifeCycle
from domain.people import Permission

ALL = [one for one in vars(orders).values() if isinstance(one, LifeCycle)]


@given(cycle=st.sampled_from(ALL), data=st.data())
def test_a_transition_is_refused_unless_it_is_declared_and_names_what_is(cycle: LifeCycle, data: st.DataObject) -> None:
    state, wanted = (data.draw(st.sampled_from(cycle.states)) for _ in range(2))
    if wanted in cycle.follows[state]:
        cycle.check("x", state, wanted, set(Permission))
        with pytest.raises(NotAllowedError):
            cycle.check("x", state, wanted, set(Permission) - {cycle.needed(wanted)})
    else:
        with pytest.raises(TransitionError) as refused:
            cycle.check("x", state, wanted, set(Permission))
        assert refused.value.allowed == cycle.follows[state]
        assert all(name in str(refused.value) for name in cycle.follows[state])


@pytest.mark.parametrize("cycle", ALL, ids=lambda one: one.kind)
def test_every_state_can_be_reached_and_an_end_from_everywhere(cycle: LifeCycle) -> None:
    def reached(state: str) -> set[str]:
        seen, ahead = {state}, [state]
        while ahead:
            new = set(cycle.next_states(ahead.pop())) - seen
            seen |= new
            ahead += new
        return seen

    assert reached(cycle.first) == set(cycle.states)
    assert all(any(not cycle.next_states(end) for end in reached(state)) for state in cycle.states)


def test_a_state_that_is_not_declared_is_a_mistake_at_start() -> None:
    with pytest.raises(ValueError, match="'vanished'"):
        LifeCycle(kind="thing", first="new", follows={"new": ("vanished",)})


def test_orders_go_the_way_that_was_agreed() -> None:
    way = ["draft", "confirmed", "allocated", "loaded", "out_for_delivery", "delivered", "closed"]
    for state, wanted in pairwise(way):
        orders.ORDER.check("O-1", state, wanted, set(Permission))
    with pytest.raises(TransitionError, match="may become confirmed, cancelled"):
        orders.ORDER.check("O-1", "draft", "loaded", set(Permission))
