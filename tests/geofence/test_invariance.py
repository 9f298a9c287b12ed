"""The final events and visits are a function of the set of rows: not of their order, copies, delays, batches or restarts."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.zones import ZoneKind
from geofence import history
from geofence.engine import Engine
from geofence.history import Judgement, judge, last_moment_us
from geofence.replay import Replay
from geofence.rows import Rows, to_us
from geofence.world import World
from tests.geofence.scene import START, Drive, proof, round_zone, rows_of, stop, trip, world

_SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_DEVICES = ("van", "other")


@lru_cache(maxsize=1)
def busy_day() -> tuple[World, Rows]:
    """Two vans: visits, a skipped stop, a halt, a deviation, a gap, a wild fix, doors, speeding, silence."""
    stops = [stop(n, 1000 * n, 0) for n in (1, 2, 3, 5, 7, 8)]
    one = trip(stops, proofs=(proof(1, 400, 1000, 5), proof(3, 900, 9000, 0), proof(8, 4000, 8000, 0)))
    north = [stop(1, 1500, 0), stop(2, 1500, 1000), stop(3, 1500, 2000), stop(4, 1500, 2600)]
    path = ((0, 0), (1500, 0), (1500, 4000))
    two = trip(north, path, trip_id="t2", device_id="other", planned_start=START + timedelta(minutes=10))
    drive = Drive(at_s=-600).halt(500, ignition=False).to(1000, 0).halt(200, door_open=True, cargo_kg=900.0)
    drive.to(2000, 0).halt(30).to(3000, 0, door_open=False).halt(240, cargo_kg=700.0)
    drive.at_s += 4
    drive.fix(latitude_deg=13.4)
    drive.to(4000, 0, mps=30, every_s=5).to(4000, 900).halt(700).to(5000, 900).to(5000, 0).halt(150).away(800)
    drive.x = 6900
    drive.to(7000, 0).to(8000, 0, alarms=("harsh_braking",)).halt(200, external_v=3.0).to(9900, 0).to(0, 0).halt(200)
    other = Drive(x=-2000, at_s=700, device="other").to(1500, 0).halt(100).to(1500, 2000).halt(90).to(1500, 2600).halt(90)
    other.to(1500, 3500).halt(900, every_s=60)
    zones = [round_zone("market", 3000, 0, 400, ZoneKind.territory), round_zone("red", 4000, 900, 100, ZoneKind.red)]
    rows = rows_of(drive, other, devices=_DEVICES)
    rows["received_at_us"] = rows["fix_time_us"] + 2_000_000
    return world([one, two], zones, _DEVICES), rows


def bytes_of(judgement: Judgement) -> bytes:
    assert judgement.faults == []
    return msgspec.json.encode(judgement.in_order())


@lru_cache(maxsize=1)
def expected() -> bytes:
    scene, rows = busy_day()
    judgement = Judgement()
    for _, conclusions in judge(Engine(scene), rows):
        judgement.take(conclusions)
    found = {event.rule for event in judgement.events.values()}
    assert found >= {"missed_stop", "unscheduled_stop", "route_deviation", "zone_enter", "silent_device", "overspeed"}
    return bytes_of(judgement)


@_SETTINGS
@given(st.randoms(use_true_random=False), st.floats(0, 1))
def test_order_and_copies_do_not_matter(random: object, copied: float) -> None:
    scene, rows = busy_day()
    order = list(range(len(rows))) + list(range(int(copied * len(rows))))
    random.shuffle(order)  # type: ignore[attr-defined]
    judgement = Judgement()
    for _, conclusions in judge(Engine(scene), rows[order]):
        judgement.take(conclusions)
    assert bytes_of(judgement) == expected()


@_SETTINGS
@given(st.data())
def test_batches_restarts_and_ticks_do_not_matter(data: st.DataObject) -> None:
    scene, rows = busy_day()
    by_time = rows[np.argsort(rows["fix_time_us"], kind="stable")]
    moments = np.unique(by_time["fix_time_us"])
    cuts = sorted(data.draw(st.sets(st.integers(1, len(moments) - 1), max_size=12)))
    engine, judgement = Engine(scene), Judgement()
    for low, high in pairwise([0, *cuts, len(moments)]):
        chosen = (rows["fix_time_us"] >= moments[low]) & (rows["fix_time_us"] <= moments[high - 1])
        judgement.take(engine.advance(rows[chosen]))
        match data.draw(st.sampled_from(["go on", "restart", "renew", "tick"])):
            case "restart":
                kept = {number: engine.checkpoint(number) for number in engine.devices}
                engine = Engine(scene)
                for number, checkpoint in kept.items():
                    engine.restore(number, checkpoint)
            case "renew":
                engine.renew(scene)
            case "tick":
                judgement.take(engine.tick(int(moments[high - 1])))
    judgement.take(engine.tick(int(rows["received_at_us"].max())))
    assert bytes_of(judgement) == expected()


@_SETTINGS
@given(st.data())
def test_delays_of_up_to_seven_days_do_not_matter(data: st.DataObject) -> None:
    scene, rows = busy_day()
    late = rows.copy()
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=40))
    for place in chosen:
        late["received_at_us"][place] += data.draw(st.integers(0, 7 * 86_400)) * 1_000_000
    replay = Replay(Engine(scene), dict(scene.devices), {one.trip_id: one.device_id for one in scene.trips})
    for _ in replay.run(late, None):
        pass
    until_us = int(rows["received_at_us"].max())
    at_once = Judgement()
    late_end_us = last_moment_us(late)
    assert late_end_us is not None
    for _, conclusions in judge(Engine(scene), rows, as_of_us=max(until_us, late_end_us)):
        at_once.take(conclusions)
    replay.wait(max(until_us, late_end_us))
    assert bytes_of(replay.judgement()) == bytes_of(at_once)


@pytest.mark.parametrize("together", [1, 300])
def test_groups_of_devices_are_judged_like_all_at_once(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, rows = busy_day()
    monkeypatch.setattr(history, "_SORTED_TOGETHER", together)
    groups = [np.unique(group["device"]).tolist() for group in history._by_devices(rows[::-1])]
    assert groups == [[1], [2]]
    judgement, done = Judgement(), 0
    for so_far, conclusions in judge(Engine(scene), rows[::-1]):
        assert so_far >= done
        done = so_far
        judgement.take(conclusions)
    assert (bytes_of(judgement), done) == (expected(), len(rows))


def test_a_checkpoint_is_small_and_one_of_another_version_is_refused() -> None:
    scene, rows = busy_day()
    engine = Engine(scene)
    engine.advance(rows[rows["fix_time_us"] < to_us(START) + 2_000_000_000])
    checkpoint = engine.checkpoint(1)
    assert len(checkpoint) <= 4096
    document = msgspec.msgpack.decode(checkpoint)
    for broken in (b"", b"\x00", msgspec.msgpack.encode({**document, "layout": 1})):
        with pytest.raises(Exception, match="checkpoint"):
            engine.restore(1, broken)


def test_restoring_nothing_forgets_everything() -> None:
    scene, rows = busy_day()
    engine = Engine(scene)
    engine.advance(rows)
    for number in engine.devices:
        engine.restore(number, None)
        assert engine.frontier_us(number) is None
    judgement = Judgement()
    judgement.take(engine.advance(rows))
    judgement.take(engine.tick(int(rows["received_at_us"].max())))
    assert bytes_of(judgement) == expected()
