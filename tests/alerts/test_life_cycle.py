from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.life_cycle import Change, Context, Link, Policy, Stage, Standing, Told, decide, key_of
from domain.alerts import Alert, AlertState, Resolution
from domain.events import Event, Severity
from tests.alerts.occurrences import DAY, MINUTE, NOW, occurrence

NOTHING = Context(None, None, None)


def told(event: Event, overturned_because: str | None = None) -> Told:
    return Told(1, 7, event, overturned_because)


def outcome(event: Event, context: Context = NOTHING, overturned_because: str | None = None) -> list[Change]:
    return decide(told(event, overturned_because), context, Policy(), NOW)


def opened(**changes: Any) -> Alert:
    (change,) = outcome(occurrence())
    return replace(change.alert, alert_id=1, **changes)


def linked(alert: Alert, *links: Link) -> Context:
    return Context(alert, alert if alert.state is not AlertState.resolved else None, None, links)


def test_an_event_that_matters_opens_an_alert_and_pages() -> None:
    (change,) = outcome(occurrence())
    assert (change.alert.state, change.action, change.page) == (AlertState.open, "opened", Stage.opened)
    assert change.alert.opened_at == NOW
    assert change.alert.started_at == DAY


@pytest.mark.parametrize("severity", [Severity.info, Severity.low])
def test_what_does_not_matter_opens_none(severity: Severity) -> None:
    assert outcome(occurrence(severity=severity)) == []


def test_a_late_finding_is_listed_and_pages_nobody() -> None:
    (change,) = outcome(occurrence(late=True))
    assert (change.alert.late, change.page) == (True, None)


def test_an_alert_is_about_the_stop_where_there_is_one() -> None:
    assert key_of(told(occurrence(stop_id="s4"))).subject == "stop s4"
    assert key_of(told(occurrence())).subject == "device van-1"


def test_a_second_event_of_its_kind_is_gathered_in_silence() -> None:
    (change,) = outcome(occurrence("e2"), Context(None, opened(), None))
    assert (change.alert.alert_id, change.alert.event_id, change.page) == (1, "e2", None)


def test_a_worse_event_pages_again() -> None:
    alert = opened()
    (change,) = outcome(occurrence(severity=Severity.high), linked(alert, Link("e1", Standing.lasting)))
    assert (change.alert.severity, change.action, change.page) == (Severity.high, "raised.high", Stage.raised)


def test_the_first_event_that_is_not_late_pages_for_an_alert_nobody_was_paged_for() -> None:
    (change,) = outcome(occurrence("e2"), Context(None, opened(late=True), None))
    assert (change.alert.late, change.page) == (False, Stage.opened)


def test_an_alert_resolves_itself_when_its_condition_ends() -> None:
    (change,) = outcome(occurrence(ended_at=DAY + MINUTE), linked(opened(), Link("e1", Standing.lasting)))
    assert (change.alert.state, change.alert.resolution) == (AlertState.resolved, Resolution.ended)
    assert change.alert.resolved_at == NOW


def test_it_stays_open_while_another_of_its_events_lasts() -> None:
    links = (Link("e1", Standing.lasting), Link("e2", Standing.lasting))
    assert outcome(occurrence(ended_at=DAY + MINUTE), linked(opened(), *links)) == []


@pytest.mark.parametrize("rule", ["missed_stop", "unscheduled_unloading"])
def test_an_incident_waits_for_a_person(rule: str) -> None:
    (change,) = outcome(occurrence(rule=rule))
    context = linked(replace(change.alert, alert_id=1), Link("e1", Standing.lasting))
    assert outcome(occurrence(rule=rule, ended_at=DAY + MINUTE), context) == []


def test_what_happened_at_one_moment_waits_for_a_person() -> None:
    (change,) = outcome(occurrence(rule="early_or_late", ended_at=DAY))
    assert (change.alert.state, change.page) == (AlertState.open, Stage.opened)


def test_what_is_over_at_once_is_on_the_list_and_pages_nobody() -> None:
    changes = outcome(occurrence(ended_at=DAY + MINUTE))
    assert [change.action for change in changes] == ["opened", "resolved.ended"]
    assert all(change.page is None for change in changes)


@pytest.mark.parametrize("state", [AlertState.open, AlertState.acknowledged])
@pytest.mark.parametrize("rule", ["route_deviation", "unscheduled_unloading"])
def test_an_overturned_event_resolves_its_alert_and_says_why(state: AlertState, rule: str) -> None:
    (change,) = outcome(occurrence(rule=rule))
    context = linked(replace(change.alert, alert_id=1, state=state), Link("e1", Standing.lasting))
    (end,) = outcome(occurrence(rule=rule), context, "late_data")
    assert (end.alert.resolution, end.alert.reason) == (Resolution.superseded, "late data")


def test_the_engines_reason_for_taking_back_is_given() -> None:
    event = replace(occurrence(), facts={"withdrawn": "served after all"})
    (end,) = outcome(event, linked(opened(), Link("e1", Standing.lasting)), "withdrawn")
    assert end.alert.reason == "served after all"


def test_one_ended_and_one_overturned_is_ended() -> None:
    context = linked(opened(), Link("e1", Standing.lasting), Link("e2", Standing.ended))
    (end,) = outcome(occurrence(), context, "late_data")
    assert end.alert.resolution is Resolution.ended


def resolved(resolution: Resolution, ago: timedelta = MINUTE) -> Alert:
    person = "asha" if resolution in {Resolution.confirmed, Resolution.false} else None
    return opened(state=AlertState.resolved, resolution=resolution, resolved_at=NOW - ago, resolved_by=person)


@pytest.mark.parametrize("resolution", [Resolution.ended, Resolution.superseded])
def test_a_condition_that_returns_soon_reopens_its_alert(resolution: Resolution) -> None:
    (change,) = outcome(occurrence("e2"), Context(None, None, resolved(resolution)))
    assert (change.alert.state, change.alert.reopened_count, change.page) == (AlertState.open, 1, Stage.reopened)
    assert change.alert.resolution is None


def test_one_that_returns_after_long_is_another() -> None:
    (change,) = outcome(occurrence("e2"), Context(None, None, resolved(Resolution.ended, timedelta(hours=1))))
    assert (change.action, change.alert.alert_id) == ("opened", 0)


@pytest.mark.parametrize("resolution", [Resolution.confirmed, Resolution.false])
def test_what_a_person_closed_stays_closed(resolution: Resolution) -> None:
    closed = resolved(resolution)
    assert outcome(occurrence(severity=Severity.critical), linked(closed, Link("e1", Standing.lasting))) == []
    (change,) = outcome(occurrence("e2"), Context(None, None, closed))
    assert change.action == "opened"


def test_a_conclusion_that_comes_back_reopens_the_alert_it_had() -> None:
    closed = resolved(Resolution.superseded)
    (change,) = outcome(occurrence(late=True), linked(closed, Link("e1", Standing.overturned)))
    assert (change.action, change.alert.alert_id, change.page) == ("reopened", 1, None)
