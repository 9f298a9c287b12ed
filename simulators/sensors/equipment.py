"""What the business knows of its sensors: without it, a weight is only a weight."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Movement(msgspec.Struct, frozen=True):
    """Units that the books say came onto a shelf, or were sold from it."""

    at: datetime
    units: int


class Shelf(msgspec.Struct, frozen=True):
    """A load cell under one product: weight = tare + units * unit weight."""

    device_id: str
    outlet_id: str
    product: str
    unit_g: float
    tare_g: float
    capacity: int
    opens_h: float  # hours of the day
    closes_h: float
    received: tuple[Movement, ...]
    sold: tuple[Movement, ...]


class Cooler(msgspec.Struct, frozen=True):
    """A thermometer in a box: on a van (its tracker's name) or in a shop."""

    device_id: str
    mounted_on: str
    least_c: float
    most_c: float


class Transfer(msgspec.Struct, frozen=True):
    """An order to move an asset to another place."""

    at: datetime
    longitude_deg: float
    latitude_deg: float


class Asset(msgspec.Struct, frozen=True):
    """A cooler or a pallet of crates with a locator of its own."""

    device_id: str
    outlet_id: str
    longitude_deg: float
    latitude_deg: float
    transfers: tuple[Transfer, ...]


class Equipment(msgspec.Struct, frozen=True):
    """Everything in one document, `equipment.json`."""

    shelves: tuple[Shelf, ...] = ()
    coolers: tuple[Cooler, ...] = ()
    assets: tuple[Asset, ...] = ()


def encode(equipment: Equipment) -> bytes:
    """The document as JSON text, the same bytes for the same equipment."""
    return msgspec.json.format(msgspec.json.encode(equipment), indent=1) + b"\n"


def decode(document: bytes) -> Equipment:
    """The inverse of `encode`. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(document, type=Equipment)
