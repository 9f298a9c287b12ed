"""Every kind of incident is told of in the truth by the rules it is for, and what only looks like one is not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from domain.errors import InvalidInputError, NotFoundError
from domain.truth import Incident, TrueVisit
from domain.zones import ZoneKind
from geofence.kernels.metres import metres_between
from simulators.fleet.fixes import alarm_bits
from simulators.folder import write_folder
from simulators.incidents import INCIDENTS, TEMPTS
from simulators.moments import to_unix_us
from simulators.scenario import IncidentPlan, Scenario, TripsPlan, load, names, parse
from simulators.simulation import Simulation
from simulators.world import generate
from wire.files.trip_json import read_suppressors

EXPECTED = {
    "skip_stop": {"missed_stop"},
    "skip_and_sign": {"missed_stop", "ghost_delivery"},
    "stop_and_sign": {"missed_stop", "ghost_delivery"},
    "sign_elsewhere": {"pod_away"},
    "unplanned_halt": {"unscheduled_stop"},
    "red_zone_halt": {"unscheduled_stop"},
    "meet_partner": {"unscheduled_stop"},
    "unload_elsewhere": {"unscheduled_unloading", "cargo_weight_drop", "settlement_mismatch"},
    "unload_too_much": {"cargo_weight_drop", "settlement_mismatch"},
    "siphon_fuel": {"fuel_drop"},
    "deviate": {"route_deviation"},
    "go_round": {"detour"},
    "shuffle_stops": {"out_of_sequence"},
    "leave_late": {"early_or_late"},
    "dwell_long": {"long_dwell"},
    "speed": {"overspeed"},
    "leave_door_open": {"door_open_moving"},
    "miscount": {"settlement_mismatch"},
    "night_ride": {"night_movement", "off_hours_ignition"},
    "tow": {"towed", "night_movement"},
    "idle_at_night": {"off_hours_ignition"},
    "silent_device": {"silent_device"},
    "gps_loss": {"gps_loss"},
    "jamming": {"jamming"},
    "power_cut": {"power_cut"},
    "tamper": {"tamper"},
    "spoofed_position": {"spoofed_position"},
    "clock_jump": {"clock_fault"},
    "harsh_braking": {"harsh_driving"},
}


def _scenario(*kinds: str) -> Scenario:
    town = msgspec.structs.replace(load().town, outlets=260, columns=22, rows=20)
    return msgspec.structs.replace(
        load(),
        vehicles=6,
        start=load().start.replace(hour=6),
        day_h=23.5,
        town=town,
        trips=TripsPlan(stops=(16, 24)),
        incidents=tuple(IncidentPlan(kind, rate=1.0) for kind in kinds),
    )


@cache
def _world(*kinds: str) -> Simulation:
    return generate(_scenario(*kinds), seed=31)


def _rules(simulation: Simulation) -> Counter[str]:
    return Counter(line.rule for line in simulation.truth if isinstance(line, Incident))


def test_every_kind_is_tested_here() -> None:
    assert set(EXPECTED) | set(TEMPTS) == set(INCIDENTS)


@pytest.mark.parametrize("kind", EXPECTED)
def test_an_incident_is_labelled_with_its_rules(kind: str) -> None:
    rules = _rules(_world(kind))
    assert set(rules) >= EXPECTED[kind]
    side_effects = {"detour", "route_deviation", "pod_away", "early_or_late", "long_dwell"}
    assert set(rules) - EXPECTED[kind] <= side_effects


@pytest.mark.parametrize("kind", TEMPTS)
def test_a_near_incident_changes_the_day_and_labels_nothing(kind: str) -> None:
    world = _world(kind)
    assert not _rules(world)
    assert {line.state.value for line in world.truth if isinstance(line, TrueVisit)} == {"serviced"}
    assert (world.fixes.tobytes(), world.trips) != (_world().fixes.tobytes(), _world().trips)


def test_what_was_approved_is_told(tmp_path: Path) -> None:
    assert [zone.kind.value for zone in _world("approved_halt").zones if zone.valid_from] == ["approved"] * 6
    for kind in ("approved_detour", "approved_breakdown"):
        world, folder = _world(kind), tmp_path / kind
        folder.mkdir()
        assert {f"approved_{one.kind}" for one in world.approvals} == {kind}
        write_folder(world, folder)
        assert sorted(read_suppressors(folder / "trips.json"), key=lambda one: one.suppressor_id) == sorted(
            world.approvals, key=lambda one: one.suppressor_id
        )


def test_a_quiet_world_has_no_incident() -> None:
    assert not _rules(_world())


def test_a_dead_device_tells_nothing_and_hides_its_visits() -> None:
    world = _world("silent_device")
    for line in world.truth:
        if isinstance(line, Incident):
            fixes = world.fixes[world.fixes["device"] == world.devices.index(line.device_id)]["fix_us"] / 1e6
            assert line.ended_at is not None
            inside = (fixes > line.started_at.timestamp()) & (fixes < line.ended_at.timestamp())
            assert not inside.any()
            assert line.ended_at - line.started_at > timedelta(minutes=15)
    states = Counter(line.state.value for line in world.truth if isinstance(line, TrueVisit))
    assert states["no_data"] > 0
    assert states["missed"] == 0


def test_unloading_elsewhere_shows_in_door_and_weight() -> None:
    world = _world("unload_elsewhere")
    for line in world.truth:
        if isinstance(line, Incident) and line.rule == "unscheduled_unloading":
            assert line.ended_at is not None
            fixes = world.fixes[world.fixes["device"] == world.devices.index(line.device_id)]
            at = fixes["fix_us"] / 1e6
            during = fixes[(at >= line.started_at.timestamp()) & (at <= line.ended_at.timestamp())]
            assert (during["door_open"] == 1).any()
            assert during["cargo_kg"].max() - during["cargo_kg"].min() > 30


def test_a_jammed_or_cut_device_says_so() -> None:
    for kind, alarm in (
        ("jamming", "jamming"),
        ("power_cut", "power_cut"),
        ("tamper", "tamper"),
        ("harsh_braking", "harsh_braking"),
    ):
        world = _world(kind)
        assert (world.fixes["alarms"] & alarm_bits(alarm) > 0).sum() == len(world.devices)
    assert (_world("power_cut").fixes["external_v"] < 6).sum() > 10


def test_a_device_that_is_dead_while_it_is_jammed_does_not_say_so_afterwards() -> None:
    plans = (IncidentPlan("silent_device", rate=1.0), IncidentPlan("jamming", rate=1.0))
    world = generate(msgspec.structs.replace(_scenario(), incidents=plans), seed=6, vehicles=24)
    told = world.fixes[world.fixes["alarms"] & alarm_bits("jamming") > 0]
    jammed = {line.device_id for line in world.truth if isinstance(line, Incident) and line.rule == "jamming"}
    assert {world.devices[number] for number in told["device"].tolist()} == jammed
    assert 0 < len(jammed) < 24


def test_spoofing_holds_the_place_while_the_odometer_runs() -> None:
    world = _world("spoofed_position")
    for line in world.truth:
        if isinstance(line, Incident):
            fixes = world.fixes[world.fixes["device"] == world.devices.index(line.device_id)]
            at = fixes["fix_us"] / 1e6
            assert line.ended_at is not None
            during = fixes[(at >= line.started_at.timestamp()) & (at < line.ended_at.timestamp())]
            assert np.ptp(during["latitude_e7"]) * 0.0111 < 50
            assert np.ptp(during["odometer_m"]) > 1000


def test_a_habit_over_three_days_is_a_cluster() -> None:
    plans = (IncidentPlan("meet_partner", rate=1.0, vehicle=1),)
    world = generate(msgspec.structs.replace(_scenario(), incidents=plans, day_h=12), seed=4, vehicles=3, days=3)
    clusters = [line for line in world.truth if isinstance(line, Incident) and line.rule == "collusion_cluster"]
    assert [line.device_id for line in clusters] == ["van-0002"]
    assert not _rules(generate(msgspec.structs.replace(_scenario(), incidents=plans), seed=4, days=2))["collusion_cluster"]


@pytest.mark.parametrize(("kind", "vans"), [("red_zone_halt", 2), ("approved_halt", 0), ("park_next_door", 0)])
def test_a_habit_need_not_be_planned_but_is_of_odd_halts_alone(kind: str, vans: int) -> None:
    plans = (IncidentPlan(kind, rate=1.0),)
    world = generate(msgspec.structs.replace(_scenario(), incidents=plans), seed=4, vehicles=3, days=4)
    assert _rules(world)["collusion_cluster"] == vans


def test_a_jam_holds_several_vans_and_is_no_incident() -> None:
    quiet = _scenario()
    jammed = msgspec.structs.replace(quiet, trips=msgspec.structs.replace(quiet.trips, jams=1, departures_over_min=8))
    calm = msgspec.structs.replace(quiet, trips=msgspec.structs.replace(quiet.trips, departures_over_min=8))
    held = 0
    for seed in (1, 2):
        ours, theirs = generate(jammed, seed, vehicles=16), generate(calm, seed, vehicles=16)
        assert not _rules(ours)
        ends = [sorted((v.trip_id, v.departed_at) for v in one.truth if isinstance(v, TrueVisit)) for one in (ours, theirs)]
        late = {trip for (trip, a), (_, b) in zip(*ends, strict=True) if a and b and a - b > timedelta(minutes=8)}
        held = max(held, len(late))
    assert held >= 3


def test_counts_and_rates_are_kept() -> None:
    scenario = msgspec.structs.replace(
        _scenario(), incidents=(IncidentPlan("dwell_long", count=3), IncidentPlan("tamper", rate=0.0))
    )
    assert _rules(generate(scenario, seed=4)) == Counter(long_dwell=3)


def test_scenarios_load_and_name_known_kinds() -> None:
    for name in names():
        scenario = load(name)
        assert scenario.description
        assert {plan.kind for plan in scenario.incidents} <= set(INCIDENTS)


def test_bad_scenarios_are_refused() -> None:
    with pytest.raises(NotFoundError, match="morning_run"):
        load("no_such_thing")
    with pytest.raises(InvalidInputError, match="vehicels"):
        parse('description = "x"\nvehicels = 3', "x")
    with pytest.raises(InvalidInputError, match="zone"):
        parse('description = "x"\nstart = 2026-03-02T06:30:00', "x")
    with pytest.raises(InvalidInputError, match="explode"):
        generate(msgspec.structs.replace(_scenario(), incidents=(IncidentPlan("explode", rate=1),)), 1)
    with pytest.raises(InvalidInputError):
        generate(_scenario(), 1, vehicles=0)


def test_wheels_and_signatures_tell_what_was_served() -> None:
    """On each of six rounds a shop is skipped, and the van gets no fix, or says nothing, long enough to have served it.

    The wheels of the first stood elsewhere; between the others that were signed for there is no way round by it.
    """
    assert Counter(_skipped_as(_world("skip_stop", "gps_loss"))) == Counter(missed=6)
    assert Counter(_skipped_as(_world("skip_stop", "silent_device"))) == Counter(missed=6)


def _skipped_as(world: Simulation) -> list[str]:
    return [line.state.value for line in world.truth if isinstance(line, TrueVisit) and line.arrived_at is None]


@pytest.mark.parametrize("seed", [33, 42])
def test_a_halt_that_went_silent_before_it_was_long_enough_is_nobodys_to_find(seed: int) -> None:
    simulation = generate(_scenario("unplanned_halt", "silent_device"), seed)
    halts = [line for line in simulation.truth if isinstance(line, Incident) and line.rule == "unscheduled_stop"]
    assert halts
    for halt in halts:
        assert halt.ended_at is not None
        own = simulation.fixes[simulation.fixes["device"] == simulation.devices.index(halt.device_id)]
        told_us = own["fix_us"][(own["fix_us"] >= to_unix_us(halt.started_at)) & (own["fix_us"] <= to_unix_us(halt.ended_at))]
        assert np.ptp(told_us) >= 600 * 1_000_000


@pytest.mark.parametrize("kinds", [("unload_elsewhere", "approved_halt"), ("approved_halt", "unload_elsewhere")])
def test_a_place_approved_for_one_halt_approves_no_other_of_that_van(kinds: tuple[str, str]) -> None:
    found = 0
    for seed in range(31, 37):
        simulation = generate(_scenario(*kinds), seed)
        places = {zone.zone_id.removeprefix("place-"): zone for zone in simulation.zones if zone.kind is ZoneKind.approved}
        for line in simulation.truth:
            if isinstance(line, Incident) and line.rule == "unscheduled_unloading" and line.trip_id in places:
                found += 1
                own = simulation.fixes[simulation.fixes["device"] == simulation.devices.index(line.device_id)]
                ended_at = line.ended_at or line.started_at
                inside = own[(own["fix_us"] >= to_unix_us(line.started_at)) & (own["fix_us"] <= to_unix_us(ended_at))]
                inside = inside[(inside["fix_valid"] == 1) & (inside["speed_mps"] == 0)]
                where = np.median(inside["longitude_e7"]) / 1e7, np.median(inside["latitude_e7"]) / 1e7
                assert metres_between(*where, *places[line.trip_id].geometry["coordinates"]) > 60 + 60
    assert found >= 10
