"""The states and marks of visits as the engine keeps them: small numbers."""

from __future__ import annotations

from typing import Final

from domain.events import VisitState

STATES: Final = tuple(VisitState)
"""A visit's state is kept as its place here."""
CODE: Final = {state: code for code, state in enumerate(STATES)}
OPEN_STATES: Final = frozenset(
    CODE[state] for state in (VisitState.pending, VisitState.approaching, VisitState.arrived, VisitState.drive_by)
)
SERVED_STATES: Final = frozenset((CODE[VisitState.serviced], CODE[VisitState.out_of_sequence]))
LIKELY, POSSIBLE, SHARED, DROVE_BY, CROSSED, SUSPECTED, FINAL, TOO_LATE, BROKEN_DOWN, SHUT, SHORT = (1 << n for n in range(11))
"""Marks of a visit: a gap in the data likely or possibly covers it; a neighbour was served from the same halt; and so on.
TOO_LATE: its estimated arrival has passed the end of its window. BROKEN_DOWN: a breakdown of the van is approved.
SHUT, SHORT: of a service before anybody knew how this van serves: its door stayed shut; it was short, and out of turn."""
RISKS: Final = {BROKEN_DOWN: "breakdown", SUSPECTED: "left_out", TOO_LATE: "estimate"}
"""Why a stop is at risk, the weightiest first."""
