"""What can only be judged when more than one device's present is known: accounts, habits of weeks, clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from domain.deliveries import Order
from domain.events import Event
from domain.trips import Trip
from domain.zones import ALLOWED_KINDS, Zone
from geofence.index import ZoneIndex
from geofence.parameters import Parameters
from geofence.rulebook import resolve
from geofence.rules.clock_fault import Stamp, judge_clock
from geofence.rules.collusion_cluster import find_clusters, odd_halts
from geofence.rules.settlement_mismatch import judge_orders


@dataclass(frozen=True, slots=True)
class Records:
    """What there is beside readings: paperwork, places, and the time stamps of devices whose clocks are to be looked at."""

    trips: Sequence[Trip] = ()
    orders: Sequence[Order] = ()
    zones: Sequence[Zone] = ()
    stamps: Mapping[str, Iterable[Stamp]] = field(default_factory=dict)  # by device key


def judge_afterwards(events: Iterable[Event], records: Records, parameters: Parameters, organisation: str = "0") -> list[Event]:
    """The events of the rules in `rulebook.AFTERWARDS`. `events` are the final ones of all other rules, in any order."""
    values = resolve(parameters, organisation, None)
    found = judge_orders(records.trips, records.orders, values)
    found += find_clusters(odd_halts(events), values, approved_places(records.zones))
    for device_id in sorted(records.stamps):
        found += judge_clock(device_id, records.stamps[device_id], values)
    return found


def approved_places(zones: Iterable[Zone]) -> Callable[[float, float], bool]:
    """Whether a longitude and latitude lie in a zone where vans may halt."""
    index = ZoneIndex([zone for zone in zones if zone.kind in ALLOWED_KINDS])

    def is_approved(longitude_deg: float, latitude_deg: float) -> bool:
        points, _ = index.covers(np.array([longitude_deg]), np.array([latitude_deg]))
        return len(points) > 0

    return is_approved
