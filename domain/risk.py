"""How likely it is that goods were taken on a trip: the evidence that is there, fused by its log-odds. Pure.

Naive Bayes over kinds of evidence (I. J. Good, *Probability and the Weighing of Evidence*, 1950): each kind adds the logarithm
of its likelihood ratio to the prior log-odds. Several of one kind are not independent: each adds half of the one before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.events import Severity

PRIOR: Final = 0.02  # of trips without any evidence, those on which goods are taken nevertheless
JOINED_WITHIN: Final = timedelta(minutes=10)
_DARK: Final = frozenset({"silent_device", "gps_loss", "jamming"})
_GRAVE: Final = frozenset({Severity.high, Severity.critical})


@dataclass(frozen=True, slots=True)
class Clue:
    """An event of the trip as far as it speaks about pilferage."""

    rule: str
    severity: Severity
    confidence: float
    started_at: datetime
    ended_at: datetime | None
    is_habit: bool = False  # this vehicle or driver halted here on another day, too


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one kind of evidence adds: in log-odds, and in points of the score that would be missing without it."""

    kind: str
    count: int
    log_odds: float
    points: float
    text: str


@dataclass(frozen=True, slots=True)
class Risk:
    """A score from 0 to 100, with all that made it; the weightiest first."""

    score: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    log_odds: float
    text: str
    holds: Callable[[Clue, Sequence[Clue]], bool]


def assess(clues: Iterable[Clue], *, missing_pieces: int = 0) -> Risk:
    """The risk that the clues of one trip speak for; `missing_pieces` were loaded, and are neither delivered nor back."""
    known = sorted(clues, key=lambda clue: (clue.started_at, clue.rule))
    found = [(kind, [clue.confidence for clue in known if kind.holds(clue, known)]) for kind in _KINDS]
    weights = {kind.name: _diminishing(kind.log_odds, certainties) for kind, certainties in found if certainties}
    counts = {kind.name: len(certainties) for kind, certainties in found}
    texts = {kind.name: kind.text for kind in _KINDS}
    if missing_pieces > 0:
        weights["reconciliation_gap"] = _gap_log_odds(missing_pieces)
        counts["reconciliation_gap"] = missing_pieces
        texts["reconciliation_gap"] = "pieces that were loaded and are neither delivered nor back"
    total = _PRIOR_LOG_ODDS + sum(weights.values())
    contributions = [
        Contribution(name, counts[name], round(weight, 3), round(_score(total) - _score(total - weight), 1), texts[name])
        for name, weight in weights.items()
    ]
    return Risk(round(_score(total), 1), tuple(sorted(contributions, key=lambda one: (-one.log_odds, one.kind))))


def _is(*rules: str, grave: bool | None = None) -> Callable[[Clue, Sequence[Clue]], bool]:
    def holds(clue: Clue, _: Sequence[Clue]) -> bool:
        return clue.rule in rules and (grave is None or (clue.severity in _GRAVE) is grave)

    return holds


def _is_habit(clue: Clue, _: Sequence[Clue]) -> bool:
    return clue.rule == "unscheduled_stop" and clue.is_habit


def _is_joined_to_a_halt(clue: Clue, clues: Sequence[Clue]) -> bool:
    return clue.rule in _DARK and any(other.rule == "unscheduled_stop" and _is_close(clue, other) for other in clues)


def _is_alone(clue: Clue, clues: Sequence[Clue]) -> bool:
    return clue.rule in _DARK and not _is_joined_to_a_halt(clue, clues)


def _is_close(gap: Clue, halt: Clue) -> bool:
    ended = gap.ended_at or gap.started_at
    halt_ended = halt.ended_at or halt.started_at
    return gap.started_at - JOINED_WITHIN <= halt_ended and halt.started_at <= ended + JOINED_WITHIN


def _diminishing(log_odds: float, certainties: Sequence[float]) -> float:
    ranked = sorted(certainties, reverse=True)
    return sum(log_odds * certainty * 0.5**number for number, certainty in enumerate(ranked))


def _gap_log_odds(missing_pieces: int) -> float:
    """A lost piece happens; a lost dozen is more than five times as likely to have been taken."""
    return min(4.0, 0.7 * math.log1p(missing_pieces))


def _score(log_odds: float) -> float:
    return 100.0 / (1.0 + math.exp(-log_odds))


_PRIOR_LOG_ODDS: Final = math.log(PRIOR / (1.0 - PRIOR))

_KINDS: Final[Sequence[_Kind]] = (
    _Kind("unloading", 3.2, "the door stood open where nothing was to be delivered", _is("unscheduled_unloading")),
    _Kind("weight_drop", 3.5, "weight left the van that was not delivered", _is("cargo_weight_drop")),
    _Kind("grave_halt", 1.6, "a halt in a red zone or off the route", _is("unscheduled_stop", grave=True)),
    _Kind("halt", 0.7, "a halt that was not planned", _is("unscheduled_stop", grave=False)),
    _Kind("habit", 1.0, "a halt where the van or its driver has halted on other days", _is_habit),
    _Kind("dark_halt", 1.8, "no position around a halt", _is_joined_to_a_halt),
    _Kind("dark", 0.4, "no position for a while", _is_alone),
    _Kind("deviation", 0.5, "off the planned route", _is("route_deviation", "detour", grave=False)),
    _Kind("far_deviation", 1.2, "far or long off the planned route", _is("route_deviation", "detour", grave=True)),
    _Kind("ghost_delivery", 1.8, "a delivery was signed for without a visit", _is("ghost_delivery")),
    _Kind("proof_away", 1.0, "a proof was taken away from its shop", _is("pod_away")),
    _Kind("tampering", 1.5, "somebody was at the tracker or its supply", _is("tamper", "power_cut")),
    _Kind("spoofing", 2.5, "positions that do not fit the driven distance", _is("spoofed_position")),
    _Kind("door_moving", 0.3, "driven with the door open", _is("door_open_moving")),
    _Kind("fuel_drop", 2.0, "fuel was taken", _is("fuel_drop")),
    _Kind("settlement", 2.0, "the settlement does not add up", _is("settlement_mismatch")),
    _Kind("cluster", 2.0, "a place where this driver or vehicle meets somebody again and again", _is("collusion_cluster")),
)

KINDS: Final[Mapping[str, str]] = {kind.name: kind.text for kind in _KINDS}
"""What each kind of evidence means."""
