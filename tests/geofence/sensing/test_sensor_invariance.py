"""The final conclusions are a function of the set of samples: not of their order, copies, delays, batches or restarts."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.equipment import Equipment
from domain.errors import InvalidInputError
from geofence.parameters import Parameters
from geofence.rulebook import SENSOR_RULES
from geofence.sensing.engine import SensorEngine, SensorWorld
from geofence.sensing.history import SensorJudgement, SensorReplay, judge_samples
from geofence.sensing.level import RULE as LEVEL
from geofence.sensing.samples import Sample, Samples, in_order
from geofence.sensing.watch import SensorRule, Watch
from tests.geofence.sensing.shelf_scene import Box, Locator, Scale, engine
from tests.geofence.sensing.test_shelves import swept

_SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@lru_cache(maxsize=1)
def days() -> tuple[Equipment, Samples]:
    """A sweep, sales, a theft, a stock-out, hands, a lifted sensor; a box that fails; a crate that leaves and comes back."""
    scale = swept(Scale(30).until(8).sell(2).until(9), 8).wait(400).put(0, 700.0).wait(9).put(0, -700.0)
    scale.until(11).put(-6).wait(100).put(6).until(13).put(0, -1e9).wait(120)
    scale.other_g = 0.0
    scale.put(0).until(15).sell(scale.pieces).until(18).receive(25).until(28).sell(1).until(33).put(-4).until(40)
    scale.sell(scale.pieces).until(58)
    box = Box().hold(30, 5.0).hold(10, 12.0, door_open=True).hold(60, 13.0).hold(30, 4.0)
    crate = Locator().at_m(10, 30).at_m(600, 12).at_m(10, 30)
    samples = in_order(np.concatenate((scale.samples(), box.samples(), crate.samples())))
    samples["received_us"] = samples["at_us"] + 2_000_000
    return Equipment((scale.shelf,), (box.cooler,), (crate.asset,)), samples


def bytes_of(judged: SensorJudgement) -> bytes:
    assert judged.faults == []
    events = sorted(judged.events.values(), key=lambda event: (event.started_at, event.rule, event.event_id))
    return msgspec.json.encode([events, sorted(judged.observed.values())])


@lru_cache(maxsize=1)
def expected() -> bytes:
    equipment, samples = days()
    judged = judge_samples(engine(equipment), samples)
    found = {event.rule for event in judged.events.values()}
    assert found == {"shelf_sweep", "shelf_shrink", "shelf_stock_out", "temperature_excursion", "asset_out"}
    return bytes_of(judged)


@_SETTINGS
@given(st.randoms(use_true_random=False), st.floats(0, 1))
def test_order_and_copies_do_not_matter(random: object, copied: float) -> None:
    equipment, samples = days()
    order = list(range(len(samples))) + list(range(int(copied * len(samples))))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert bytes_of(judge_samples(engine(equipment), samples[order])) == expected()


@_SETTINGS
@given(st.data())
def test_batches_and_restarts_do_not_matter(data: st.DataObject) -> None:
    equipment, samples = days()
    moments = np.unique(samples["at_us"])
    cuts = sorted({0, len(moments), *data.draw(st.lists(st.integers(1, len(moments) - 1), max_size=12))})
    one, judged = engine(equipment), SensorJudgement()
    for low, high in pairwise(cuts):
        inside = (samples["at_us"] >= moments[low]) & (samples["at_us"] <= moments[high - 1])
        judged.take(one.advance(samples[inside]))
        if data.draw(st.booleans()):
            other = engine(equipment)
            for device in (1, 2, 3):
                if one.frontier_us(device) is not None:
                    other.restore(device, one.checkpoint(device))
            one = other
    assert bytes_of(judged) == expected()


@_SETTINGS
@given(st.data())
def test_delays_do_not_matter(data: st.DataObject) -> None:
    equipment, samples = days()
    late = samples.copy()
    for place in data.draw(st.lists(st.integers(0, len(samples) - 1), max_size=40)):
        late["received_us"][place] += data.draw(st.integers(0, 20 * 86_400)) * 1_000_000
    assert bytes_of(SensorReplay(engine(equipment)).run(late)) == expected()


def test_what_was_concluded_by_a_moment_does_not_change_with_what_comes_after() -> None:
    equipment, samples = days()
    one = engine(equipment)
    told: dict[str, object] = {}
    for moment in np.unique(samples["at_us"]):
        for event in one.advance(samples[samples["at_us"] == moment]).conclusions.events:
            assert told.setdefault(event.event_id, event.detected_at) == event.detected_at
            assert event.detected_at.timestamp() * 1e6 <= moment


def test_a_rule_that_raises_harms_no_other() -> None:
    def fail(_watch: Watch, sample: Sample) -> None:
        raise ZeroDivisionError(str(sample.device))

    equipment, samples = days()
    world = SensorWorld(equipment, {1: "shelf", 2: "box", 3: "crate"})
    ill = SensorEngine(world, None, (SensorRule("ill", fail), *SENSOR_RULES))
    judged = judge_samples(ill, samples)
    assert {(fault.rule, fault.error) for fault in judged.faults if fault.device_id == "shelf"} == {
        ("ill", "ZeroDivisionError: 1")
    }
    assert ill.faults["ill"] == len(samples)
    assert bytes_of(SensorJudgement(judged.events, judged.observed)) == expected()
    assert LEVEL in SENSOR_RULES


def test_a_checkpoint_is_small_and_another_version_is_refused() -> None:
    equipment, samples = days()
    one = engine(equipment)
    one.advance(samples)
    for device in (1, 2, 3):
        assert len(one.checkpoint(device)) < 2048
    broken = msgspec.msgpack.encode({**msgspec.msgpack.decode(one.checkpoint(1)), "version": 0})
    for content in (b"", b"\x93", broken):
        with pytest.raises(InvalidInputError, match="checkpoint"):
            one.restore(1, content)
        assert one.frontier_us(1) is None


def test_samples_out_of_order_or_too_late_are_refused() -> None:
    equipment, samples = days()
    one = engine(equipment)
    with pytest.raises(InvalidInputError, match="not sorted"):
        one.advance(samples[::-1])
    one.advance(samples)
    with pytest.raises(InvalidInputError, match="frontier"):
        one.advance(samples[-1:])


def test_parameters_are_those_of_the_organisation_and_may_change() -> None:
    equipment, samples = days()
    lenient = {"shelf_sweep.least_units": 9.0, "asset_out.least_m": 1000.0}
    world = SensorWorld(equipment, {1: "shelf", 2: "box", 3: "crate"}, {1: 7, 2: 7, 3: 8})
    one = SensorEngine(world, Parameters(organisation={"7": lenient}))
    found = {event.rule for event in judge_samples(one, samples).events.values()}
    assert found == {"shelf_shrink", "shelf_stock_out", "temperature_excursion", "asset_out"}
    middle = int(np.median(samples["at_us"]))
    two, judged = engine(equipment), SensorJudgement()
    judged.take(two.advance(samples[samples["at_us"] <= middle]))
    two.renew(Parameters())
    judged.take(two.advance(samples[samples["at_us"] > middle]))
    assert bytes_of(judged) == expected()
    two.renew(Parameters(lenient))
    with pytest.raises(InvalidInputError, match="no such parameter"):
        two.renew(Parameters({"shelf_sweep.colour": 1.0}))
