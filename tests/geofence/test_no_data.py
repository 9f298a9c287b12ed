"""No data is never a violation: whatever rows are missing, a stop that was served is never missed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import VisitState
from domain.zones import ZoneKind
from geofence.engine import Engine
from geofence.history import Judgement, judge
from tests.geofence.scene import START, Drive, round_zone, rows_of, stop, trip, world

STOPS = tuple(stop(n, 1500 * n, 0) for n in (1, 2, 3, 4, 5))
SCENE = world([trip(STOPS)])


def whole_round() -> Drive:
    drive = Drive().halt(60)
    for n in (1, 2, 3, 4, 5):
        drive.to(1500 * n, 0).halt(200)
    return drive.to(9900, 0).to(0, 0).halt(600)


ROWS = rows_of(whole_round())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(ROWS) - 1), st.integers(1, 120)), max_size=4))
def test_rows_that_are_missing_never_make_a_served_stop_missed(holes: list[tuple[int, int]]) -> None:
    kept = np.ones(len(ROWS), np.bool_)
    for first, count in holes:
        kept[first : first + count] = False
    judgement = Judgement()
    if kept.any():
        for _, conclusions in judge(Engine(SCENE), ROWS[kept], int(ROWS["fix_time_us"].max()) + 8 * 3_600_000_000):
            judgement.take(conclusions)
    assert [visit.stop_id for visit in judgement.visits.values() if visit.state is VisitState.missed] == []
    assert [event for event in judgement.events.values() if event.rule == "missed_stop"] == []


def test_a_device_restarted_within_a_changed_zone_knows_which_version_holds_it() -> None:
    change = START + timedelta(hours=2)
    zones = (
        round_zone("market", 3000, 0, 400, ZoneKind.territory, valid_until=change),
        round_zone("market", 9000, 0, 400, ZoneKind.territory, valid_from=change),
    )
    scene = world([trip(STOPS)], zones)
    whole = Judgement()
    whole.take(Engine(scene).advance(ROWS))
    assert {event.rule for event in whole.events.values()} >= {"zone_enter", "zone_exit"}
    for place in range(5, len(ROWS) - 5, 7):
        cut, restarted, engine, other = int(ROWS["fix_time_us"][place]), Judgement(), Engine(scene), Engine(scene)
        restarted.take(engine.advance(ROWS[ROWS["fix_time_us"] <= cut]))
        other.restore(1, engine.checkpoint(1))
        restarted.take(other.advance(ROWS[ROWS["fix_time_us"] > cut]))
        assert restarted.in_order() == whole.in_order()
