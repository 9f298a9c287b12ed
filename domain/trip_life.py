"""The life of a trip, from plan to closure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from domain.life_cycle import LifeCycle
from domain.people import Permission


class TripState(StrEnum):
    """Where a trip is in its life."""

    planned = "planned"
    loading = "loading"
    load_confirmed = "load_confirmed"
    dispatched = "dispatched"
    in_progress = "in_progress"
    breakdown = "breakdown"
    transferred = "transferred"
    aborted = "aborted"
    returning = "returning"
    unloading = "unloading"
    settlement_pending = "settlement_pending"
    settled = "settled"
    closed = "closed"
    cancelled = "cancelled"


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    pending = "pending"
    arrived = "arrived"
    delivered = "delivered"
    partially_delivered = "partially_delivered"
    failed = "failed"


TRIP: Final = LifeCycle(
    kind="trip",
    first="planned",
    follows={
        "planned": ("loading", "cancelled"),
        "loading": ("load_confirmed", "cancelled"),
        "load_confirmed": ("dispatched", "loading", "cancelled"),
        "dispatched": ("in_progress",),
        "in_progress": ("breakdown", "returning"),
        "breakdown": ("in_progress", "transferred", "aborted"),
        "transferred": ("returning",),
        "aborted": ("returning",),
        "returning": ("unloading",),
        "unloading": ("settlement_pending",),
        "settlement_pending": ("settled", "unloading"),
        "settled": ("closed",),
        "closed": (),
        "cancelled": (),
    },
    needs={
        "loading": Permission.load,
        "load_confirmed": Permission.load,
        "in_progress": Permission.deliver,
        "breakdown": Permission.deliver,
        "returning": Permission.deliver,
        "unloading": Permission.load,
        "settlement_pending": Permission.load,
        "settled": Permission.approve,
        "closed": Permission.approve,
    },
)

ON_THE_ROAD: Final = frozenset({"dispatched", "in_progress", "breakdown"})
"""While it is in one of these, the van is out."""

TELLS_OF_DELIVERIES: Final = ON_THE_ROAD | {"returning", "unloading"}
"""A phone that was out of coverage tells of deliveries when the van is back; once the load is counted it is too late."""

TELLS_OF_FAILURES: Final = TELLS_OF_DELIVERIES | {"settlement_pending", "settled"}
"""That nothing was delivered moves nothing, and until it is said the trip cannot be closed. So are proofs taken."""

DELIVERY: Final = LifeCycle(
    kind="delivery",
    first="pending",
    follows={
        "pending": ("arrived", "delivered", "partially_delivered", "failed"),
        "arrived": ("delivered", "partially_delivered", "failed"),
        "delivered": (),
        "partially_delivered": (),
        "failed": (),
    },
    usually=Permission.deliver,
)
"""A phone that was out of coverage tells of the end first: arrival may be skipped."""

DONE: Final = frozenset(state for state, after in DELIVERY.follows.items() if not after)
