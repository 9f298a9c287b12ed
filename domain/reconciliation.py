"""Where goods got lost: each order line followed from the depot over the van to the shelf. Pure; counts in pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEAST_PIECES: Final = 2
LEAST_SHARE: Final = 0.03
"""A shelf that rose by so much less than was delivered may still be right: goods stand beside it, a few were sold."""


class Leg(StrEnum):
    """Between whom pieces are missing."""

    loading = "loading"  # planned, and never on the van
    van = "van"  # on the van, neither delivered nor there in the evening
    delivery = "delivery"  # delivered by the proof, and never on the shelf
    returns = "returns"  # taken back from the customer, and not there in the evening


@dataclass(frozen=True, slots=True)
class LineFlow:
    """An order line on its way. `missing_on_van` and `risen` are `None` while nobody counted and no sensor looked."""

    planned: int
    loaded: int
    delivered: int  # with what was given away
    damaged: int
    returned: int
    missing_on_van: int | None
    risen: int | None

    @property
    def on_van(self) -> int:
        """What ought to be left of it."""
        return max(0, self.loaded - self.delivered - self.damaged)


@dataclass(frozen=True, slots=True)
class Shortage:
    """So many pieces are missing, most likely on this leg."""

    leg: Leg
    pieces: int


def find_shortage(flow: LineFlow) -> Shortage | None:
    """The greatest gap of a line, the later leg when two are equal. None: it adds up as far as anybody knows."""
    gaps = [
        Shortage(Leg.loading, flow.planned - flow.loaded),
        Shortage(Leg.returns if flow.on_van == 0 else Leg.van, flow.missing_on_van or 0),
        Shortage(Leg.delivery, _not_risen(flow)),
    ]
    greatest = max(reversed(gaps), key=lambda gap: gap.pieces)
    return greatest if greatest.pieces > 0 else None


def _not_risen(flow: LineFlow) -> int:
    if flow.risen is None or flow.delivered == 0:
        return 0
    gap = flow.delivered - max(0, flow.risen)
    return gap if gap > max(LEAST_PIECES, LEAST_SHARE * flow.delivered) else 0


def share_missing(missing: int, on_van: Sequence[int], returned: Sequence[int]) -> list[int]:
    """Of pieces that a van lacks in the evening, so many of each line: first of what should be left, then of returns.

    What is left over was never of a line, but went along to be sold from the van.
    """
    shares = [0] * len(on_van)
    for limits in (on_van, returned):
        for number, limit in enumerate(limits):
            taken = min(missing, limit)
            shares[number] += taken
            missing -= taken
    return shares


def share_rise(rise: int, delivered: Mapping[int, int]) -> dict[int, int]:
    """Of a shelf's rise, so many pieces for each line of the same product, in their order; the last has what is over."""
    shares: dict[int, int] = {}
    for place, (line_no, pieces) in enumerate(delivered.items(), 1):
        shares[line_no] = rise if place == len(delivered) else min(rise, pieces)
        rise -= shares[line_no]
    return shares
