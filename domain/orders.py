"""The life cycles of master data and orders."""

from __future__ import annotations

from typing import Final

from domain.life_cycle import LifeCycle
from domain.people import Permission

OUTLET: Final = LifeCycle(
    kind="outlet",
    first="draft",
    follows={
        "draft": ("pending_approval",),
        "pending_approval": ("approved", "rejected"),
        "approved": ("suspended", "closed"),
        "rejected": ("draft",),
        "suspended": ("approved", "closed"),
        "closed": (),
    },
    needs={"draft": Permission.sell, "pending_approval": Permission.sell},
    usually=Permission.approve,
)

OUTLET_CHANGE: Final = LifeCycle(
    kind="outlet change",
    first="pending",
    follows={"pending": ("accepted", "rejected", "withdrawn"), "accepted": (), "rejected": (), "withdrawn": ()},
    needs={"withdrawn": Permission.sell, "pending": Permission.sell},
    usually=Permission.approve,
)

PRODUCT: Final = LifeCycle(
    kind="product", first="active", follows={"active": ("blocked", "discontinued"), "blocked": ("active",), "discontinued": ()}
)

VEHICLE: Final = LifeCycle(
    kind="vehicle",
    first="active",
    follows={"active": ("workshop", "retired"), "workshop": ("active", "retired"), "retired": ()},
)

DRIVER: Final = LifeCycle(
    kind="driver", first="active", follows={"active": ("suspended", "left"), "suspended": ("active", "left"), "left": ()}
)

BEAT: Final = LifeCycle(
    kind="beat", first="active", follows={"active": ("paused", "closed"), "paused": ("active", "closed"), "closed": ()}
)

ROUTE_PLAN: Final = LifeCycle(
    kind="route plan",
    first="draft",
    follows={"draft": ("released", "cancelled"), "released": ("frozen", "cancelled"), "frozen": (), "cancelled": ()},
)

PRICE_LIST: Final = LifeCycle(
    kind="price list", first="draft", follows={"draft": ("active", "ended"), "active": ("ended",), "ended": ()}
)

PROMOTION: Final = LifeCycle(
    kind="promotion",
    first="draft",
    follows={"draft": ("active", "ended"), "active": ("paused", "ended"), "paused": ("active", "ended"), "ended": ()},
    needs={"active": Permission.approve},
)

ORDER: Final = LifeCycle(
    kind="order",
    first="draft",
    follows={
        "draft": ("confirmed", "cancelled"),
        "confirmed": ("allocated", "cancelled"),
        "allocated": ("loaded", "confirmed", "cancelled"),
        "loaded": ("out_for_delivery", "allocated"),
        "out_for_delivery": ("delivered", "partially_delivered", "failed"),
        "delivered": ("closed",),
        "partially_delivered": ("closed",),
        "failed": ("closed", "confirmed"),
        "closed": (),
        "cancelled": (),
    },
    needs={"draft": Permission.sell, "confirmed": Permission.sell, "cancelled": Permission.sell},
)

BRAND_CONTRACT: Final = LifeCycle(
    kind="brand contract",
    first="proposed",
    follows={"proposed": ("active", "declined"), "active": ("ended",), "declined": (), "ended": ()},
    usually=Permission.administer,
)
