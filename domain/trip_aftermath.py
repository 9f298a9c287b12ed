"""What may happen to a van on the road, and to what stands in shops: life cycles."""

from __future__ import annotations

from typing import Final

from domain.life_cycle import LifeCycle
from domain.people import Permission

BREAKDOWN: Final = LifeCycle(
    kind="breakdown",
    first="reported",
    follows={
        "reported": ("approved", "rejected"),
        "approved": ("repair", "transfer", "tow", "abort"),
        "rejected": (),
        "repair": ("closed", "transfer", "tow", "abort"),
        "transfer": ("closed",),
        "tow": ("transfer", "abort"),
        "abort": ("closed",),
        "closed": (),
    },
    needs={"reported": Permission.deliver},
)

ASSET: Final = LifeCycle(
    kind="asset",
    first="in_service",
    follows={
        "in_service": ("in_repair", "lost", "retired"),
        "in_repair": ("in_service", "retired"),
        "lost": ("in_service", "retired"),
        "retired": (),
    },
)

ASSET_TRANSFER: Final = LifeCycle(
    kind="asset transfer",
    first="ordered",
    follows={
        "ordered": ("under_way", "completed", "cancelled"),
        "under_way": ("completed", "cancelled"),
        "completed": (),
        "cancelled": (),
    },
)
