"""Spare trackers: which vans get one, and what the business notes down of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.devices import Assignment
from simulators.fleet.planning import Van
from simulators.incidents.lottery import Luck
from simulators.incidents.spares import KIND

Span = tuple[datetime, datetime, datetime, datetime]
"""The moments of a loan: the own tracker off, the spare one on, it off, the own one on."""


def with_spares(vans: Sequence[Van], luck: Luck) -> tuple[list[Van], list[str]]:
    """The vans, those that meet with a swap knowing the number of their spare trackers; and the names of these.

    They are numbered after all vans.
    """
    lucky = {device_id for (device_id, _), kinds in luck.items() if KIND in kinds}
    borrowers = [van.device_id for van in vans if van.device_id in lucky]
    number_of = {device_id: len(vans) + place for place, device_id in enumerate(borrowers)}
    return [replace(van, spare=number_of.get(van.device_id)) for van in vans], [_spare(name) for name in borrowers]


def assignments_of(van: Van, loans: Iterable[Span]) -> list[Assignment]:
    """Which tracker was on a van when, if it ever had a spare one."""
    vehicle_id, since, told = f"vehicle of {van.device_id}", None, list[Assignment]()
    for off, on, over, back in loans:
        told.append(Assignment(van.device_id, vehicle_id, since, off))
        told.append(Assignment(_spare(van.device_id), vehicle_id, on, over))
        since = back
    return [*told, Assignment(van.device_id, vehicle_id, since, None)] if told else []


def _spare(device_id: str) -> str:
    return f"{device_id}-spare"
