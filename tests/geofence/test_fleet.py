"""What the whole fleet does excuses each of them, whoever judges them and in whatever order it becomes known."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.zones import ZoneKind
from geofence.alike import SLOW, Alike, excused
from geofence.engine import Engine
from geofence.history import Judgement, judge
from geofence.parameters import Parameters
from geofence.replay import Replay
from geofence.rows import Rows
from geofence.whole import Evidence, complete
from geofence.world import World
from tests.geofence.scene import Drive, judged, round_zone, rows_of, stop, trip, world

NAMES = ("a", "b", "c", "d", "e")
SETTINGS = settings(max_examples=15, deadline=None)


def jammed() -> tuple[World, Rows]:
    """Three vans creep through one jam, a fourth halts elsewhere; two of them, and later a fifth, drive round a closed road."""
    trips = [trip([stop(1, 9000, 0)], trip_id=f"trip of {name}", device_id=name) for name in NAMES]
    drives = [Drive(device=name).halt(60 + 20 * k).to(3000 + 40 * k, 0) for k, name in enumerate(NAMES[:3])]
    drives[0].halt(900)
    for drive in drives[1:]:
        drive.to(drive.x + 90, 0, mps=0.5).halt(700)
    other = Drive(device="d").halt(60).to(5000, 0).halt(900)
    last = Drive(device="e").halt(900)
    for drive in (drives[1], other, last):
        drive.to(6000, 0).to(6000, 1400).to(8000, 1400).to(8000, 0).to(8500, 0)
    rows = rows_of(*drives, other, last, devices=NAMES)
    rows["received_at_us"] = rows["fix_time_us"] + 2_000_000
    return world(trips, devices=NAMES), rows


SCENE, ROWS = jammed()
END_US = int(ROWS["received_at_us"].max())


def told(judgement: Judgement) -> list[object]:
    assert judgement.faults == []
    return [*judgement.in_order(), *sorted(judgement.alike.values(), key=lambda one: one.alike_id)]


def at_once() -> Judgement:
    judgement = Judgement()
    for _, conclusions in judge(Engine(SCENE), ROWS, END_US):
        judgement.take(conclusions)
    return judgement


EXPECTED = at_once()


def test_a_jam_and_a_closed_road_are_nobodys_fault() -> None:
    halts = [event.device_id for event in EXPECTED.held().values() if event.rule == "unscheduled_stop"]
    assert halts == ["d"]
    concluded = [event.device_id for event in EXPECTED.events.values() if event.rule == "route_deviation"]
    assert sorted(concluded) == ["b", "d", "e"]
    assert [event for event in EXPECTED.held().values() if event.rule == "route_deviation"] == []


def test_other_rules_judge_beside_it_and_blame_nobody_again() -> None:
    evidence = Evidence(SCENE.zones, SCENE.trips)
    for as_arrived in (False, True):
        whole = complete(EXPECTED, evidence, Parameters(), as_arrived=as_arrived)
        assert whole.held() == EXPECTED.held()
        assert len(whole.held()) < len(whole.events)


def test_a_halt_on_the_way_round_is_no_closed_road() -> None:
    """Two meet where nobody sees them, each by the same way: the one that does not stay is not excused by the one that does."""
    scene = world([trip([stop(1, 9000, 0)], trip_id=f"trip of {name}", device_id=name) for name in NAMES[:2]], devices=NAMES)

    def round_by(name: str, at_s: float, halt_s: float) -> Drive:
        drive = Drive(device=name, at_s=at_s).halt(60).to(6000, 0).to(6000, 1400)
        return (drive.halt(halt_s) if halt_s else drive).to(8000, 1400).to(8000, 0).to(8500, 0)

    for halts_s, told in (((0, 0), []), ((900, 0), ["a", "b"]), ((900, 900), ["a", "b"])):
        drives = [round_by(name, 300 * number, halts_s[number]) for number, name in enumerate(NAMES[:2])]
        found = judged(scene, *drives, devices=NAMES).of("route_deviation")
        assert sorted(event.device_id for event in found) == told


def test_a_halt_just_beyond_the_edge_is_no_closed_road() -> None:
    """There a van has not driven far enough for a deviation yet: it is one, and no way round, when it drives on."""
    trips = [trip([stop(1, 9000, 0)], trip_id=f"trip of {name}", device_id=name) for name in NAMES[:2]]
    scene = world(trips, [round_zone("red", 6000, 220, 120, ZoneKind.red)], devices=NAMES)

    def round_by(name: str, at_s: float, halt_s: float, *, is_open: bool) -> Drive:
        drive = Drive(device=name, at_s=at_s)
        drive.always["door_open"] = False
        drive.halt(60).to(6000, 0).to(6000, 220)
        if halt_s:
            drive.halt(halt_s / 2, door_open=is_open).halt(halt_s / 2)
        return drive.to(6000, 1400).to(8000, 1400).to(8000, 0).to(8500, 0)

    for halt_s, is_open, severities in ((0, False, []), (420, False, ["high"] * 2), (120, True, ["high", "critical"])):
        drives = [round_by("a", 0, 0, is_open=False), round_by("b", 600, halt_s, is_open=is_open)]
        found = judged(scene, *drives, devices=NAMES).of("route_deviation")
        assert [event.severity for event in sorted(found, key=lambda event: event.device_id)] == severities


def test_there_and_back_is_no_way_round_a_closed_road() -> None:
    """Two leave their routes by one street; who comes back to where it left, or by a way much longer, avoids no closed road."""
    scene = world([trip([stop(1, 9000, 0)], trip_id=f"trip of {name}", device_id=name) for name in NAMES[:2]], devices=NAMES)
    ways = {
        "round": [(6000, 900), (8000, 900), (8000, 0)],
        "back": [(6000, 900), (6050, 900), (6050, 0)],
        "far": [(6000, 900), (2000, 900), (2000, 1400), (6900, 1400), (6900, 0)],
    }

    def by(name: str, at_s: float, way: str) -> Drive:
        drive = Drive(device=name, at_s=at_s).halt(60).to(6000, 0)
        for x, y in ways[way]:
            drive.to(x, y)
        return drive.to(8900, 0).halt(300)

    for way, told in (("round", []), ("back", ["a", "b"]), ("far", ["a", "b"])):
        found = judged(scene, by("a", 0, "round"), by("b", 300, way), devices=NAMES).of("route_deviation")
        assert sorted(event.device_id for event in found) == told


def test_by_the_gate_it_takes_one_more_to_close_a_road() -> None:
    """There all routes run together: two that leave them by one street may do so by chance."""
    trips = [trip([stop(1, 9000, 0)], trip_id=f"trip of {name}", device_id=name) for name in NAMES[:3]]
    drives = [
        Drive(device=name, at_s=300 * number).halt(60).to(150, 0).to(150, 1400).to(8000, 1400).to(8000, 0).to(8500, 0)
        for number, name in enumerate(NAMES[:3])
    ]
    scene = world(trips, devices=NAMES)
    assert len(judged(scene, *drives[:2], devices=NAMES).of("route_deviation")) == 2
    assert judged(scene, *drives, devices=NAMES).of("route_deviation") == []


def test_who_switches_the_engine_off_beside_a_jam_has_parked() -> None:
    trips = [trip([stop(1, 9000, 0)], trip_id=f"trip of {name}", device_id=name) for name in NAMES[:3]]
    drives = [Drive(device=name).halt(60).to(3000 + 30 * k, 0) for k, name in enumerate(NAMES[:3])]
    for number, drive in enumerate(drives):
        drive.halt(900, ignition=number > 0)
    scene = world(trips, devices=NAMES)
    (event,) = judged(scene, *drives, devices=NAMES).of("unscheduled_stop")
    assert event.device_id == "a"


def test_one_that_leaves_its_route_alone_is_not_excused() -> None:
    drive = Drive(device="a").halt(60).to(6000, 0).to(6000, 1400).to(8000, 1400).to(8000, 0).to(8500, 0)
    opposite = Drive(device="b").halt(60).to(6000, 0).to(6000, -1400).to(8000, -1400).to(8000, 0).to(8500, 0)
    assert len(judged(SCENE, drive, opposite, devices=NAMES).of("route_deviation")) == 2


@SETTINGS
@given(st.integers(0, 2**32), st.integers(1, 5), st.data())
def test_lanes_batches_restarts_and_late_rows_do_not_matter(seed: int, lanes: int, data: st.DataObject) -> None:
    """Each lane has an engine of its own, is given its rows in another order and is restarted: together they say the same."""
    random, together = Random(seed), Judgement()
    lane_of = {number: random.randrange(lanes) for number in SCENE.devices}
    for lane in range(lanes):
        mine = {number: key for number, key in SCENE.devices.items() if lane_of[number] == lane}
        scene = World(SCENE.zones, tuple(one for one in SCENE.trips if one.device_id in mine.values()), mine)
        rows = ROWS[np.isin(ROWS["device"], list(mine))]
        if len(rows):
            together.add(_replayed(scene, rows, data) if data.draw(st.booleans()) else _cut(scene, rows, data))
    assert told(together) == told(EXPECTED)


def _replayed(scene: World, rows: Rows, data: st.DataObject) -> Judgement:
    late = np.concatenate((rows, rows[: len(rows) // 5]))
    for place in data.draw(st.lists(st.integers(0, len(late) - 1), max_size=20)):
        late["received_at_us"][place] += data.draw(st.integers(0, 7 * 86_400)) * 1_000_000
    replay = Replay(Engine(scene), dict(scene.devices), {one.trip_id: one.device_id for one in scene.trips})
    for _ in replay.run(late[late["received_at_us"] <= END_US], None):
        pass
    last = late[late["received_at_us"] > END_US]
    for place in data.draw(st.permutations(range(8))):
        if len(last[place::8]):
            replay.take(last[place::8])
    replay.wait(END_US)
    return replay.judgement()


def _cut(scene: World, rows: Rows, data: st.DataObject) -> Judgement:
    engine, judgement = Engine(scene), Judgement()
    moments = np.unique(rows["fix_time_us"])
    cuts = sorted(data.draw(st.sets(st.integers(1, len(moments) - 1), max_size=6)))
    for low, high in pairwise([0, *cuts, len(moments)]):
        chosen = (rows["fix_time_us"] >= moments[low]) & (rows["fix_time_us"] <= moments[high - 1])
        judgement.take(engine.advance(rows[chosen]))
        if data.draw(st.booleans()):
            kept = {number: engine.checkpoint(number) for number in engine.devices}
            engine = Engine(scene)
            for number, checkpoint in kept.items():
                engine.restore(number, checkpoint)
    judgement.take(engine.tick(END_US))
    return judgement


@given(st.permutations(range(6)), st.data())
def test_what_is_excused_is_a_function_of_the_set(order: list[int], data: st.DataObject) -> None:
    places = [(data.draw(st.integers(-30_000, 30_000)), data.draw(st.integers(0, 3000))) for _ in order]
    things = [
        Alike(str(n), SLOW, NAMES[n % 5], at_s * 1_000_000, 0, x, 129_000_000, f"event {n}", 3, 200.0, 1200.0)
        for n, (x, at_s) in enumerate(places)
    ]
    brute = {
        one.event_id
        for one in things
        if len(
            {
                other.device_id
                for other in things
                if abs(one.at_us - other.at_us) <= 1.2e9 and abs(one.longitude_e7 - other.longitude_e7) * 0.010856 <= 200.0
            }
        )
        >= 3
    }
    doubtful = {
        one.event_id
        for one in things
        for other in things
        if abs(abs(one.longitude_e7 - other.longitude_e7) * 0.010856 - 200.0) < 1.0
    }
    assert excused([things[place] for place in order]) ^ brute <= doubtful
