"""The engine: rows in, conclusions out. No clock, no randomness, no I/O."""

from __future__ import annotations

from geofence.conclusions import Conclusions
from geofence.parameters import Parameters
from geofence.rows import Rows
from geofence.world import World


class Engine:
    """Judges many devices against one world. Live, late and historic data go through the same calls.

    What is concluded at a moment depends only on rows with a fix time up to then, on the world and on the parameters, never on
    how the rows were cut into batches.
    """

    def __init__(self, world: World, parameters: Parameters | None = None) -> None:
        """Raise InvalidInputError for parameters the rule book does not know or allow."""
        self._world = world
        self._parameters = parameters or Parameters()

    def advance(self, rows: Rows) -> Conclusions:
        """Judge rows sorted by (device, fix_time_us, seq), each later than `frontier_us` of its device (see rows.in_order).

        Rows at or before the frontier are late: restore a checkpoint from before them and replay instead. Rows with a broken
        clock must not come here: `grading.clock_reason` tells them. A device that `World.devices` does not know is judged
        under its number as a name.
        """
        raise NotImplementedError

    def tick(self, as_of_us: int) -> Conclusions:
        """Let time pass without data, for all devices: windows close, silence is noticed.

        Only call it with a moment up to which data has had time to arrive (now minus a few seconds). A later row from before
        what the tick decided is late; `frontier_us` says so.
        """
        raise NotImplementedError

    def frontier_us(self, device: int) -> int | None:
        """The last moment the device's state depends on: its last fix, or what a tick decided after that. None: nothing yet."""
        raise NotImplementedError

    def checkpoint(self, device: int) -> bytes:
        """The device's whole state, at most about 4 kB; its moment is `frontier_us`. Names, not positions in arrays, refer to
        zones and trips, so that it can be restored into another world."""
        raise NotImplementedError

    def restore(self, device: int, checkpoint: bytes | None) -> None:
        """Put the device back to a checkpoint, or with None to never seen. An InvalidInputError tells an unreadable one: replay
        from the beginning then."""
        raise NotImplementedError

    def renew(self, world: World, parameters: Parameters | None = None) -> None:
        """Go on in a changed world (a trip dispatched, a zone drawn), every device keeping what it knows."""
        raise NotImplementedError

    @property
    def devices(self) -> list[int]:
        """Numbers of the devices that have state or a trip."""
        raise NotImplementedError
