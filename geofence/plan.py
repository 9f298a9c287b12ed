"""The world's trips and zones as arrays for the kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInputError
from domain.trips import PlannedStop, Trip
from domain.zones import ALLOWED_KINDS, Zone, ZoneKind
from geofence.kernels.ground import east_e7, metres_per_e7
from geofence.kernels.layout import Plans
from geofence.kernels.routes import places_along
from geofence.parameters import Parameters
from geofence.planned import Part
from geofence.rows import to_us
from geofence.rulebook import TUNING, resolve, tuning_row
from geofence.world import World

ALWAYS_US: Final = 2**62
ValuesOf = Callable[[str | None], dict[str, float]]
"""An outlet class -> the parameters' values."""
TRIP: Final = np.dtype(
    [(name, "<i8") for name in ("begin_us", "end_us", "longest_us", "planned_start_us", "planned_end_us")]
    + [(name, "<i4") for name in ("slot", "tuning", "first_stop", "stops", "first_vertex", "vertices", "first_proof", "proofs")]
    + [(name, "<f8") for name in ("length_m", "width_m", "depot_m", "depot_lon", "depot_lat")]
    + [(name, "<f8") for name in ("origin_lon", "origin_lat", "east_m", "north_m")]
)
_FIRST: Final = {"stops": "first_stop", "vertices": "first_vertex", "proofs": "first_proof"}
STOP: Final = np.dtype(
    [(name, "<f8") for name in ("x", "y", "radius_m", "along_m", "need_s", "long_s", "service_s", "lon", "lat")]
    + [("opens_us", "<i8"), ("closes_us", "<i8")]  # -ALWAYS_US and ALWAYS_US: no window
)
PROOF: Final = np.dtype([("at_us", "<i8"), ("stop", "<i4"), ("lon", "<f8"), ("lat", "<f8"), ("accuracy_m", "<f8")])
ZONE: Final = np.dtype([("allowed", "<u1"), ("red", "<u1"), ("dead", "<u1"), ("limit_mps", "<f8")])


@dataclass(frozen=True, slots=True)
class Compiled:
    """A world ready for the kernels. `parts[k]` is what `arrays.trips[k]` was made of."""

    arrays: Plans
    parts: tuple[Part, ...]


def compile_world(
    world: World, parameters: Parameters, slot_of: dict[str, int], slots: int, known: Mapping[str, Part] | None = None
) -> Compiled:
    """Lay the trips of known devices out by (slot, begin).

    `known`: parts made before with the same parameters, by the names of their trips; those of trips that are still the same are
    taken as they are.
    """
    ordered = sorted(
        (slot_of[trip.device_id], trip.planned_start, number)
        for number, trip in enumerate(world.trips)
        if trip.device_id in slot_of
    )
    for (slot, start, first), (other_slot, other_start, second) in pairwise(ordered):
        if slot == other_slot and start == other_start:
            detail = f"begins together with trips.{first} of the same device"
            raise InvalidInputError(f"trips.{second}.planned_start", detail)
    builder = _Builder(world, parameters, slots, known or {})
    parts = [builder.add(slot, world.trips[number]) for slot, _, number in ordered]
    return Compiled(builder.finish(), tuple(parts))


