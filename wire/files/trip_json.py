"""Trip JSON: one planned trip or a list of them, with the proofs of delivery that were captured on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from domain.suppressor_validity import check_suppressor
from domain.suppressors import Suppressor, SuppressorKind
from domain.trips import Circle, LonLat, PlannedStop, Proof, Trip
from wire.files.joined import write_listed
from wire.files.node import Node, parse_document
from wire.files.reading import naming, read_bytes
from wire.files.schedule_json import maybe_schedule
from wire.instants import format_instant

_APPROVALS: Final = {
    "breakdowns": SuppressorKind.breakdown,
    "detours": SuppressorKind.detour,
    "breaks": SuppressorKind.break_window,
}
_WRITTEN: Final = ("breakdowns", "detours")


def parse_trips(content: bytes | str) -> list[Trip]:
    """The trips of a JSON document; `InvalidInputError` names the path of what is wrong, such as `0.stops.3.window_end`."""
    document = parse_document(content)
    nodes = [document] if isinstance(document.value, dict) else document.items()
    return [trip_from(node) for node in nodes]


def parse_suppressors(content: bytes | str) -> list[Suppressor]:
    """The approvals that trips carry: `breakdowns`, `detours` and `breaks`; see `suppressors_from`."""
    document = parse_document(content)
    nodes = [document] if isinstance(document.value, dict) else document.items()
    return [one for node in nodes for one in suppressors_from(node)]


def read_suppressors(path: Path) -> list[Suppressor]:
    """The approvals of the trips of a file."""
    with naming(path):
        return parse_suppressors(read_bytes(path))


def suppressors_from(node: Node) -> Iterator[Suppressor]:
    """Those of one trip. Each has `from`, and perhaps `until` and `reason`; a detour may have a GeoJSON `geometry`, with
    `width_m` for a line or `radius_m` for a point, and breaks may have a `schedule` instead of `until`.
    """
    for name, kind in _APPROVALS.items():
        for index, one in enumerate(node.at(name).items() if node.has(name) else ()):
            yield _suppressor(node, one, kind, index)


def _suppressor(trip: Node, node: Node, kind: SuppressorKind, index: int) -> Suppressor:
    suppressor = Suppressor(
        suppressor_id=node.maybe_text("id") or f"{trip.text('trip_id')}/{kind}/{index + 1}",
        kind=kind,
        valid_from=node.instant("from"),
        valid_until=node.maybe_instant("until"),
        device_id=trip.text("device_id") if kind is SuppressorKind.breakdown else None,
        trip_id=None if kind is SuppressorKind.breakdown else trip.text("trip_id"),
        geometry=node.at("geometry").mapping() if node.has("geometry") else None,
        radius_m=node.maybe_number("radius_m", least=0),
        width_m=node.maybe_number("width_m", least=0),
        schedule=maybe_schedule(node, "schedule"),
        reason=node.maybe_text("reason"),
    )
    check_suppressor(suppressor, node.path)
    return suppressor


def read_trips(path: Path) -> list[Trip]:
    """The trips of a file."""
    with naming(path):
        return parse_trips(read_bytes(path))


def write_trips(trips: Iterable[Trip], file: TextIO, approvals: Iterable[Suppressor] = ()) -> int:
    """Write a list with one trip a line, the same bytes for the same trips; how many.

    Breakdowns and detours among the `approvals` go to the trips whose identifier and a slash begin theirs.
    """
    approved = tuple(approvals)
    return write_listed((trip_line(trip, approved) for trip in trips), file)


def trip_line(trip: Trip, approvals: Iterable[Suppressor] = ()) -> bytes:
    """The line of a trip, without comma and end."""
    mine = [one for one in approvals if one.suppressor_id.startswith(f"{trip.trip_id}/")]
    told = {name: [_approval_members(one) for one in mine if one.kind is _APPROVALS[name]] for name in _WRITTEN}
    return msgspec.json.encode(trip_members(trip) | {name: members for name, members in told.items() if members})


def _approval_members(one: Suppressor) -> dict[str, Any]:
    return {
        "id": one.suppressor_id,
        "from": format_instant(one.valid_from),
        **({} if one.valid_until is None else {"until": format_instant(one.valid_until)}),
        **({} if one.reason is None else {"reason": one.reason}),
        **({} if one.geometry is None else {"geometry": one.geometry}),
        **({} if one.width_m is None else {"width_m": one.width_m}),
    }


def trip_from(node: Node) -> Trip:
    """The trip that an object describes."""
    route = node.at("route")
    trip = Trip(
        trip_id=node.text("trip_id"),
        device_id=node.text("device_id"),
        planned_start=node.instant("planned_start"),
        planned_end=node.instant("planned_end"),
        route=() if route.value is None else _line(route),
        corridor_m=node.maybe_number("corridor_m", least=0),
        depot=_circle(node.at("depot")) if node.has("depot") else None,
        stops=tuple(_stop(stop) for stop in node.at("stops").items()) if node.has("stops") else (),
        proofs=tuple(_proof(proof) for proof in node.at("proofs").items()) if node.has("proofs") else (),
        route_id=node.maybe_text("route_id"),
    )
    if trip.planned_end < trip.planned_start:
        raise node.at("planned_end").refuse("is before planned_start")
    _refuse_repeated_stops(node, trip)
    return trip


def trip_members(trip: Trip) -> dict[str, Any]:
    """The object that describes a trip; the inverse of `trip_from`."""
    return {
        "trip_id": trip.trip_id,
        "device_id": trip.device_id,
        "planned_start": format_instant(trip.planned_start),
        "planned_end": format_instant(trip.planned_end),
        "route": {"type": "LineString", "coordinates": trip.route} if trip.route else None,
        "corridor_m": trip.corridor_m,
        "depot": None if trip.depot is None else _place_members(trip.depot),
        "stops": [_stop_members(stop) for stop in trip.stops],
        "proofs": [_proof_members(proof) for proof in trip.proofs],
        **({} if trip.route_id is None else {"route_id": trip.route_id}),
    }


def _line(node: Node) -> tuple[LonLat, ...]:
    if node.at("type").value != "LineString":
        raise node.at("type").refuse("must be LineString")
    return tuple(_lon_lat(point) for point in node.at("coordinates").items())


def _lon_lat(node: Node) -> LonLat:
    parts = list(node.items())
    if len(parts) < 2:
        raise node.refuse("must be [longitude, latitude]")
    here = Node({"longitude": parts[0].value, "latitude": parts[1].value}, node.path)
    return here.number("longitude"), here.number("latitude")


def _circle(node: Node) -> Circle:
    return Circle(node.number("longitude_deg"), node.number("latitude_deg"), node.number("radius_m", least=0))


def _stop(node: Node) -> PlannedStop:
    stop = PlannedStop(
        stop_id=node.text("stop_id"),
        outlet_id=node.maybe_text("outlet_id"),
        place=_circle(node),
        window_start=node.maybe_instant("window_start"),
        window_end=node.maybe_instant("window_end"),
        planned_service_s=node.maybe_number("planned_service_s", least=0),
        cases=node.maybe_number("cases", least=0),
        outlet_class=node.maybe_text("outlet_class"),
        usual_dwell_s=node.maybe_number("usual_dwell_s", least=0),
    )
    if stop.window_start and stop.window_end and stop.window_end < stop.window_start:
        raise node.at("window_end").refuse("is before window_start")
    return stop


def _proof(node: Node) -> Proof:
    return Proof(
        stop_id=node.text("stop_id"),
        captured_at=node.instant("captured_at"),
        longitude_deg=node.maybe_number("longitude_deg"),
        latitude_deg=node.maybe_number("latitude_deg"),
        accuracy_m=node.maybe_number("accuracy_m", least=0),
    )


def _refuse_repeated_stops(node: Node, trip: Trip) -> None:
    seen: set[str] = set()
    for index, stop in enumerate(trip.stops):
        if stop.stop_id in seen:
            raise Node(None, f"{node.path}.stops.{index}.stop_id".lstrip(".")).refuse(f"{stop.stop_id!r} is there twice")
        seen.add(stop.stop_id)


def _place_members(place: Circle) -> dict[str, Any]:
    return {"longitude_deg": place.longitude_deg, "latitude_deg": place.latitude_deg, "radius_m": place.radius_m}


def _stop_members(stop: PlannedStop) -> dict[str, Any]:
    return {
        "stop_id": stop.stop_id,
        "outlet_id": stop.outlet_id,
        **_place_members(stop.place),
        "window_start": _maybe(stop.window_start),
        "window_end": _maybe(stop.window_end),
        "planned_service_s": stop.planned_service_s,
        "cases": stop.cases,
        **({} if stop.outlet_class is None else {"outlet_class": stop.outlet_class}),
        **({} if stop.usual_dwell_s is None else {"usual_dwell_s": stop.usual_dwell_s}),
    }


def _proof_members(proof: Proof) -> dict[str, Any]:
    return {
        "stop_id": proof.stop_id,
        "captured_at": format_instant(proof.captured_at),
        "longitude_deg": proof.longitude_deg,
        "latitude_deg": proof.latitude_deg,
        "accuracy_m": proof.accuracy_m,
    }


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)
