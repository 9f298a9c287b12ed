"""How the world and the devices' state are laid out for the kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.zone_arrays import Scratch, ZoneArrays


class Plans(NamedTuple):
    """The world's trips as arrays; trips lie sorted by (slot, begin)."""

    trips: NDArray[np.void]
    stops: NDArray[np.void]
    proofs: NDArray[np.void]
    xy: NDArray[np.float64]  # shape (vertices, 2), metres in each trip's own plane
    along: NDArray[np.float64]  # shape (vertices,)
    first_trip: NDArray[np.int32]  # shape (slots + 1,)
    first_visit: NDArray[np.int64]  # shape (slots + 1,): where a slot's visits lie
    tunings: NDArray[np.void]  # by scope, and for each by version
    tuning_from: NDArray[np.int64]  # shape (versions,): when each version of all parameters begins to hold
    slot_tuning: NDArray[np.int32]


class Land(NamedTuple):
    """Zones: the index, room for its answers, and what else is asked of a zone (plan.ZONE)."""

    shapes: ZoneArrays
    scratch: Scratch
    zones: NDArray[np.void]


class Memory(NamedTuple):
    """The devices' state."""

    states: NDArray[np.void]
    suspects: NDArray[np.void]  # shape (slots, 3) of ROW
    visits: NDArray[np.void]
