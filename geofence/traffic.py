"""Halts of the fleet outside allowed places: three vans halting together is traffic, and nobody's fault.

The answer depends on the set of halts, not on the order in which they become known: a halt that completes a jam takes back
what was concluded about the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from geofence.kernels.ground import metres

if TYPE_CHECKING:
    from geofence.journal import Episode
    from geofence.tracking import Device

_CELL_E7: Final = 40_000
_FORGET_US: Final = 2 * 86_400 * 1_000_000


@dataclass(slots=True, eq=False)
class Halt:
    """One stop of one device outside every allowed place."""

    device: Device
    since_us: int
    longitude_e7: int
    latitude_e7: int
    event: Episode | None = None


@dataclass(slots=True)
class Traffic:
    """All such halts, by the cell they lie in."""

    cells: dict[tuple[int, int], list[Halt]] = field(default_factory=dict)

    def note(self, halt: Halt) -> None:
        """A new halt."""
        self.cells.setdefault(_cell(halt), []).append(halt)

    def find(self, device: Device, since_us: int, longitude_e7: int, latitude_e7: int) -> Halt | None:
        """The halt of a device that began at a moment near a place."""
        probe = Halt(device, since_us, longitude_e7, latitude_e7)
        return next((halt for halt in self._around(probe) if halt.device.key == device.key and halt.since_us == since_us), None)

    def jam(self, halt: Halt, within_m: float, within_us: int, vehicles: int) -> list[Halt]:
        """Halts that began near this one in place and time, itself among them, if they are of enough vehicles; else none."""
        near = [
            other
            for other in self._around(halt)
            if abs(other.since_us - halt.since_us) <= within_us
            and metres(halt.longitude_e7, halt.latitude_e7, other.longitude_e7, other.latitude_e7) <= within_m
        ]
        return near if len({other.device.key for other in near}) >= vehicles else []

    def drop(self, device: Device, after_us: int) -> None:
        """Forget a device's halts that began after a moment: it is judged again from there."""
        for halts in self.cells.values():
            halts[:] = [halt for halt in halts if halt.device.key != device.key or halt.since_us <= after_us]

    def hand_over(self, device: Device) -> None:
        """The device's halts are those of this object from now on."""
        for halts in self.cells.values():
            for halt in halts:
                if halt.device.key == device.key:
                    halt.device = device

    def forget(self, as_of_us: int) -> None:
        """Let go of what is two days old."""
        for cell in list(self.cells):
            kept = [halt for halt in self.cells[cell] if halt.since_us > as_of_us - _FORGET_US]
            if kept:
                self.cells[cell] = kept
            else:
                del self.cells[cell]

    def _around(self, halt: Halt) -> list[Halt]:
        column, row = _cell(halt)
        cells = [(x, y) for x in (column - 1, column, column + 1) for y in (row - 1, row, row + 1)]
        return [other for cell in cells for other in self.cells.get(cell, ())]


def _cell(halt: Halt) -> tuple[int, int]:
    return halt.longitude_e7 // _CELL_E7, halt.latitude_e7 // _CELL_E7
