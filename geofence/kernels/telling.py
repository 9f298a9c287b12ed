"""How kernels pass a fix along and tell facts."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from geofence.kernels.compiler import inner_kernel

Record = Any
"""A row of a structured array: numba's typing of records is its own."""


class Fix(NamedTuple):
    """One believed position."""

    t: int  # microseconds
    lon: float  # 1e-7 degree, as held still while the ignition is off
    lat: float
    mps: float  # as reported, else from the last fix
    speed_known: bool
    course: float  # degrees, NaN unknown
    sigma: float
    good: bool  # not degraded
    held: bool  # the last place was kept
    step_s: float  # since the last believed fix
    step_m: float


class Teller(NamedTuple):
    """Where facts go."""

    facts: NDArray[Any]
    told: NDArray[Any]  # shape (1,): how many so far
    slot: int
    decided_us: int


@inner_kernel
def tell(
    out: Teller, kind: int, time_us: int, place: int, lon: float, lat: float, a: float, b: float, c: float, d: float
) -> None:
    """Append a fact. The caller keeps enough room free."""
    fact = out.facts[out.told[0]]
    fact["kind"] = kind
    fact["slot"] = out.slot
    fact["decided_us"] = out.decided_us
    fact["time_us"] = time_us
    fact["place"] = place
    fact["longitude_e7"] = int(lon)
    fact["latitude_e7"] = int(lat)
    fact["a"] = a
    fact["b"] = b
    fact["c"] = c
    fact["d"] = d
    out.told[0] += 1
