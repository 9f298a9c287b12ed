"""What an event makes of an alert. Pure: alert and event in, what happens out.

An alert opens with the first event that matters, gathers further ones of the same rule, subject and trip, resolves itself when
all of them have ended or proved wrong, and opens again when the condition returns soon.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.alerts import Alert, AlertKey, AlertState, Resolution, is_at_least
from domain.events import Event, Severity

INCIDENTS: Final = frozenset(
    {
        "missed_stop",
        "unscheduled_unloading",
        "cargo_weight_drop",
        "fuel_drop",
        "ghost_delivery",
        "pod_away",
        "tamper",
        "towed",
        "spoofed_position",
        "asset_out",
        "settlement_mismatch",
        "shelf_shrink",
        "shelf_sweep",
        "collusion_cluster",
    }
)
"""Rules whose harm stays when the condition has ended, so that a person has to close the alert."""


class Standing(StrEnum):
    """How an event stands now."""

    lasting = "lasting"
    happened = "happened"  # of one moment: there is no end to wait for
    ended = "ended"
    overturned = "overturned"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is an alert at all, and when one that returns is the same."""

    least_severity: Severity = Severity.medium
    reopen_within: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the log of changes has it."""

    org_id: int
    device_id: int
    event: Event
    overturned_because: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """An event that an alert has gathered."""

    event_id: str
    standing: Standing


class Stage(StrEnum):
    """What people may be told about an alert."""

    opened = "opened"
    reopened = "reopened"
    raised = "raised"


@dataclass(frozen=True, slots=True)
class Change:
    """The alert as it is now, what to note in its history, and what to page people for, if for anything."""

    alert: Alert
    action: str
    note: str | None = None
    page: Stage | None = None


def standing_of(told: Told) -> Standing:
    """How the event of a change stands."""
    if told.overturned_because is not None:
        return Standing.overturned
    if told.event.ended_at is None:
        return Standing.lasting
    return Standing.ended if told.event.ended_at > told.event.started_at else Standing.happened


def key_of(told: Told) -> AlertKey:
    """Events at a stop are about the stop, all others about the device."""
    event = told.event
    subject = f"stop {event.stop_id}" if event.stop_id is not None else f"device {event.device_id}"
    return AlertKey(told.org_id, event.rule, subject, event.trip_id)


def matters(told: Told, policy: Policy) -> bool:
    """Whether an event is worth an alert of its own."""
    return is_at_least(told.event.severity, policy.least_severity) and standing_of(told) is not Standing.overturned


def begin(told: Told, now: datetime) -> Change:
    """A new alert; one found by late data is there for all to see, but pages nobody."""
    event = told.event
    alert = Alert(
        alert_id=0,
        key=key_of(told),
        stop_id=event.stop_id,
        device_id=told.device_id,
        severity=event.severity,
        state=AlertState.open,
        late=event.late,
        event_id=event.event_id,
        started_at=event.started_at,
        opened_at=now,
    )
    return Change(alert, "opened", page=None if event.late else Stage.opened)


def gather(alert: Alert, told: Told) -> Change | None:
    """An open alert with one event more, or with an event grown worse; None when that says nothing new."""
    event = told.event
    is_worse = not is_at_least(alert.severity, event.severity)
    if not is_worse and alert.event_id == event.event_id:
        return None
    grown = replace(alert, event_id=event.event_id, late=alert.late and event.late)
    if is_worse:
        page = None if event.late else Stage.raised
        return Change(replace(grown, severity=event.severity), f"raised.{event.severity}", page=page)
    was_unpaged = alert.late and not event.late  # the first of its events that is worth a page
    return Change(grown, "again", event.event_id, Stage.opened if was_unpaged else None)


def returns(alert: Alert, now: datetime, policy: Policy) -> bool:
    """Whether something new is the return of what resolved itself: a person's word is final."""
    is_recent = alert.resolved_at is not None and now - alert.resolved_at <= policy.reopen_within
    return alert.resolution in {Resolution.ended, Resolution.superseded} and is_recent


def reopen(alert: Alert, told: Told) -> Change:
    """The alert is open again, and people hear of it unless late data says so."""
    again = replace(
        alert,
        state=AlertState.open,
        event_id=told.event.event_id,
        resolved_at=None,
        resolved_by=None,
        resolution=None,
        reason=None,
        reopened_count=alert.reopened_count + 1,
    )
    return Change(again, "reopened", told.event.event_id, None if told.event.late else Stage.reopened)


def settle(alert: Alert, links: Iterable[Link], told: Told, now: datetime) -> Change | None:
    """The alert resolved by itself, if nothing of what it gathered goes on; `told` is what changed last."""
    standings = {link.standing for link in links}
    if standings <= {Standing.overturned}:
        reason = str(told.event.facts.get("withdrawn") or (told.overturned_because or "").replace("_", " "))
        return _resolved(alert, Resolution.superseded, reason, now)
    if alert.key.rule in INCIDENTS or standings & {Standing.lasting, Standing.happened}:
        return None
    ended_at = told.event.ended_at
    return _resolved(alert, Resolution.ended, f"over at {ended_at:%Y-%m-%d %H:%M:%S} UTC" if ended_at else "over", now)


def _resolved(alert: Alert, resolution: Resolution, reason: str, now: datetime) -> Change:
    over = replace(
        alert,
        state=AlertState.resolved,
        resolution=resolution,
        reason=reason,
        resolved_at=now,
        escalate_at=None,
        resolved_by=None,
    )
    return Change(over, f"resolved.{resolution}", reason)


@dataclass(frozen=True, slots=True)
class Context:
    """What is stored that an event may concern."""

    linked: Alert | None  # the alert that has gathered the event already
    current: Alert | None  # the alert of its key that is not resolved
    latest: Alert | None  # the alert of its key that was resolved last
    links: tuple[Link, ...] = ()  # of the alert that the event is, or will be, gathered by


def decide(told: Told, context: Context, policy: Policy, now: datetime) -> list[Change]:
    """What becomes of which alert, in order; nothing, when the event is nobody's concern."""
    change = _taken_in(told, context, policy, now)
    alert = change.alert if change else context.linked
    if alert is None or alert.state is AlertState.resolved:
        return [change] if change else []
    others = [link for link in context.links if link.event_id != told.event.event_id]
    end = settle(alert, [*others, Link(told.event.event_id, standing_of(told))], told, now)
    if end is None:
        return [change] if change else []
    # What is over before anybody could have acted is on the list, and nobody is paged for it.
    return [replace(change, page=None), end] if change else [end]


def _taken_in(told: Told, context: Context, policy: Policy, now: datetime) -> Change | None:
    is_active = standing_of(told) in {Standing.lasting, Standing.happened}
    if context.linked is not None:
        if context.linked.state is not AlertState.resolved:
            return gather(context.linked, told) if is_active else None
        may_return = is_active and context.current is None and returns(context.linked, now, policy)
        return reopen(context.linked, told) if may_return else None
    if not matters(told, policy):
        return None
    if context.current is not None:
        return gather(context.current, told) or Change(context.current, "again", told.event.event_id)
    if context.latest is not None and returns(context.latest, now, policy):
        return reopen(context.latest, told)
    return begin(told, now)
