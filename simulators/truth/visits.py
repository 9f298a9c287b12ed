"""What became of each planned stop, and the proofs that the driver captured."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from domain.events import VisitState
from domain.trips import PlannedStop, Proof
from domain.truth import Incident, TrueVisit
from simulators.fleet.driving import Played, Stood
from simulators.fleet.planning import Round
from simulators.fleet.script import SERVICE, SIGNING, Script
from simulators.town.places import Place

POD_AWAY_M, VEHICLE_AWAY_M = 150.0, 250.0
UNSURE_M = 10.0  # two standard errors of a fix under an open sky: nearer to the limit it is arguable


def served(played: Played) -> dict[str, Stood]:
    """The services that took place, by stop."""
    return {one.halt.stop.stop_id: one for one in played.stood if one.halt.purpose == SERVICE and one.halt.stop is not None}


def true_visits(
    planned: Round, played: Played, hidden: Sequence[tuple[float, float]], unknown: Collection[str]
) -> list[TrueVisit]:
    """Every planned stop in the plan's order: serviced; missed; or without data, where the stop was served while nothing was
    told of the van's place, or was not served and is among the `unknown` ones, which may have been then."""
    done = served(played)
    return [_true_visit(planned, stop, done.get(stop.stop_id), hidden, unknown) for stop in planned.trip.stops]


def _true_visit(
    planned: Round,
    stop: PlannedStop,
    one: Stood | None,
    hidden: Sequence[tuple[float, float]],
    unknown: Collection[str],
) -> TrueVisit:
    trip_id = planned.trip.trip_id
    if one is None:
        state = VisitState.no_data if stop.stop_id in unknown else VisitState.missed
        return TrueVisit(trip_id, stop.stop_id, state, None, None)
    unseen = any(begin < int(one.from_s) and one.until_s <= end for begin, end in hidden)  # the row at the begin tells
    state = VisitState.no_data if unseen else VisitState.serviced
    return TrueVisit(trip_id, stop.stop_id, state, planned.at(one.from_s), planned.at(one.until_s))


def missed_stops(planned: Round, played: Played) -> list[Incident]:
    """A stop is being missed from the moment the van leaves the one before it until it is home."""
    done = served(played)
    since_s = played.driven[0].from_s if played.driven else 0.0
    home_s = played.driven[-1].until_s if played.driven else 0.0
    found = []
    for stop in planned.trip.stops:
        if stop.stop_id in done:
            since_s = max(since_s, done[stop.stop_id].until_s)
        else:
            found.append(_incident(planned, "missed_stop", stop.stop_id, since_s, max(home_s, since_s)))
    return found


def capture_proofs(
    planned: Round, played: Played, script: Script, rng: np.random.Generator
) -> tuple[list[Proof], list[Incident]]:
    """A proof for every service, taken as it ends; and for the stops signed for otherwise, where the driver was then."""
    done = served(played)
    proofs, found = [], []
    for stop, place in zip(planned.trip.stops, planned.outlets, strict=True):
        shaken = rng.normal(0, 7, 2)
        spare = rng.uniform(12, 45)
        if stop.stop_id in script.signed_on:
            there = stop.stop_id in script.signed_there
            where = (_passing(played, place) if there else _next_service(planned, stop, done)) or played.stood[-1]
            captured_s = where.from_s + 0.5 * (where.until_s - where.from_s)
            proofs.append(_proof(planned, stop, captured_s, where.x_m + shaken[0], where.y_m + shaken[1], rng))
            found += _wrongly_signed(planned, stop, place, where, captured_s, delivered=stop.stop_id in done)
        elif stop.stop_id in done:
            one = done[stop.stop_id]
            captured_s = max(one.from_s + 20, one.until_s - spare)
            aside = script.signed_aside.get(stop.stop_id, (0.0, 0.0))
            x_m, y_m = place.x_m + shaken[0] + aside[0], place.y_m + shaken[1] + aside[1]
            if stop.stop_id in script.signed_late_s:
                captured_s = one.until_s + script.signed_late_s[stop.stop_id]
                x_m, y_m = (float(np.interp(captured_s, played.t_s, track)) for track in (played.x_m, played.y_m))
            proofs.append(_proof(planned, stop, captured_s, x_m, y_m, rng))
    return proofs, found


def _wrongly_signed(
    planned: Round, stop: PlannedStop, place: Place, where: Stood, captured_s: float, *, delivered: bool
) -> list[Incident]:
    """Signed for nothing is a ghost delivery; signed far from shop and with the van far away, a proof taken away from it."""
    found = [] if delivered else [_incident(planned, "ghost_delivery", stop.stop_id, captured_s, captured_s)]
    apart_m = float(np.hypot(where.x_m - place.x_m, where.y_m - place.y_m))
    least_m = max(POD_AWAY_M, place.radius_m + 20, VEHICLE_AWAY_M)
    if apart_m > least_m - UNSURE_M:
        away = _incident(planned, "pod_away", stop.stop_id, captured_s, captured_s)
        found.append(replace(away, arguable=apart_m <= least_m + UNSURE_M, happened=apart_m > least_m))
    return found


def _passing(played: Played, place: Place) -> Stood | None:
    """The halt for a signature nearest to a shop."""
    halts = [one for one in played.stood if one.halt.purpose == SIGNING]
    return min(halts, key=lambda one: np.hypot(one.x_m - place.x_m, one.y_m - place.y_m), default=None)


def _next_service(planned: Round, stop: PlannedStop, done: dict[str, Stood]) -> Stood | None:
    after = planned.trip.stops[planned.trip.stops.index(stop) + 1 :]
    return next((done[later.stop_id] for later in after if later.stop_id in done), None)


def _proof(planned: Round, stop: PlannedStop, captured_s: float, x_m: float, y_m: float, rng: np.random.Generator) -> Proof:
    longitude, latitude = planned.town.network.plane.to_degrees(x_m, y_m)
    return Proof(
        stop.stop_id,
        planned.at(captured_s),
        round(float(longitude), 7),
        round(float(latitude), 7),
        round(float(rng.uniform(5, 18)), 1),
    )


def _incident(planned: Round, rule: str, stop_id: str | None, from_s: float, until_s: float) -> Incident:
    trip = planned.trip
    return Incident(rule, trip.device_id, trip.trip_id, stop_id, planned.at(from_s), planned.at(until_s))
