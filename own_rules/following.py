"""Follows stored readings, changed plans and changed rules, and lets the rules that are on judge them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import structlog

from domain.errors import InvalidInputError
from own_rules.context import ZoneBook
from own_rules.definition import PREFIX, read_definition
from own_rules.facts import LEAD
from own_rules.judging import ActiveRule
from own_rules.language import compile_expression
from own_rules.series_judge import SeriesJudge, Task
from own_rules.vocabulary import Series
from own_rules.watching import Cost, Costs
from store import own_rule_progress, own_rules
from store.conclusions import Judged, put_events, tell_concluded
from store.lanes import PlanChange, plan_changes_after
from store.own_rule_progress import Cursors
from store.own_rules import ActiveSpan
from store.pool import Connection
from store.reading_log import BatchRecord, batches_after, newest_cursor
from store.rule_faults import note_faults

BATCHES_A_STEP: Final = 500
READINGS_A_STEP: Final = 20_000
_log: Final = structlog.get_logger("own_rules")
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TRIP_MARGIN: Final = LEAD
"""A trip counts from so long before its planned start."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an expression may cost: so much processor time on average, over so many evaluations."""

    mean_s: float = 0.001
    evaluations: int = 500


@dataclass(slots=True)
class Step:
    """What one step did."""

    batches: int = 0
    events: int = 0
    costs: dict[int, Costs] = field(default_factory=dict)  # by organisation
    suspended: list[str] = field(default_factory=list)


