"""The rule over settlements, as the API is given it: the rule is the engine's, and the two do not know each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from domain.events import Event
from domain.settlement import SettlementLine
from domain.trips import Trip
from geofence.rules.settlement_mismatch import PARAMETERS, judge_settlement

_DEFAULTS: Final = {parameter.name: parameter.default for parameter in PARAMETERS}


def judge_by_thresholds(
    trip: Trip, at: datetime, lines: Iterable[SettlementLine], cash_gap: float, thresholds: Mapping[str, float]
) -> Event | None:
    """The event of a settlement that does not add up, by what the organisation has set, else by the rule's defaults."""
    values = {name: thresholds.get(name, default) for name, default in _DEFAULTS.items()}
    return judge_settlement(trip, at, lines, cash_gap, values)