class _Builder:
    def __init__(self, world: World, parameters: Parameters, slots: int, known: Mapping[str, Part]) -> None:
        self.world = world
        self.known = known
        self.parameters = parameters
        self.slots = slots
        self.trips: list[NDArray[np.void]] = []
        self.stops: list[NDArray[np.void]] = []
        self.proofs: list[NDArray[np.void]] = []
        self.xy: list[NDArray[np.float64]] = []
        self.along: list[NDArray[np.float64]] = []
        self.totals = {"stops": 0, "vertices": 0, "proofs": 0}
        self.tunings: dict[tuple[str, str | None], int] = {}
        numbers = {key: number for number, key in world.devices.items()}
        self.organisations = {key: str(world.organisations.get(number, 0)) for key, number in numbers.items()}
        self._defaults = self.tuning("0", None)

    def tuning(self, organisation: str, route: str | None) -> int:
        return self.tunings.setdefault((organisation, route), len(self.tunings))

    def add(self, slot: int, trip: Trip) -> Part:
        """Lay a trip after the others."""
        organisation = self.organisations.get(trip.device_id, "0")
        part = self.known.get(trip.trip_id)
        if part is None or part.organisation != organisation or (part.trip is not trip and part.trip != trip):
            part = self._part(organisation, trip)
        record = part.record.copy()
        record["slot"], record["tuning"] = slot, self.tuning(organisation, trip.route_id)
        self._order(slot, record)
        self._append(record, part)
        return part

    def _part(self, organisation: str, trip: Trip) -> Part:
        route = trip.route_id
        frozen = self.parameters.at(to_us(trip.planned_start))
        values = resolve(frozen, organisation, route)
        record = np.zeros((), TRIP)
        record["planned_start_us"], record["planned_end_us"] = to_us(trip.planned_start), to_us(trip.planned_end)
        record["begin_us"] = record["planned_start_us"] - int(values["trip.lead_s"] * 1e6)
        record["end_us"] = record["planned_end_us"] + int(values["trip.overrun_s"] * 1e6)
        longest_us = record["planned_end_us"] + int(values["trip.longest_s"] * 1e6)
        record["longest_us"] = max(record["end_us"], longest_us) if trip.depot is not None else record["end_us"]
        self._plane(record, trip)
        xy, along = self._line(record, trip)
        width = trip.corridor_m if trip.corridor_m is not None else values["route.width_m"]
        record["width_m"], record["length_m"] = width, along[-1] if len(along) else 0.0
        stops = [self._stop(record, stop, partial(resolve, frozen, organisation, route)) for stop in trip.stops]
        table = np.array(stops, STOP) if stops else np.zeros(0, STOP)
        table["along_m"] = places_along(xy, along, table["x"].copy(), table["y"].copy(), float(width))
        return Part(trip, organisation, record, table, xy, along, _proof_table(trip))

    def _order(self, slot: int, record: NDArray[np.void]) -> None:
        """A later trip of the same device begins when its time has come, and ends the one before."""
        if not self.trips or self.trips[-1]["slot"] != slot:
            return
        before = self.trips[-1]
        earliest = min(max(record["begin_us"], before["planned_end_us"]), record["planned_start_us"])
        record["begin_us"] = max(earliest, before["begin_us"] + 1)
        for name in ("end_us", "longest_us"):
            before[name] = min(before[name], record["begin_us"])

    def _plane(self, record: NDArray[np.void], trip: Trip) -> None:
        points = [(stop.place.longitude_deg, stop.place.latitude_deg) for stop in trip.stops] + list(trip.route)
        if trip.depot is not None:
            points.append((trip.depot.longitude_deg, trip.depot.latitude_deg))
            record["depot_lon"], record["depot_lat"] = trip.depot.longitude_deg * 1e7, trip.depot.latitude_deg * 1e7
            record["depot_m"] = trip.depot.radius_m
        lon, lat = points[0] if points else (0.0, 0.0)
        low, high = min((y for _, y in points), default=lat), max((y for _, y in points), default=lat)
        record["origin_lon"], record["origin_lat"] = lon * 1e7, lat * 1e7
        record["east_m"], record["north_m"] = metres_per_e7(0.5e7 * (low + high))

    def _xy(self, record: NDArray[np.void], lon: float, lat: float) -> tuple[float, float]:
        east = east_e7(float(record["origin_lon"]), lon * 1e7) * float(record["east_m"])
        return east, (lat * 1e7 - float(record["origin_lat"])) * float(record["north_m"])

    def _line(self, record: NDArray[np.void], trip: Trip) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        xy = np.array([self._xy(record, lon, lat) for lon, lat in trip.route], dtype=np.float64).reshape(-1, 2)
        if len(xy) > 1:
            xy = xy[np.concatenate(([True], np.any(np.diff(xy, axis=0) != 0.0, axis=1)))]
        steps = np.hypot(*np.diff(xy, axis=0).T) if len(xy) > 1 else np.zeros(0)
        return xy, np.concatenate(([0.0], np.cumsum(steps))) if len(xy) else np.zeros(0)

    def _stop(self, record: NDArray[np.void], stop: PlannedStop, values_of: ValuesOf) -> tuple[Any, ...]:
        values = values_of(stop.outlet_class)
        service_s = expected_service_s(stop, values)
        need_s = max(values["visit.least_s"], min(values["visit.most_s"], values["visit.service_share"] * service_s))
        by_plan_s = values["long_dwell.factor"] * _planned_s(stop, values)
        long_s = max(values["long_dwell.least_s"], by_plan_s, stop.usual_dwell_s or 0.0)
        lon, lat = stop.place.longitude_deg, stop.place.latitude_deg
        x, y = self._xy(record, lon, lat)
        opens, closes = _bound(stop.window_start, -ALWAYS_US), _bound(stop.window_end, ALWAYS_US)
        return x, y, stop.place.radius_m, np.nan, need_s, long_s, service_s, lon * 1e7, lat * 1e7, opens, closes

    def _append(self, record: Any, part: Part) -> None:
        counts = {"stops": len(part.stops), "vertices": len(part.along), "proofs": len(part.proofs)}
        for name, count in counts.items():
            record[_FIRST[name]], record[name] = self.totals[name], count
            self.totals[name] += count
        self.trips.append(record)
        self.stops.append(part.stops)
        self.xy.append(part.xy)
        self.along.append(part.along)
        self.proofs.append(part.proofs)

    def finish(self) -> Plans:
        """Everything laid end to end."""
        slot_tuning = np.zeros(self.slots, np.int32)
        for slot, number in enumerate(list(self.world.devices)[: self.slots]):
            slot_tuning[slot] = self.tuning(str(self.world.organisations.get(number, 0)), None)
        trips = np.array(self.trips, TRIP) if self.trips else np.zeros(0, TRIP)
        versions = self.parameters.versions()
        tunings = [tuning_row(resolve(version, *scope)) for scope in self.tunings for version in versions]
        most = np.zeros(self.slots, np.int64)
        np.maximum.at(most, trips["slot"], trips["stops"])
        return Plans(
            trips=trips,
            stops=_joined(self.stops, STOP),
            proofs=_joined(self.proofs, PROOF),
            xy=np.concatenate(self.xy) if self.xy else np.zeros((0, 2)),
            along=np.concatenate(self.along) if self.along else np.zeros(0),
            first_trip=np.searchsorted(trips["slot"], np.arange(self.slots + 1)).astype(np.int32),
            first_visit=np.concatenate(([0], np.cumsum(most))),
            tunings=np.array(tunings, TUNING),
            tuning_from=np.array(self.parameters.since_us, np.int64),
            slot_tuning=slot_tuning,
        )


