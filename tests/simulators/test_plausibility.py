"""The vans obey physics and the streets; the oracles are shapely and finite differences, not the simulator's arithmetic."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulators.fleet.driving import Played, play
from simulators.fleet.planning import Round, Van, plan_day
from simulators.fleet.rounds import honest_script
from simulators.fleet.sequence import short_round
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.streams import stream
from simulators.town.places import Town
from simulators.towns import draw_town

SEEDS = range(20, 26)


def _town(seed: int) -> Town:
    return draw_town(load(), seed, 0)


def _played(seed: int) -> list[tuple[Round, Played]]:
    scenario, town = load(), _town(seed)
    vans = [Van(f"van-{number}", number, 0) for number in range(4)]
    depot = town.depot.x_m, town.depot.y_m
    return [
        (one, play(honest_script(scenario, one, stream(seed, "test")), town.network, depot, seed, (one.van.device_id,), 7200.0))
        for one in plan_day(scenario, town, vans, seed, 0)
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_node_reaches_every_other(seed: int) -> None:
    network = _town(seed).network
    assert all(np.isfinite(network.tree(node)[0]).all() for node in range(0, len(network.x_m), 50))


@pytest.mark.parametrize("seed", SEEDS)
def test_vans_keep_to_limits_of_speed_and_acceleration(seed: int) -> None:
    for _, played in _played(seed):
        took_s, gained = np.diff(played.t_s), np.diff(played.speed_mps)
        moved_m = np.hypot(np.diff(played.x_m), np.diff(played.y_m))
        moving = (played.speed_mps[1:] > 0) | (played.speed_mps[:-1] > 0)
        assert (took_s >= 0).all()
        assert played.speed_mps.max() < 25
        assert (np.abs(gained) <= 2.2 * took_s + 1e-6).all()
        assert np.allclose(moved_m[moving], (0.5 * (played.speed_mps[1:] + played.speed_mps[:-1]) * took_s)[moving], atol=0.2)


@pytest.mark.parametrize("seed", SEEDS)
def test_vans_drive_on_streets_and_stop_at_their_shops(seed: int) -> None:
    for planned, played in _played(seed):
        network = planned.town.network
        ends = np.stack([network.tail, network.head], axis=1)
        streets = shapely.MultiLineString(np.stack([network.x_m[ends], network.y_m[ends]], axis=2).tolist())
        driving = played.speed_mps > 1
        places = shapely.points(played.x_m[driving][::7], played.y_m[driving][::7])
        assert shapely.distance(streets, places).max() < 20
        services = [one for one in played.stood if one.halt.stop]
        assert [one.halt.stop for one in services] == list(planned.trip.stops)
        for one, place in zip(services, planned.outlets, strict=True):
            assert np.hypot(one.x_m - place.x_m, one.y_m - place.y_m) < place.radius_m


def test_reports_come_every_ten_seconds_moving_and_every_minute_idle(morning: Simulation) -> None:
    for device in range(len(morning.devices)):
        fixes = morning.fixes[morning.fixes["device"] == device]
        gap_s = np.diff(fixes["fix_us"]) / 1e6
        moving = (fixes["speed_mps"][:-1] > 1) & (fixes["speed_mps"][1:] > 1)
        assert gap_s.max() <= 60
        assert gap_s[moving].max() <= 10
        assert (fixes["received_us"] > fixes["fix_us"]).all()
        assert (np.diff(fixes["received_us"]) >= 0).all()


def test_position_error_drifts(morning: Simulation) -> None:
    """Ten seconds apart, a standing van's error has hardly moved; ten minutes apart it is another one."""
    fixes = morning.fixes[(morning.fixes["device"] == 1) & (morning.fixes["speed_mps"] == 0)]
    near: list[float] = []
    far: list[float] = []
    for i in range(len(fixes)):
        for j in range(i + 1, len(fixes)):
            apart_s = (fixes["fix_us"][j] - fixes["fix_us"][i]) / 1e6
            apart_m = abs(float(fixes["latitude_e7"][j] - fixes["latitude_e7"][i])) * 0.0111
            if apart_m < 20 and apart_s < 30:
                near.append(apart_m)
            elif apart_m < 20 and apart_s > 400:
                far.append(apart_m)
    assert np.mean(near) < 0.6 * np.mean(far)


Points = NDArray[np.float64]


@given(st.lists(st.tuples(st.floats(-5e3, 5e3), st.floats(-5e3, 5e3)), min_size=2, max_size=25))
@settings(max_examples=60, deadline=None)
def test_a_short_round_visits_all_and_no_exchange_shortens_it(points: list[tuple[float, float]]) -> None:
    x_m, y_m = (np.ascontiguousarray(column) for column in np.array(points).T)
    order = short_round(x_m, y_m)
    assert order[0] == 0
    assert sorted(order.tolist()) == list(range(len(points)))

    def length_m(ordered: NDArray[np.int64]) -> float:
        return float(np.hypot(x_m[ordered] - x_m[np.roll(ordered, -1)], y_m[ordered] - y_m[np.roll(ordered, -1)]).sum())

    for i in range(1, len(order)):
        for j in range(i + 1, len(order)):
            other = np.concatenate([order[:i], order[i : j + 1][::-1], order[j + 1 :]])
            assert length_m(order) <= length_m(other) + 1e-3


def test_plans_are_consistent(morning: Simulation) -> None:
    for trip in morning.trips:
        assert trip.planned_start < trip.planned_end
        route = shapely.LineString(trip.route)
        for stop in trip.stops:
            assert route.distance(shapely.Point(stop.place.longitude_deg, stop.place.latitude_deg)) < 0.0003
            assert stop.window_start is not None
            assert stop.window_end is not None
            assert timedelta(minutes=60) < stop.window_end - stop.window_start
