"""What the business knows of things that stand still: without it, a weight is only a weight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """Pieces that the books say came onto a shelf, or were sold from it."""

    at: datetime
    units: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A load cell under one product: weight = tare + pieces x unit weight.

    Hours count from local midnight, which is `utc_offset_min` ahead of UTC; a shop that opens and closes at the same hour never
    closes. `sold` of `None` means that nobody counts the sales, so that what is missing cannot be told.
    """

    device_id: str
    outlet_id: str
    product: str
    unit_g: float
    tare_g: float
    capacity: int | None
    opens_h: float
    closes_h: float
    received: tuple[Movement, ...] = ()
    sold: tuple[Movement, ...] | None = None
    utc_offset_min: int = 0
    lead_time_h: float | None = None  # from ordering to having it: less cover than this is as good as none
    books_until: datetime | None = None  # up to when the books are complete; None: whenever they are asked
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cooler:
    """A thermometer in a box: on a vehicle (its tracker's name) or in a shop. The band is that of its product."""

    device_id: str
    mounted_on: str
    least_c: float
    most_c: float
    defrosts_h: tuple[float, ...] = ()  # hours of the UTC day at which it defrosts
    defrost_min: float = 0.0  # and for how long it may be warm then
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """An order to move an asset to another place."""

    at: datetime
    longitude_deg: float
    latitude_deg: float


@dataclass(frozen=True, slots=True)
class Asset:
    """A cooler, crate or keg with a locator of its own, and where it ought to be."""

    device_id: str
    outlet_id: str
    longitude_deg: float
    latitude_deg: float
    transfers: tuple[Transfer, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


Fitted = Shelf | Cooler | Asset


@dataclass(frozen=True, slots=True)
class Equipment:
    """All of it."""

    shelves: tuple[Shelf, ...] = ()
    coolers: tuple[Cooler, ...] = ()
    assets: tuple[Asset, ...] = ()