class Follower:
    """Steps within the caller's transactions. After one that failed it has to be made anew: all it knows is in the database."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._spans: list[ActiveSpan] | None = None
        self._rules: dict[tuple[int, Series], list[ActiveRule]] = {}
        self._clocks: dict[int, str] = {}
        self._zones = ZoneBook()
        self._judges: dict[tuple[int, Series], SeriesJudge] = {}
        self._tallies: dict[tuple[int, str], Cost] = defaultdict(Cost)

    def step(self, connection: Connection, now: datetime) -> Step:
        """Take in what is new; `batches` and `events` say whether there was anything."""
        step = Step()
        changed = self._read_rules(connection, now)
        cursors = own_rule_progress.read_cursors(connection)
        if not self._rules:
            self._skip(connection, cursors)
            return step
        changes = plan_changes_after(connection, cursors.plan_cursor)
        batches = _some(batches_after(connection, cursors.batch_cursor, limit=BATCHES_A_STEP))
        moved = Cursors(
            max((batch.cursor for batch in batches), default=cursors.batch_cursor),
            max((change.cursor for change in changes), default=cursors.plan_cursor),
        )
        self._zones.forget({change.org_id for change in changes if change.device_id is None})
        replanned = _merged(self._replanned(connection, changes), self._changed(connection, changed))
        self._judge(connection, batches, replanned, moved.batch_cursor, step, now)
        step.events += self._end_switched_off(connection, changed)
        step.batches = len(batches) + len(changes)
        if moved != cursors:
            own_rule_progress.move_cursors(connection, moved)
        self._report(connection, step, now)
        return step

    def _read_rules(self, connection: Connection, now: datetime) -> list[ActiveSpan]:
        """Have the rules as they are now -> those that began or ended since the last time."""
        spans = own_rules.active_spans(connection, now)
        if spans == self._spans:
            return []
        before = {(one.org_id, one.rule_id, one.version, one.since, one.until) for one in self._spans or ()}
        changed = [one for one in spans if (one.org_id, one.rule_id, one.version, one.since, one.until) not in before]
        self._spans = spans
        self._clocks = {one.org_id: one.time_zone for one in spans}
        self._rules = defaultdict(list)
        for one in spans:
            rule = _active(one)
            if rule is not None:
                self._rules[one.org_id, rule.definition.series].append(rule)
        return changed

    def _skip(self, connection: Connection, cursors: Cursors) -> None:
        """Nobody has rules: what is stored meanwhile need never be read."""
        newest = Cursors(newest_cursor(connection), own_rule_progress.newest_plan_cursor(connection))
        if (
            newest.batch_cursor - cursors.batch_cursor > BATCHES_A_STEP
            or newest.plan_cursor - cursors.plan_cursor > BATCHES_A_STEP
        ):
            own_rule_progress.move_cursors(connection, newest)

    def _judge(
        self,
        connection: Connection,
        batches: list[BatchRecord],
        replanned: Mapping[int, Mapping[int, datetime]],
        cursor: int,
        step: Step,
        now: datetime,
    ) -> None:
        org_ids = {org_id for org_id, _ in self._rules}
        keys = own_rule_progress.devices_of(connection, org_ids) if batches or replanned else {}
        concluded = set()
        for series in Series:
            watching = {org_id for org_id, one in self._rules if one is series}
            firsts: dict[int, dict[int, datetime]] = defaultdict(dict)
            for first in own_rule_progress.first_readings(connection, series, batches, watching):
                firsts[first.org_id][first.device_id] = first.at
            for org_id in sorted(watching & (firsts.keys() | replanned.keys())):
                judge = self._judges.setdefault((org_id, series), SeriesJudge(org_id, series, self._zones))
                judge.renew(self._rules[org_id, series], self._clocks[org_id])
                task = Task(firsts[org_id], replanned.get(org_id, {}), now)
                events = judge.judge(connection, keys[org_id], task, cursor, step.costs.setdefault(org_id, {}))
                step.events += events
                concluded |= {org_id} if events else set()
        tell_concluded(connection, sorted(concluded))

    def _replanned(self, connection: Connection, changes: Iterable[PlanChange]) -> dict[int, dict[int, datetime]]:
        """By organisation, devices whose past a change of plan reaches into, since when; not before any rule was on."""
        begun = {org_id: min(rule.since for (of, _), rules in self._rules.items() if of == org_id for rule in rules)
                 for org_id, _ in self._rules}  # fmt: skip
        mine = [change for change in changes if change.org_id in begun and not change.of_sensors]
        devices = own_rule_progress.devices_of(connection, {change.org_id for change in mine if change.device_id is None})
        found: dict[int, dict[int, datetime]] = defaultdict(dict)
        for change in mine:
            since = max(change.since - _TRIP_MARGIN, begun[change.org_id], _EARLIEST)
            for device in devices[change.org_id] if change.device_id is None else [change.device_id]:
                found[change.org_id][device] = min(since, found[change.org_id].get(device, since))
        return found

    def _changed(self, connection: Connection, changed: Iterable[ActiveSpan]) -> dict[int, dict[int, datetime]]:
        """By organisation, all its devices, since the first moment for which its rules are not what they were."""
        sinces: dict[int, datetime] = {}
        for span in changed:
            since = span.until or span.since
            sinces[span.org_id] = min(since, sinces.get(span.org_id, since))
        return {
            org_id: dict.fromkeys(keys, sinces[org_id])
            for org_id, keys in own_rule_progress.devices_of(connection, sinces).items()
        }

    def _end_switched_off(self, connection: Connection, changed: Iterable[ActiveSpan]) -> int:
        """End what a rule held when it was switched off, as its devices' next readings would."""
        ended = 0
        for span in changed:
            if span.until is None:
                continue
            held = own_rule_progress.open_events(connection, span.org_id, PREFIX + span.rule_id, span.version, span.until)
            devices = {event.device_id: Judged(number, span.org_id, event.device_id) for number, event in held}
            put_events(connection, devices, [replace(event, ended_at=span.until) for _, event in held])
            tell_concluded(connection, [span.org_id] if held else [])
            ended += len(held)
        return ended

    def _report(self, connection: Connection, step: Step, now: datetime) -> None:
        """Keep what went wrong where people see it, and let rest what costs too much."""
        for org_id, costs in step.costs.items():
            note_faults(
                connection,
                org_id,
                {
                    (PREFIX + rule_id, fault): (count, "")
                    for rule_id, cost in costs.items()
                    for fault, count in cost.faults.items()
                },
            )
            for rule_id, cost in costs.items():
                self._watch_cost(connection, org_id, rule_id, cost, step, now)

    def _watch_cost(self, connection: Connection, org_id: int, rule_id: str, cost: Cost, step: Step, now: datetime) -> None:
        tally = self._tallies[org_id, rule_id]
        tally.evaluations += cost.evaluations
        tally.processor_s += cost.processor_s
        if tally.evaluations < self._limits.evaluations:
            return
        if tally.mean_s > self._limits.mean_s:
            allowed_ms = self._limits.mean_s * 1000
            because = f"too slow: {tally.mean_s * 1000:.2f} ms of processor time for each reading, {allowed_ms:g} allowed"
            own_rules.suspend(connection, org_id, rule_id, because, now)
            note_faults(connection, org_id, {(PREFIX + rule_id, "suspended: too slow"): (1, "")})
            _log.error("own_rule_suspended", org_id=org_id, rule=rule_id, mean_s=tally.mean_s)
            step.suspended.append(rule_id)
        del self._tallies[org_id, rule_id]


def _active(span: ActiveSpan) -> ActiveRule | None:
    """None for what cannot be read any more: it stops nobody else's rules."""
    try:
        definition = read_definition(span.definition)
        program = compile_expression(definition.expression, definition.series)
    except (InvalidInputError, KeyError, ValueError) as error:
        _log.error("own_rule_left_out", org_id=span.org_id, rule=span.rule_id, reason=str(error))
        return None
    return ActiveRule(span.rule_id, span.version, definition, program, span.since, span.until)


def _some(batches: list[BatchRecord]) -> list[BatchRecord]:
    total = 0
    for count, batch in enumerate(batches, start=1):
        total += batch.position_count + batch.sensor_count
        if total >= READINGS_A_STEP:
            return batches[:count]
    return batches


def _merged(
    one: Mapping[int, Mapping[int, datetime]], other: Mapping[int, Mapping[int, datetime]]
) -> dict[int, dict[int, datetime]]:
    merged: dict[int, dict[int, datetime]] = defaultdict(dict)
    for part in (one, other):
        for org_id, devices in part.items():
            for device, since in devices.items():
                merged[org_id][device] = min(since, merged[org_id].get(device, since))
    return merged
