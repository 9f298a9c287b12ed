"""What became of each planned stop, and the proofs that the driver captured."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from domain.events import VisitState
from domain.trips import PlannedStop, Proof
from domain.truth import Incident, TrueVisit
from simulators.fleet.driving import Played, Stood
from simulators.fleet.planning import Round
from simulators.fleet.script import SERVICE

POD_AWAY_M, VEHICLE_AWAY_M = 150.0, 250.0


def at_second(planned: Round, second: float) -> datetime:
    """A moment of the day, in whole seconds."""
    return planned.day_start + timedelta(seconds=round(second))


def served(played: Played) -> dict[str, Stood]:
    """The services that took place, by stop."""
    return {one.halt.stop.stop_id: one for one in played.stood if one.halt.purpose == SERVICE and one.halt.stop is not None}


def true_visits(planned: Round, played: Played) -> list[TrueVisit]:
    """Every planned stop in the plan's order: serviced, or missed."""
    done = served(played)
    return [
        TrueVisit(planned.trip.trip_id, stop.stop_id, VisitState.missed, None, None)
        if stop.stop_id not in done
        else TrueVisit(
            planned.trip.trip_id,
            stop.stop_id,
            VisitState.serviced,
            at_second(planned, done[stop.stop_id].from_s),
            at_second(planned, done[stop.stop_id].until_s),
        )
        for stop in planned.trip.stops
    ]


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
    planned: Round, played: Played, signed_on: set[str], rng: np.random.Generator
) -> tuple[list[Proof], list[Incident]]:
    """A proof for every service, taken as it ends; and for the stops signed for without one, during the service after."""
    done = served(played)
    proofs, found = [], []
    for stop, place in zip(planned.trip.stops, planned.outlets, strict=True):
        shaken = rng.normal(0, 7, 2)
        if stop.stop_id in done:
            one = done[stop.stop_id]
            captured_s = max(one.from_s + 20, one.until_s - float(rng.uniform(12, 45)))
            proofs.append(_proof(planned, stop, captured_s, place.x_m + shaken[0], place.y_m + shaken[1], rng))
        elif stop.stop_id in signed_on:
            elsewhere = _next_service(planned, stop, done) or played.stood[-1]
            captured_s = elsewhere.from_s + 0.5 * (elsewhere.until_s - elsewhere.from_s)
            proofs.append(_proof(planned, stop, captured_s, elsewhere.x_m + shaken[0], elsewhere.y_m + shaken[1], rng))
            found.append(_incident(planned, "ghost_delivery", stop.stop_id, captured_s, captured_s))
            apart_m = float(np.hypot(elsewhere.x_m - place.x_m, elsewhere.y_m - place.y_m))
            if apart_m > max(POD_AWAY_M, place.radius_m) and apart_m > VEHICLE_AWAY_M:
                found.append(_incident(planned, "pod_away", stop.stop_id, captured_s, captured_s))
    return proofs, found


def _next_service(planned: Round, stop: PlannedStop, done: dict[str, Stood]) -> Stood | None:
    after = planned.trip.stops[planned.trip.stops.index(stop) + 1 :]
    return next((done[later.stop_id] for later in after if later.stop_id in done), None)


def _proof(planned: Round, stop: PlannedStop, captured_s: float, x_m: float, y_m: float, rng: np.random.Generator) -> Proof:
    longitude, latitude = planned.town.network.plane.to_degrees(x_m, y_m)
    return Proof(
        stop.stop_id,
        at_second(planned, captured_s),
        round(float(longitude), 7),
        round(float(latitude), 7),
        round(float(rng.uniform(5, 18)), 1),
    )


def _incident(planned: Round, rule: str, stop_id: str | None, from_s: float, until_s: float) -> Incident:
    trip = planned.trip
    return Incident(rule, trip.device_id, trip.trip_id, stop_id, at_second(planned, from_s), at_second(planned, until_s))
