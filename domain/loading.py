"""What goes on a van. Pure: counts in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WantedLine:
    """An order line that waits to be loaded, with the pieces to sell and to give away."""

    order_id: str
    line_no: int
    product_id: str
    pieces: int


def expected_load(lines: Iterable[WantedLine]) -> dict[str, int]:
    """How many pieces of each product the van should get."""
    expected: dict[str, int] = {}
    for line in lines:
        expected[line.product_id] = expected.get(line.product_id, 0) + line.pieces
    return expected


def differences(checked: Mapping[str, int | None], received: Mapping[str, int | None]) -> list[str]:
    """Products that checker and driver do not agree on."""
    return [product for product in checked if checked[product] is None or checked[product] != received.get(product)]


def share_out(counted: Mapping[str, int], lines: Sequence[WantedLine]) -> dict[tuple[str, int], int]:
    """Pieces loaded for each order line, by (order, line): who comes first on the route is served first."""
    left = dict(counted)
    loaded = {}
    for line in lines:
        given = min(line.pieces, left.get(line.product_id, 0))
        left[line.product_id] = left.get(line.product_id, 0) - given
        loaded[line.order_id, line.line_no] = given
    return loaded
