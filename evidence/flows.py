"""The lines of a trip's orders followed from the depot over the van to the shelf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from domain.reconciliation import Leg, LineFlow, Shortage, find_shortage, share_missing, share_rise
from store.ties import FollowedLine

CONFIDENT: Final = 0.5
"""A sensor that is less sure of its pieces than this says nothing about a delivery."""
_AFTER_LOADING: Final = frozenset({Leg.van, Leg.delivery, Leg.returns})


class Flow(NamedTuple):
    """A line with what is known of its way, and what is missing of it."""

    line: FollowedLine
    flow: LineFlow
    shortage: Shortage | None


def flows_of(rows: Sequence[FollowedLine]) -> list[Flow]:
    """The lines of one trip; what a van lacks of a product is shared out over its lines."""
    missing = _missing(rows)
    risen = _risen(rows)
    return [_flow(row, missing[number], risen[number]) for number, row in enumerate(rows)]


def missing_pieces(flows: Iterable[Flow]) -> int:
    """Pieces that were on the van and are neither delivered, by proof and shelf, nor back."""
    return sum(one.shortage.pieces for one in flows if one.shortage is not None and one.shortage.leg in _AFTER_LOADING)


def _flow(row: FollowedLine, missing: int | None, risen: int | None) -> Flow:
    flow = LineFlow(
        planned=row.planned,
        loaded=row.loaded,
        delivered=row.delivered,
        damaged=row.damaged,
        returned=row.returned,
        missing_on_van=missing,
        risen=risen,
    )
    return Flow(row, flow, find_shortage(flow))


def _missing(rows: Sequence[FollowedLine]) -> list[int | None]:
    shares: list[int | None] = [None] * len(rows)
    by_product: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_product[row.product_id].append(number)
    for numbers in by_product.values():
        lacking = rows[numbers[0]].trip_missing
        if lacking is not None:
            on_van = [max(0, rows[n].loaded - rows[n].delivered - rows[n].damaged) for n in numbers]
            parts = share_missing(lacking, on_van, [rows[n].returned for n in numbers])
            for number, part in zip(numbers, parts, strict=True):
                shares[number] = part
    return shares


def _risen(rows: Sequence[FollowedLine]) -> list[int | None]:
    shares: list[int | None] = [None] * len(rows)
    by_shelf: dict[tuple[str | None, str], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_shelf[row.outlet_id, row.product_id].append(number)
    for numbers in by_shelf.values():
        row = rows[numbers[0]]
        if row.risen is None or (row.risen_confidence or 0) < CONFIDENT:
            continue
        parts = share_rise(row.risen, {n: rows[n].delivered for n in numbers})
        for number, part in parts.items():
            shares[number] = part
    return shares