def expected_service_s(stop: PlannedStop, values: dict[str, float]) -> float:
    """Seconds of service planned, or by the number of cases."""
    if stop.planned_service_s is not None:
        return stop.planned_service_s
    return values["visit.base_s"] + values["visit.case_s"] * (stop.cases or 0.0)


def _planned_s(stop: PlannedStop, values: dict[str, float]) -> float:
    """Seconds of service planned; a large order has the time that its cases need, too."""
    by_cases_s = values["visit.base_s"] + values["visit.case_s"] * stop.cases if stop.cases else 0.0
    return max(stop.planned_service_s or 0.0, by_cases_s)


def zone_table(zones: Sequence[Zone]) -> NDArray[np.void]:
    """Shape (zones,) of ZONE: what kernels ask of a zone beyond its shape."""
    table = np.zeros(len(zones), ZONE)
    for row, zone in zip(table, zones, strict=True):
        row["allowed"] = zone.kind in ALLOWED_KINDS
        row["red"], row["dead"] = zone.kind == ZoneKind.red, zone.kind == ZoneKind.dead
        row["limit_mps"] = zone.speed_limit_mps or 0.0
    return table


def _proof_table(trip: Trip) -> NDArray[np.void]:
    number_of = {stop.stop_id: number for number, stop in enumerate(trip.stops)}
    proofs = sorted(trip.proofs, key=lambda proof: (proof.captured_at, number_of[proof.stop_id]))
    table = np.full(len(proofs), 0, PROOF)
    for row, proof in zip(table, proofs, strict=True):
        row["at_us"], row["stop"] = to_us(proof.captured_at), number_of[proof.stop_id]
        placed = proof.longitude_deg is not None and proof.latitude_deg is not None
        row["lon"] = proof.longitude_deg * 1e7 if placed and proof.longitude_deg is not None else np.nan
        row["lat"] = proof.latitude_deg * 1e7 if placed and proof.latitude_deg is not None else np.nan
        row["accuracy_m"] = np.nan if proof.accuracy_m is None else proof.accuracy_m
    return table


def _bound(moment: datetime | None, missing: int) -> int:
    return missing if moment is None else to_us(moment)


def _joined(parts: list[NDArray[np.void]], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)
