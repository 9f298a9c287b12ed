"""The rule over settlements, as the API is given it: the rule is the engine's, and the two do not know each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.events import Event
from domain.settlement import SettlementLine
from domain.trips import Trip
from geofence.rules.settlement_mismatch import PARAMETERS, judge_settlement

_VALUES: Final = {parameter.name: parameter.default for parameter in PARAMETERS}


def judge_by_defaults(trip: Trip, at: datetime, lines: Iterable[SettlementLine], cash_gap: float) -> Event | None:
    """The event of a settlement that does not add up, by the rule's default thresholds."""
    return judge_settlement(trip, at, lines, cash_gap, _VALUES)
