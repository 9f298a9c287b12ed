"""How much an outlet may owe."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CreditStanding:
    """What an outlet owes and is about to owe; no `credit_limit`: as much as it likes."""

    credit_limit: Decimal | None
    open_balance: Decimal  # taken on credit and not paid
    open_orders: Decimal  # with tax, confirmed and not delivered yet

    @property
    def available(self) -> Decimal | None:
        """What it may still order; negative when it is beyond its limit."""
        return None if self.credit_limit is None else self.credit_limit - self.open_balance - self.open_orders

    def excess(self, order_value: Decimal) -> Decimal:
        """By how much an order goes beyond the limit, or 0."""
        available = self.available
        return Decimal(0) if available is None else max(Decimal(0), order_value - available)
