import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deliveries import Order, OrderLine
from domain.errors import InvalidInputError
from domain.events import Event, Severity, Visit, VisitState
from domain.truth import Incident, TrueVisit
from tests.wire.strategies import maybe, moments, names, numbers, positive
from wire.files.event_jsonl import event_line, parse_events, visit_line, write_events
from wire.files.orders_json import parse_orders, write_orders
from wire.files.truth_jsonl import parse_truth, truth_line, write_truth

confidences = st.floats(0, 1)
facts = st.dictionaries(names, st.none() | st.booleans() | names | numbers | st.lists(st.integers(-5, 5)), max_size=3)
events = st.builds(
    Event,
    event_id=names,
    rule=names,
    severity=st.sampled_from(Severity),
    device_id=names,
    trip_id=maybe(names),
    stop_id=maybe(names),
    started_at=moments,
    ended_at=maybe(moments),
    detected_at=moments,
    confidence=confidences,
    late=st.booleans(),
    supersedes=maybe(names),
    facts=facts,
)
visits = st.builds(Visit, names, names, st.sampled_from(VisitState), maybe(moments), maybe(moments), confidences, facts)
spans = st.tuples(moments, maybe(moments)).filter(lambda span: span[1] is None or span[0] <= span[1])
sides = st.sampled_from([(False, True), (True, True), (True, False)])
incidents = st.builds(
    lambda *said: Incident(*said[:-2], *said[-2], *said[-1]), names, names, maybe(names), maybe(names), spans, sides
)
true_visits = st.builds(TrueVisit, names, names, st.sampled_from(VisitState), maybe(moments), maybe(moments))
order_lines = st.builds(OrderLine, names, positive, maybe(positive), maybe(positive), maybe(positive), maybe(positive))
orders = st.builds(Order, names, maybe(names), maybe(names), st.lists(order_lines, max_size=3).map(tuple))


@given(st.lists(events | visits, max_size=5))
def test_events_and_visits_survive(conclusions: list[Event | Visit]) -> None:
    file = io.StringIO()
    assert write_events(conclusions, file) == len(conclusions)
    assert list(parse_events(io.StringIO(file.getvalue()))) == conclusions


@given(st.lists(incidents | true_visits, max_size=5))
def test_truth_survives(truth: list[Incident | TrueVisit]) -> None:
    file = io.StringIO()
    assert write_truth(truth, file) == len(truth)
    assert list(parse_truth(io.StringIO(file.getvalue()))) == truth


def test_what_only_came_near_a_threshold_is_no_line_of_a_rule() -> None:
    begin = datetime(2026, 5, 1, tzinfo=UTC)
    line = truth_line(Incident("overspeed", "van", None, None, begin, begin, arguable=True, happened=False))
    assert (json.loads(line).get("rule"), json.loads(line)["near"]) == (None, "overspeed")


def test_an_incident_does_not_end_before_it_begins() -> None:
    line = '{"rule": "tow", "device_id": "van", "started_at": "2026-05-01T06:00:00Z", "ended_at": "2026-05-01T05:59:59Z"}'
    with pytest.raises(InvalidInputError, match=r"line 1\.ended_at: is before started_at"):
        list(parse_truth([line]))


@given(st.lists(orders, max_size=4))
def test_orders_survive(placed: list[Order]) -> None:
    file = io.StringIO()
    assert write_orders(placed, file) == len(placed)
    assert parse_orders(file.getvalue()) == placed


def test_the_form_of_the_lines() -> None:
    at = datetime(2024, 3, 1, 12, tzinfo=UTC)
    event = Event("e1", "long_dwell", Severity.low, "van-1", "t1", None, at, None, at, 0.5, facts={"b": 1, "a": 2.5})
    assert event_line(event) == (
        '{"event_id":"e1","rule":"long_dwell","severity":"low","device_id":"van-1","trip_id":"t1","stop_id":null,'
        '"started_at":"2024-03-01T12:00:00Z","ended_at":null,"detected_at":"2024-03-01T12:00:00Z","confidence":0.5,'
        '"late":false,"supersedes":null,"facts":{"a":2.5,"b":1}}\n'
    )
    visit = Visit("t1", "s1", VisitState.no_data, None, None, 0.25)
    assert visit_line(visit) == (
        '{"visit":true,"trip_id":"t1","stop_id":"s1","state":"no_data","arrived_at":null,"departed_at":null,"confidence":0.25}\n'
    )


def test_a_refusal_names_the_line_and_the_member() -> None:
    good = '{"rule":"x","device_id":"v","started_at":"2024-03-01T12:00:00Z"}'
    with pytest.raises(InvalidInputError) as refusal:
        list(parse_truth([good, "", '{"rule":"x","device_id":"v","started_at":"noon"}']))
    assert refusal.value.field == "line 3.started_at"
    with pytest.raises(InvalidInputError) as refusal:
        list(parse_truth([good, "{"]))
    assert refusal.value.field == "line 2"
    with pytest.raises(InvalidInputError, match=r"line 1\.state.*must be one of pending"):
        list(parse_events(['{"visit":true,"trip_id":"t","stop_id":"s","state":"gone","confidence":1}']))
