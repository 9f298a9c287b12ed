"""What a delivery does to goods and money: lines, invoice and payment, and the movements in the ledger. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.errors import InvalidInputError
from domain.invoices import ROUNDING, line_value
from store.deliveries import Delivery, DeliveryLine, Handed
from store.stock import Cause, Movement, Place, PlaceKind, between


class SaidLine(Protocol):
    """What the driver says about a line of the order."""

    @property
    def line_no(self) -> int: ...  # noqa: D102
    @property
    def delivered(self) -> int: ...  # noqa: D102
    @property
    def free(self) -> int | None: ...  # noqa: D102
    @property
    def damaged(self) -> int: ...  # noqa: D102
    @property
    def returned(self) -> int: ...  # noqa: D102
    @property
    def short_reason(self) -> str | None: ...  # noqa: D102
    @property
    def return_reason(self) -> str | None: ...  # noqa: D102


def handed_lines(lines: Sequence[DeliveryLine], said: Iterable[SaidLine]) -> list[Handed]:
    """What was handed over, for each line of the delivery; what is not said was not handed over.

    Raises InvalidInputError naming the line: no such line, more than is on the van for it, or short without a reason.
    """
    by_number = {one.line_no: (number, one) for number, one in enumerate(said)}
    if unknown := sorted(by_number.keys() - {line.line_no for line in lines}):
        raise InvalidInputError(f"lines.{by_number[unknown[0]][0]}.line_no", f"the delivery has no line {unknown[0]}")
    return [_handed(line, *by_number.get(line.line_no, (0, None))) for line in lines]


def _handed(line: DeliveryLine, number: int, said: SaidLine | None) -> Handed:
    delivered, damaged = (said.delivered, said.damaged) if said else (0, 0)
    free = 0 if said is None else line.planned_free if said.free is None else said.free
    if delivered + free + damaged > line.loaded:
        raise InvalidInputError(f"lines.{number}.delivered", f"only {line.loaded} pieces of line {line.line_no} are on the van")
    short = max(0, line.ordered - delivered)
    reason = said.short_reason if said else None
    if short and said is not None and not reason:
        raise InvalidInputError(f"lines.{number}.short_reason", f"{short} pieces are short: say why")
    return Handed(
        line_no=line.line_no,
        product_id=line.product_id,
        delivered=delivered,
        free=free,
        short=short,
        short_reason=reason or ("not_handed_over" if short else None),
        damaged=damaged,
        returned=said.returned if said else 0,
        return_reason=said.return_reason if said else None,
    )


def invoice_value(lines: Sequence[DeliveryLine], handed: Sequence[Handed]) -> Decimal:
    """What the customer has to pay for what was handed over, tax included."""
    ordered = {line.line_no: line for line in lines}
    values = [
        line_value(one.delivered, line.ordered, line.price, line.discount_value, line.tax_pct)
        for one in handed
        if (line := ordered.get(one.line_no)) is not None
    ]
    return sum(values, Decimal(0))


def payment(value: Decimal, cash: Decimal, upi: Decimal, credit: Decimal | None) -> tuple[Decimal, Decimal, Decimal]:
    """Cash, UPI and credit; what nobody mentions is credit. Raises InvalidInputError when it is not what is billed."""
    owed = max(Decimal(0), value - cash - upi) if credit is None else credit
    if abs(cash + upi + owed - value) > ROUNDING:
        raise InvalidInputError("payment", f"{cash + upi + owed} is paid or owed, but {value} is billed")
    return cash, upi, owed


def is_told_again(
    delivery: Delivery,
    kept: Iterable[DeliveryLine],
    handed: Iterable[Handed],
    paid: tuple[Decimal, Decimal, Decimal],
    crates: tuple[int, int],
) -> bool:
    """Whether that is what is known of a delivery that has ended."""
    known = {_counts(line) for line in kept}
    money = (delivery.cash, delivery.upi, delivery.credit)
    return known == {_counts(line) for line in handed} and (money, (delivery.crates_out, delivery.crates_in)) == (paid, crates)


def _counts(line: DeliveryLine | Handed) -> tuple[int, str, int, int, int, int]:
    return line.line_no, line.product_id, line.delivered, line.free, line.damaged, line.returned


def movements(delivery: Delivery, handed: Iterable[Handed], at: datetime) -> list[Movement]:
    """What the delivery moves: sold and free goods to the outlet, returns onto the van, damaged goods off it."""
    counts: dict[Cause, Counter[str]] = {cause: Counter() for cause in _CAUSES}
    for line in handed:
        for cause, part in _CAUSES.items():
            counts[cause][line.product_id] += getattr(line, part)
    van = Place(PlaceKind.van, delivery.vehicle_id)
    outlet = Place(PlaceKind.outlet, delivery.outlet_id or f"{delivery.trip_id}/{delivery.stop_id}")
    moved: list[Movement] = []
    for cause, products in counts.items():
        for product, pieces in products.items():
            one = Movement(
                moved_at=at,
                place=van,
                product_id=product,
                pieces=-pieces if cause is Cause.damage else pieces,
                cause=cause,
                ref=delivery.delivery_id,
                trip_id=delivery.trip_id,
            )
            if cause is Cause.damage:
                moved.append(one)
            else:
                source, target = (outlet, van) if cause is Cause.customer_return else (van, outlet)
                moved += between(source, target, one)
    return moved


_CAUSES = {
    Cause.delivery: "delivered",
    Cause.free: "free",
    Cause.damage: "damaged",
    Cause.customer_return: "returned",
}
