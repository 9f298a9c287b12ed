"""What would be an incident, had nobody approved it: a halt, another way, a breakdown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from domain.suppressors import Suppressor, SuppressorKind
from domain.truth import Incident
from domain.zones import Zone, ZoneKind
from simulators.fleet.observed import Observed
from simulators.fleet.script import Drive, Halt
from simulators.incidents.case import Case
from simulators.incidents.halting import CLEARANCE_M, roadside
from simulators.town.network import Ints
from simulators.town.places import Place

PLACE_M, LANE_M = 60.0, 80.0
LONGER_M = 1500.0
BREAKDOWN = "breakdown"
_NOTICE_S = 240.0


def approved_halt(case: Case) -> bool:
    """A long halt at the roadside, at a place that was approved for the day, where no other halt is approved by the way."""
    suitable, chosen = roadside(case, CLEARANCE_M), list[int]()

    def choose(node: int) -> bool:
        if suitable(node) and not case.halts_within(node, PLACE_M + CLEARANCE_M):
            chosen.append(node)
        return bool(chosen) and node == chosen[0]

    if not case.insert_halt(Halt("parked", float(case.rng.uniform(13 * 60, 24 * 60))), choose):
        return False
    point = {"type": "Point", "coordinates": _coordinates(case, np.array(chosen[:1]))[0]}
    zone, network, node = _zone(case, ZoneKind.approved, "place", point, radius_m=PLACE_M), case.planned.town.network, chosen[0]
    case.zones.append(zone)
    place = Place(zone.zone_id, zone.kind, node, float(network.x_m[node]), float(network.y_m[node]), PLACE_M)
    case.places.append(place)
    return True


def approved_detour(case: Case) -> bool:
    """A leg far off the planned route, along streets that were approved for this trip instead."""
    network, corridor_m = case.planned.town.network, case.planned.trip.corridor_m or 0.0
    apart_m = case.cross_track_m(np.arange(len(network.x_m)))
    most_m = min(LONGER_M, 0.06 * case.length_m(*case.script.actions))
    far = np.flatnonzero((apart_m > corridor_m + 100) & (apart_m < corridor_m + 500))
    for position in case.rng.permutation(case.drives()):
        for node in case.rng.permutation(far)[:12]:
            there, back = case.drive_via(int(position), int(node))
            if len(there.edges) == 0 or len(back.edges) == 0:
                continue
            if case.length_m(there, back) - case.length_m(case.script.actions[position]) > most_m:
                continue
            case.script.actions[position : position + 1] = [there, back]
            case.altered = True
            _approve_way(case, there, back)
            return True
    return False


def _approve_way(case: Case, there: Drive, back: Drive) -> None:
    nodes = case.planned.town.network.nodes_of(np.concatenate([there.edges, back.edges]), there.source)
    case.detours.append(nodes)
    line = {"type": "LineString", "coordinates": _coordinates(case, nodes)}
    trip, begin, kind = case.planned.trip, case.planned.day_start, SuppressorKind.detour
    name, end = f"{trip.trip_id}/{kind}/1", begin + timedelta(days=1)
    approval = Suppressor(name, kind, begin, end, trip_id=trip.trip_id, geometry=line, width_m=LANE_M, reason="road works")
    case.approvals.append(approval)


def approved_breakdown(case: Case) -> bool:
    """The van breaks down, and goes on when it is repaired; it was reported, and approved."""
    halt = Halt(BREAKDOWN, float(case.rng.uniform(20 * 60, 30 * 60)))
    if not case.insert_halt(halt, roadside(case)):
        return False
    case.hooks.append(_approve_breakdown)
    return True


def _approve_breakdown(seen: Observed) -> list[Incident]:
    trip = seen.planned.trip
    for number, one in enumerate((one for one in seen.played.stood if one.halt.purpose == BREAKDOWN), 1):
        name = f"{trip.trip_id}/{SuppressorKind.breakdown}/{number}"
        begin, end = seen.planned.at(one.from_s - 1), seen.planned.at(one.until_s + _NOTICE_S)
        kind = SuppressorKind.breakdown
        seen.approvals.append(Suppressor(name, kind, begin, end, device_id=trip.device_id, reason="flat tyre"))
    return []


def _zone(
    case: Case,
    kind: ZoneKind,
    what: str,
    geometry: Mapping[str, object],
    radius_m: float | None = None,
    width_m: float | None = None,
) -> Zone:
    zone_id, begin = f"{what}-{case.planned.trip.trip_id}", case.planned.day_start
    end = begin + timedelta(days=1)
    return Zone(zone_id, what.capitalize(), kind, geometry, radius_m, width_m, valid_from=begin, valid_until=end)


def _coordinates(case: Case, nodes: Ints) -> list[list[float]]:
    network = case.planned.town.network
    longitude, latitude = network.plane.to_degrees(network.x_m[nodes], network.y_m[nodes])
    return [[round(float(a), 7), round(float(b), 7)] for a, b in zip(longitude, latitude, strict=True)]
