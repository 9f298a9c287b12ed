"""Whose rows tell whose story: by examples, and by what must hold of any mounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Mount
from domain.trips import Trip
from geofence.handover import Handovers, Turn, siblings_of, turns_of
from geofence.instruments import parts
from geofence.parameters import Parameters
from geofence.rows import ROW, Rows, to_us

DAY = datetime(2026, 3, 2, tzinfo=UTC)
NUMBERS = {"a": 1, "b": 2, "c": 3}
EVER = datetime(9999, 1, 1, tzinfo=UTC)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def trip(device: str, begins: float, ends: float) -> Trip:
    return Trip(f"{device}-{begins}", device, at(begins), at(ends), (), None, None, ())


def mount(device: int, vehicle: str, on: float | None, off: float | None) -> Mount:
    return Mount(1, vehicle, device, DAY - timedelta(days=9) if on is None else at(on), EVER if off is None else at(off))


def turns(trips: list[Trip], mounts: list[Mount]) -> set[tuple[int, int, float, float]]:
    """In hours of the day."""
    ordered = sorted(mounts, key=lambda one: (one.vehicle_id, one.since, one.device_id))
    found = turns_of(sorted(trips, key=lambda one: one.planned_start), NUMBERS, ordered, Parameters(), "1")
    return {(turn.device, turn.track, _hour(turn.since_us), _hour(turn.until_us)) for turn in found}


def _hour(us: int) -> float:
    return (us - to_us(DAY)) / 3_600_000_000


def test_the_new_tracker_tells_the_rest_of_the_trip_and_the_old_one_nothing() -> None:
    mounts = [mount(1, "v", None, 10), mount(2, "v", 10.5, None)]
    assert turns([trip("a", 8, 12)], mounts) == {
        (2, 1, 10.5, 14.0),
        (1, -1, 10.5, 14.0),
    }  # a trip is over two hours after its end


def test_a_third_tracker_and_the_first_again() -> None:
    mounts = [mount(1, "v", None, 9), mount(2, "v", 9, 10), mount(3, "v", 10, 11), mount(1, "v", 11, None)]
    assert turns([trip("a", 8, 12)], mounts) == {(2, 1, 9, 10), (3, 1, 10, 11), (1, 1, 11, 14), (1, -1, 9, 14)}


def test_the_next_trip_ends_what_is_told_of_the_one_before() -> None:
    mounts = [mount(1, "v", None, 9), mount(2, "v", 9, None)]
    assert (2, 1, 9, 11.5) in turns([trip("a", 8, 10), trip("b", 12, 14)], mounts)
    assert (2, 1, 9, 11.5) in turns([trip("a", 8, 10), trip("a", 12, 14)], mounts)


def test_no_trip_changes_hands_where_the_tracker_stays_or_nobody_follows() -> None:
    planned = [trip("a", 8, 12)]
    assert turns(planned, [mount(1, "v", None, None), mount(2, "v", 10, None)]) == set()  # both are on it
    assert turns(planned, [mount(1, "v", None, 10), mount(2, "v", 9, 11)]) == set()  # was on it before
    assert turns(planned, [mount(1, "v", None, 10), mount(2, "w", 10, None)]) == set()  # is on another
    assert turns(planned, [mount(1, "v", None, 7), mount(2, "v", 7, None)]) == set()  # before the trip
    assert turns(planned, [mount(1, "v", None, 15), mount(2, "v", 15, None)]) == set()  # after it


def test_two_vehicles_may_swap_their_trackers() -> None:
    mounts = [mount(1, "v", None, 10), mount(2, "w", None, 10), mount(2, "v", 10, None), mount(1, "w", 10, None)]
    told = turns([trip("a", 8, 12), trip("b", 8, 12)], mounts)
    handovers = Handovers(Turn(d, t, to_us(at(a)), to_us(at(b))) for d, t, a, b in told)
    rows = _rows([(1, at(9)), (1, at(11)), (2, at(9)), (2, at(11))])
    assert [(row["device"], row["seq"]) for row in handovers.tracked(rows)] == [(1, 0), (1, 3), (2, 2), (2, 1)]
    assert handovers.tracks == {1, 2}
    assert siblings_of(mounts) == {1: frozenset({2}), 2: frozenset({1})}


def _rows(fixes: list[tuple[int, datetime]]) -> Rows:
    rows = np.zeros(len(fixes), ROW)
    rows["device"] = [device for device, _ in fixes]
    rows["fix_time_us"] = rows["received_at_us"] = [to_us(moment) for _, moment in fixes]
    rows["seq"] = np.arange(len(fixes))
    return rows


@st.composite
def mounted(draw: st.DrawFn) -> list[Mount]:
    """Each tracker on vehicles one after the other."""
    mounts = []
    for device in (1, 2, 3):
        hours = sorted(draw(st.sets(st.integers(0, 20), min_size=2, max_size=6)))
        for on, off in zip(hours[::2], hours[1::2], strict=False):
            mounts.append(mount(device, draw(st.sampled_from("vw")), on, off))
    return mounts


@given(mounted(), st.lists(st.sampled_from([trip(d, b, b + 4) for d in "abc" for b in (1, 6, 11)]), max_size=6, unique=True))
def test_of_any_mounts(mounts: list[Mount], trips: list[Trip]) -> None:
    told = turns(trips, mounts)
    handovers = Handovers(Turn(d, t, to_us(at(a)), to_us(at(b))) for d, t, a, b in told)
    fixes = [(device, at(half / 2)) for device in (1, 2, 3) for half in range(40)]
    rows = handovers.tracked(_rows(fixes))
    tellers: dict[tuple[int, int], list[int]] = {}
    for row in rows.tolist():
        device = fixes[row[2]][0]
        tellers.setdefault((row[0], row[1]), []).append(device)
        if device != row[0]:
            assert any(d == device and t == row[0] and to_us(at(a)) <= row[1] < to_us(at(b)) for d, t, a, b in told)
            assert any(one.device_id == device and to_us(one.since) <= row[1] < to_us(one.until) for one in mounts)
    assert all(len(devices) == 1 for devices in tellers.values())  # never two at a time
    assert list(rows[["device", "fix_time_us"]].tolist()) == sorted(rows[["device", "fix_time_us"]].tolist())


@given(st.data())
def test_rows_are_read_by_whose_story_they_tell(data: st.DataObject) -> None:
    """What is read of some stories for some spans is what all rows give of them, and is among what is asked for."""
    told = turns([trip("a", 6, 10), trip("b", 11, 14)], data.draw(mounted()))
    handovers = Handovers(Turn(d, t, to_us(at(a)), to_us(at(b))) for d, t, a, b in told)
    everything = _rows([(device, at(half / 2)) for device in (1, 2, 3) for half in range(40)])
    spans = {}
    for device in data.draw(st.sets(st.integers(1, 3), min_size=1)):
        after, until = sorted(data.draw(st.tuples(st.integers(-1, 40), st.integers(-1, 40))))
        spans[device] = (at(after / 2), at(until / 2))
    asked = [
        (row["device"] in wanted) and to_us(wanted[row["device"]][0]) < row["fix_time_us"] <= to_us(wanted[row["device"]][1])
        for wanted in [handovers.sources(spans)]
        for row in everything
    ]
    read = handovers.within(handovers.tracked(everything[np.array(asked)]), spans)
    whole = handovers.within(handovers.tracked(everything), spans)
    assert read.tolist() == whole.tolist()


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), max_size=20),
    st.dictionaries(st.integers(1, 3), st.sets(st.integers(0, 9))),
)
def test_parts_hold_nobody_from_both_sides_of_a_change(fixes: list[tuple[int, int]], moments: dict[int, set[int]]) -> None:
    changes = {device: tuple(to_us(at(hour)) for hour in sorted(hours)) for device, hours in moments.items()}
    rows = _rows([(device, at(hour)) for device, hour in sorted(fixes)])
    seen: dict[int, int] = {}
    gathered: list[Any] = []
    for part, due in parts(rows, changes):
        gathered += part.tolist()
        for device in np.unique(part["device"]).tolist():
            times = part["fix_time_us"][part["device"] == device]
            between = [one for one in changes.get(device, ()) if seen.get(device, -(2**62)) < one <= times[0]]
            assert due.get(device) == (between[-1] if between else None)
            assert not [one for one in changes.get(device, ()) if times[0] < one <= times[-1]]
            seen[device] = int(times[-1])
    assert sorted(gathered) == rows.tolist()
