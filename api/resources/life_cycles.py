"""The life cycles of everything that has one, for programs and for people who draw them."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.access import Reader
from domain import orders, trip_aftermath, trip_life
from domain.life_cycle import LifeCycle
from domain.people import Permission

router = APIRouter(prefix="/life-cycles", tags=["life cycles"])

LIFE_CYCLES: Final = tuple(
    one for module in (orders, trip_life, trip_aftermath) for one in vars(module).values() if isinstance(one, LifeCycle)
)


class State(BaseModel):
    """A state, what may follow it, and what one must be allowed to bring it about."""

    state: str = Field(examples=["approved"])
    next_states: list[str]
    needs: Permission


class LifeCycleShown(BaseModel):
    """States of one kind, the first one first."""

    kind: str = Field(examples=["outlet"])
    states: list[State]


@router.get("", operation_id="list_life_cycles")
def list_life_cycles(_caller: Reader) -> list[LifeCycleShown]:
    """Everything that has a life cycle: records, trips, deliveries, breakdowns, assets and their transfers."""
    return [LifeCycleShown(kind=cycle.kind, states=_states(cycle)) for cycle in LIFE_CYCLES]


def _states(cycle: LifeCycle) -> list[State]:
    named = sorted(cycle.states, key=lambda state: state != cycle.first)
    return [State(state=name, next_states=list(cycle.next_states(name)), needs=cycle.needed(name)) for name in named]
