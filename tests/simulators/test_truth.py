"""The truth agrees with what the rows show, as far as rows can show it."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from domain.events import VisitState
from domain.truth import Incident, TrueVisit
from simulators.fleet.fixes import Fixes
from simulators.moments import to_unix_us
from simulators.simulation import Simulation
from simulators.town.plane import Plane


def _rows(simulation: Simulation, device: str, since: datetime, until: datetime) -> Fixes:
    fixes = simulation.fixes[simulation.fixes["device"] == simulation.devices.index(device)]
    wanted: Fixes = fixes[(fixes["fix_us"] >= to_unix_us(since)) & (fixes["fix_us"] <= to_unix_us(until))]
    return wanted


def test_morning_run_holds_one_missed_stop_signed_for_and_one_unplanned_halt(morning: Simulation) -> None:
    rules = [line.rule for line in morning.truth if isinstance(line, Incident)]
    assert rules.count("missed_stop") == 1
    assert rules.count("ghost_delivery") == 1
    assert rules.count("unscheduled_stop") == 1
    assert set(rules) <= {"missed_stop", "ghost_delivery", "pod_away", "unscheduled_stop"}


def test_every_planned_stop_has_one_true_visit(morning: Simulation) -> None:
    planned = sorted((trip.trip_id, stop.stop_id) for trip in morning.trips for stop in trip.stops)
    assert sorted((line.trip_id, line.stop_id) for line in morning.truth if isinstance(line, TrueVisit)) == planned


def test_a_serviced_visit_is_seen_standing_at_the_shop_and_a_missed_one_is_not(morning: Simulation) -> None:
    trips = {trip.trip_id: trip for trip in morning.trips}
    plane = Plane(*morning.trips[0].route[0])
    for visit in (line for line in morning.truth if isinstance(line, TrueVisit)):
        trip = trips[visit.trip_id]
        place = next(stop.place for stop in trip.stops if stop.stop_id == visit.stop_id)
        since, until = visit.arrived_at or trip.planned_start, visit.departed_at or trip.planned_end
        rows = _rows(morning, trip.device_id, since, until)
        x_m, y_m = plane.to_metres(rows["longitude_e7"] / 1e7, rows["latitude_e7"] / 1e7)
        px, py = plane.to_metres(place.longitude_deg, place.latitude_deg)
        near = np.hypot(x_m - px, y_m - py) < place.radius_m + 25
        if visit.state is VisitState.serviced:
            assert near.mean() > 0.9
            assert (rows["door_open"] == 1).any()
        else:
            assert not (near & (rows["door_open"] == 1)).any()


def test_the_unplanned_halt_is_long_and_away_from_where_the_van_may_stand(morning: Simulation) -> None:
    halt = next(line for line in morning.truth if isinstance(line, Incident) and line.rule == "unscheduled_stop")
    assert halt.ended_at is not None
    assert halt.ended_at - halt.started_at > timedelta(minutes=12)
    margin = timedelta(seconds=20)
    rows = _rows(morning, halt.device_id, halt.started_at + margin, halt.ended_at - margin)
    assert (rows["speed_mps"] < 1).all()
    trip = next(trip for trip in morning.trips if trip.trip_id == halt.trip_id)
    plane = Plane(*trip.route[0])
    x_m, y_m = plane.to_metres(rows["longitude_e7"] / 1e7, rows["latitude_e7"] / 1e7)
    for stop in trip.stops:
        px, py = plane.to_metres(stop.place.longitude_deg, stop.place.latitude_deg)
        assert np.hypot(x_m - px, y_m - py).min() > stop.place.radius_m + 40
