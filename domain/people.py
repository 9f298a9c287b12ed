"""Who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is in an organisation; it holds for that organisation and all below it."""

    platform_administrator = "platform_administrator"
    manufacturer_analyst = "manufacturer_analyst"
    distributor_manager = "distributor_manager"
    logistics_manager = "logistics_manager"
    checker = "checker"
    driver = "driver"
    field_representative = "field_representative"
    integrator = "integrator"

    @property
    def called(self) -> str:
        """What a sentence begins with that is about somebody in this role: "a field representative"."""
        name = self.value.replace("_", " ")
        return f"an {name}" if name[0] in "aeiou" else f"a {name}"


class Permission(StrEnum):
    """What a request needs to be allowed."""

    observe = "observe"  # see vehicles, trips, events, alerts
    handle_alerts = "handle_alerts"
    plan = "plan"  # zones and trips, master data, orders on their way
    sell = "sell"  # see and propose outlets, take orders
    load = "load"  # count what is loaded on vans and what comes back
    deliver = "deliver"  # carry out a trip; a driver only one's own
    approve = "approve"  # say yes or no to what others propose, settle and close trips, keep the stock
    administer = "administer"  # people, and what they did


_MANAGER: Final = frozenset(
    {
        Permission.observe,
        Permission.handle_alerts,
        Permission.plan,
        Permission.sell,
        Permission.load,
        Permission.deliver,
    }
)

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.platform_administrator: frozenset(Permission),
    Role.manufacturer_analyst: frozenset({Permission.observe}),
    Role.distributor_manager: _MANAGER | {Permission.approve, Permission.administer},
    Role.logistics_manager: _MANAGER,
    Role.checker: frozenset({Permission.observe, Permission.load}),
    Role.driver: frozenset({Permission.deliver}),
    Role.field_representative: frozenset({Permission.sell}),
    Role.integrator: frozenset({Permission.observe, Permission.plan, Permission.sell}),
}
