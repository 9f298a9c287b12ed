"""What came back in the evening against what went out in the morning, product by product."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isclose


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One product of a settlement, in pieces. `counted` is what was found on the van; `packs` are its units in pieces."""

    product: str
    loaded: float
    counted: float
    delivered: float = 0.0
    topped_up: float = 0.0
    free: float = 0.0
    damaged: float = 0.0
    returned: float = 0.0  # by customers, and so back on the van
    price: float | None = None  # of a piece
    packs: tuple[float, ...] = ()

    @property
    def expected(self) -> float:
        """What ought to be on the van."""
        return self.loaded + self.topped_up - self.delivered - self.free - self.damaged + self.returned

    @property
    def variance(self) -> float:
        """Counted less expected: negative when something is missing."""
        return self.counted - self.expected

    @property
    def is_unit_slip(self) -> bool:
        """Whether somebody counted cases for pieces, or pieces for cases."""
        ends = [(self.counted * pack, self.expected) for pack in self.packs if pack > 1]
        ends += [(self.counted, self.expected * pack) for pack in self.packs if pack > 1]
        return self.variance != 0 and any(isclose(one, other, abs_tol=1e-6) for one, other in ends)


@dataclass(frozen=True, slots=True)
class SettlementLimits:
    """Up to where a settlement is taken for right."""

    share: float = 0.005  # of all that was loaded, in pieces
    value: float = 500.0  # of one product, in the organisation's currency
    cash: float = 100.0  # of money handed in


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What does not add up. `lines` are those whose own variance is too great; none when only all of them together are."""

    lines: tuple[SettlementLine, ...]
    variance: float  # of all products together, without slips of the unit
    load: float
    value: float  # of the pieces that are missing or too many, where prices are known
    cash_gap: float
    slips: tuple[str, ...]  # products held back

    @property
    def share(self) -> float:
        """The greatest variance as a share of the load."""
        greatest = max((abs(line.variance) for line in self.lines), default=0.0)
        return max(greatest, abs(self.variance)) / self.load if self.load else 1.0


def find_mismatch(
    lines: Iterable[SettlementLine], cash_gap: float = 0.0, limits: SettlementLimits | None = None
) -> Mismatch | None:
    """Compare each product, all of them together, and the money; `cash_gap` is handed in less due. None: it adds up."""
    limits = limits or SettlementLimits()
    given = tuple(lines)
    slips = tuple(line.product for line in given if line.is_unit_slip)
    sound = [line for line in given if not line.is_unit_slip]
    load = sum(line.loaded + line.topped_up for line in given)
    least = limits.share * load
    wrong = tuple(line for line in sound if _is_wrong(line, least, limits))
    variance = sum(line.variance for line in sound)
    together = variance != 0 and abs(variance) >= least
    if not wrong and not together and abs(cash_gap) <= limits.cash:
        return None
    return Mismatch(wrong, variance, load, _value(wrong or sound), cash_gap, slips)


def _is_wrong(line: SettlementLine, least: float, limits: SettlementLimits) -> bool:
    worth = abs(line.variance) * line.price if line.price is not None else 0.0
    return line.variance != 0 and (abs(line.variance) >= least or worth >= limits.value)


def _value(lines: Sequence[SettlementLine]) -> float:
    return sum(abs(line.variance) * (line.price or 0.0) for line in lines)
