"""A trip with what the kernels know of it, as rules ask for it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.trips import Trip
from geofence.columns import StopColumns, stop_columns

Versions = tuple[dict[str, float], ...]
"""The parameters' values, one for each of `Surroundings.since_us`."""


class Part(NamedTuple):
    """One trip as arrays, wherever it comes to lie among the others."""

    trip: Trip
    organisation: str
    record: NDArray[np.void]  # of plan.TRIP, but for its place and what its neighbours decide
    stops: NDArray[np.void]
    xy: NDArray[np.float64]
    along: NDArray[np.float64]
    proofs: NDArray[np.void]


class ProofPlace(NamedTuple):
    """A proof of delivery; NaN where its place is not known."""

    at_us: int
    stop: int
    longitude_e7: float
    latitude_e7: float
    accuracy_m: float


class Goods(NamedTuple):
    """What is to be carried into a stop, kg; `delivered_kg` is what its proof says was left there, NaN while nobody says."""

    due_kg: float
    delivered_kg: float


class PlannedTrip(NamedTuple):
    """A trip as it was planned. Alike in every world that has the same trip."""

    trip: Trip
    begin_us: int
    end_us: int
    longest_us: int  # its end while the van is out
    planned_start_us: int
    planned_end_us: int
    length_m: float
    stops: NDArray[np.void]  # of plan.STOP
    stop: StopColumns  # the same, a column for each field
    proofs: tuple[ProofPlace, ...]  # by capture
    versions: Versions  # parameters of its organisation and route
    record: NDArray[np.void]  # shape (1,) of plan.TRIP
    xy: NDArray[np.float64]  # shape (vertices, 2): the route in its plane
    along: NDArray[np.float64]  # shape (vertices,)
    signed_us: dict[int, int]  # stop -> when its first proof was captured
    signed_at_us: tuple[int, ...]  # the same moments, by time
    signed_stops: tuple[int, ...]  # and the stops
    captured_us: tuple[int, ...]  # when each of the proofs was
    places: NDArray[np.float64]  # shape (stops, 2): longitude and latitude of their pins in 1e-7 degree
    goods: dict[int, Goods]  # stop -> what its orders weigh, where that is known

    def proofs_within(self, since_us: float, until_us: float) -> tuple[ProofPlace, ...]:
        """The proofs captured within a span, its ends included."""
        captured_us = self.captured_us
        low = bisect_left(captured_us, since_us)
        return self.proofs[low : bisect_right(captured_us, until_us, low)]

    def signed_within(self, since_us: int, until_us: int) -> list[int]:
        """The stops that were first signed for within a span, in the order of `signed_us`."""
        low, high = bisect_left(self.signed_at_us, since_us), bisect_right(self.signed_at_us, until_us)
        if high - low <= 1:
            return list(self.signed_stops[low:high])
        return [stop for stop, at_us in self.signed_us.items() if since_us <= at_us <= until_us]

    def signed_by(self, at_us: int) -> int:
        """How many stops had been signed for by a moment."""
        return bisect_right(self.signed_at_us, at_us)


def planned_trip(part: Part, record: NDArray[np.void], versions: Versions, goods: dict[int, Goods]) -> PlannedTrip:
    """A trip by its arrays, its place among the device's others (`record`), its parameters and its goods."""
    proofs = tuple(ProofPlace(*one) for one in part.proofs.tolist())
    signed_us = {proof.stop: proof.at_us for proof in reversed(proofs)}
    return PlannedTrip(
        trip=part.trip,
        begin_us=int(record["begin_us"][0]),
        end_us=int(record["end_us"][0]),
        longest_us=int(record["longest_us"][0]),
        planned_start_us=int(record["planned_start_us"][0]),
        planned_end_us=int(record["planned_end_us"][0]),
        length_m=float(record["length_m"][0]),
        stops=part.stops,
        stop=stop_columns(part.stops),
        places=np.column_stack((part.stops["lon"], part.stops["lat"])),
        proofs=proofs,
        captured_us=tuple(proof.at_us for proof in proofs),
        signed_us=signed_us,
        signed_at_us=tuple(sorted(signed_us.values())),
        signed_stops=tuple(sorted(signed_us, key=signed_us.__getitem__)),
        goods=goods,
        versions=versions,
        record=record,
        xy=part.xy,
        along=part.along,
    )
