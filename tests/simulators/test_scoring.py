"""Scores: counted by hand on small cases, and the matching against brute force."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from beatwatch.__main__ import build_app
from domain.events import Event, Severity, Visit, VisitState
from domain.truth import Incident, TrueVisit
from simulators.truth.matching import about_the_same, pair
from simulators.truth.scoring import Score, score
from wire.files.event_jsonl import write_events
from wire.files.truth_jsonl import write_truth

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def _incident(rule: str, begin: float, end: float, stop: str | None = None, device: str = "a") -> Incident:
    return Incident(rule, device, "T", stop, _at(begin), _at(end))


def _event(rule: str, begin: float, end: float, stop: str | None = None, device: str = "a", number: int = 0) -> Event:
    name = f"{rule}-{device}-{begin}-{number}"
    return Event(name, rule, Severity.high, device, "T", stop, _at(begin), _at(end), _at(begin + 2), 1.0)


def test_what_is_arguable_is_right_to_tell_and_not_to() -> None:
    clear, near = _incident("overspeed", 0, 1), replace(_incident("overspeed", 3, 4), arguable=True)
    alone = replace(_incident("overspeed", 60, 61), arguable=True)
    for told, (tp, fp, fn, counted) in (
        ([0.0], (1, 0, 0, {"silent": 2})),
        ([0.0, 3.0], (1, 0, 0, {"told": 1, "silent": 1})),
        ([0.0, 1.0, 2.0], (1, 1, 0, {"told": 1, "silent": 1})),
        ([60.0], (0, 0, 1, {"told": 1, "silent": 1})),
    ):
        events = [_event("overspeed", begin, begin) for begin in told]
        document = score([near, clear, alone], events).document()
        tally = document["rules"]["overspeed"]
        assert (tally["tp"], tally["fp"], tally["fn"]) == (tp, fp, fn)
        assert document["arguable"] == {"overspeed": counted}


def test_strictly_the_noise_free_day_decides() -> None:
    beyond = replace(_incident("overspeed", 0, 1), arguable=True)
    near = replace(_incident("overspeed", 60, 61), arguable=True, happened=False)
    for told, (tp, fp, fn) in (([], (0, 0, 1)), ([0.0], (1, 0, 0)), ([60.0], (0, 1, 1)), ([0.0, 60.0], (1, 1, 0))):
        document = score([near, beyond], [_event("overspeed", begin, begin) for begin in told]).document()
        tally = document["strictly"]["overspeed"]
        assert (tally["tp"], tally["fp"], tally["fn"]) == (tp, fp, fn)
        assert document["rules"].get("overspeed", {"fp": 0})["fp"] == 0


def test_counts_by_hand() -> None:
    truth = [_incident("unscheduled_stop", 0, 20), _incident("unscheduled_stop", 60, 80), _incident("fuel_drop", 5, 9)]
    events = [_event("unscheduled_stop", 1, 20), _event("unscheduled_stop", 200, 220), _event("overspeed", 1, 2)]
    found = score(truth, events, vehicle_days=4).document()
    assert found["rules"]["unscheduled_stop"] == {
        "tp": 1,
        "fp": 1,
        "fn": 1,
        "precision": 0.5,
        "recall": 0.5,
        "median_detect_s": 180,
        "p95_detect_s": 180,
    }
    assert found["rules"]["fuel_drop"]["recall"] == 0
    assert found["rules"]["fuel_drop"]["precision"] is None
    assert found["rules"]["overspeed"]["recall"] is None
    assert found["false_alarms_per_vehicle_day"] == 0.5


def test_a_second_event_about_the_same_incident_is_a_false_alarm() -> None:
    found = score([_incident("fuel_drop", 0, 30)], [_event("fuel_drop", 0, 5), _event("fuel_drop", 20, 25)], 1).document()
    assert (found["rules"]["fuel_drop"]["tp"], found["rules"]["fuel_drop"]["fp"]) == (1, 1)


def test_what_is_about_the_same() -> None:
    incident = _incident("missed_stop", 0, 10, stop="S1")
    assert about_the_same(incident, _event("missed_stop", 300, 301, stop="S1"))  # the same stop, however late
    assert not about_the_same(incident, _event("missed_stop", 1, 2, stop="S2"))
    assert not about_the_same(incident, _event("missed_stop", 1, 2, stop="S1", device="b"))
    assert about_the_same(_incident("overspeed", 0, 1), _event("overspeed", 5.9, 6))
    assert not about_the_same(_incident("overspeed", 0, 1), _event("overspeed", 6.1, 7))


def test_superseded_events_and_zone_facts_do_not_count() -> None:
    first = _event("missed_stop", 0, 1)
    second = Event("n", "missed_stop", Severity.high, "a", "T", None, _at(0), _at(1), _at(3), 1.0, supersedes=first.event_id)
    found = score([_incident("missed_stop", 0, 1)], [first, second, _event("zone_enter", 0, 1)], 1)
    assert found.document()["rules"]["missed_stop"]["fp"] == 0
    assert set(found.rules) == {"missed_stop"}


def test_visits_confuse_by_state_and_an_unjudged_stop_is_named_so() -> None:
    truth = [TrueVisit("T", f"S{n}", state, None, None) for n, state in enumerate([VisitState.serviced, VisitState.missed])]
    truth.append(TrueVisit("T", "S9", VisitState.serviced, None, None))
    judged = [Visit("T", "S0", VisitState.serviced, None, None, 1.0), Visit("T", "S1", VisitState.no_data, None, None, 0.5)]
    found = score(truth, judged).document()
    assert found["visits"] == {"missed": {"no_data": 1}, "serviced": {"none": 1, "serviced": 1}}
    assert found["vehicle_days"] == 1


def test_scores_add_up() -> None:
    total = Score()
    for seconds in (1, 2):
        total.add(score([_incident("fuel_drop", 0, 1)], [_event("fuel_drop", 0, seconds)], 3))
    assert total.document()["rules"]["fuel_drop"]["tp"] == 2
    assert total.vehicle_days == 6


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10)), max_size=6)


@given(spans, spans)
@settings(max_examples=150, deadline=None)
def test_matching_is_one_to_one_fitting_and_as_large_as_brute_force_finds(
    incidents: list[tuple[int, int]], events: list[tuple[int, int]]
) -> None:
    true = [_incident("r", begin, begin + length) for begin, length in incidents]
    judged = [_event("r", begin, begin + length, number=n) for n, (begin, length) in enumerate(events)]
    pairs = pair(true, judged)
    assert len(set(pairs.values())) == len(pairs)
    assert all(about_the_same(true[i], judged[j]) for i, j in pairs.items())
    small, large = (true, judged) if len(true) <= len(judged) else (judged, true)
    fits = [[about_the_same(t, e) for e in judged] for t in true]
    best = 0
    for chosen in itertools.permutations(range(len(large)), len(small)):
        best = max(best, sum(fits[i][j] if small is true else fits[j][i] for i, j in enumerate(chosen)))
    assert len(pairs) == best


def test_command_writes_the_figures(tmp_path: Path) -> None:
    with (tmp_path / "t").open("w") as file:
        write_truth([_incident("fuel_drop", 0, 1)], file)
    with (tmp_path / "e").open("w") as file:
        write_events([_event("fuel_drop", 0, 1)], file)
    arguments = ["score", "--truth", str(tmp_path / "t"), "--events", str(tmp_path / "e"), "--json", str(tmp_path / "j")]
    result = CliRunner().invoke(build_app(), arguments)
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "j").read_text())["rules"]["fuel_drop"]["precision"] == 1
    assert "fuel_drop" in result.output
