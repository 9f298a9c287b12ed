"""Lanes that have been judged equally far, and are judged on together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import numpy as np

from geofence.grading import moments_us
from geofence.rows import ALARM_BITS, MISSING_US, ROW, Rows, from_us
from geofence.worker.disorder import Spans
from geofence.worker.event_clock import EventClock
from geofence.worker.judge import Judge, MakeEngine
from geofence.worker.plans import HISTORY, Plans
from geofence.worker.rebuild import END, Scope
from geofence.worker.sensing import Sensing
from geofence.worker.task import Outcome, Task, judge_task, store_outcome
from store.lanes import Clock, LaneCursor, LaneState, PlanChange, lane_of, move_lanes, plan_changes_after, save_clocks
from store.pool import Connection
from store.reading_log import BatchRecord, batches_after, rows_of_batches, rows_of_devices

ROWS_A_STEP: Final = 20_000
BATCHES_A_STEP: Final = 500
DEVICES_A_REBUILD: Final = 1_000
PLAN_MARGIN: Final = timedelta(hours=4)
"""For how long before its planned start a trip may begin: the most that `trip.lead_s` allows."""
PLANS_EVERY: Final = timedelta(seconds=1)
CLOCK_SAVED_EVERY: Final = timedelta(seconds=60)


@dataclass(slots=True)
class Step:
    """What one transaction did."""

    rows: int = 0
    samples: int = 0
    events: int = 0
    rebuilt: int = 0
    stored_at: datetime | None = None  # of the newest batch judged
    faults: list[str] = field(default_factory=list)  # rules that raised


class Cohort:
    """All organisations' devices of some lanes at one cursor. Everything it holds can be had again from the database."""

    def __init__(self, states: Sequence[LaneState], make_engine: MakeEngine) -> None:
        self.lanes = {state.lane for state in states}
        self.cursor = states[0].cursor
        self._make_engine = make_engine
        self._judges: dict[int, Judge] = {}
        self._plans = Plans()
        self._sensing = Sensing()
        self._clocks = {org_id: EventClock(*clock) for org_id, clock in states[0].clocks.items()}
        self._saved_clocks = {org_id: clock.newest_fix_at for org_id, clock in states[0].clocks.items()}
        self._plans_are_stale = self._devices_are_stale = True
        self._planned_at: datetime | None = None

    def recover(self, connection: Connection, now: datetime) -> Step:
        """Bring every device to where its lane stands, from its last checkpoint. After a crash nothing else is to be done."""
        step = Step()
        newest = [clock.newest_fix_at for clock in self._clocks.values()]
        self._read_plans(connection, min(newest, default=now) - HISTORY)
        for org_id, devices in self._plans.devices.items():
            for first in range(0, len(devices), DEVICES_A_REBUILD):
                sinces = {device.device_id: END for device in devices[first : first + DEVICES_A_REBUILD]}
                clock = self._clocks.get(org_id)
                task = Task(org_id, np.empty(0, ROW), sinces, clock.ticked_at if clock else None)
                self._judge(connection, task, step, is_recovery=True)
        return step

    def forget_devices(self) -> None:
        """Read which devices there are again before the next step."""
        self._devices_are_stale = True

    def step(self, connection: Connection, now: datetime, until: int | None = None) -> Step | None:
        """Judge the next batches (up to cursor `until`) and changes of plan, and let time pass; None: nothing was to do."""
        noted = self._next_changes(connection, now)
        changes = [change for change in noted if not change.of_sensors]
        batches, is_caught_up = self._next_batches(connection, until)
        rows = rows_of_batches(connection, batches, ROW, ALARM_BITS)
        self._refresh(connection, changes, rows)
        rows = rows[rows["device"] < len(self._plans.org_of)]
        self._note_time(rows, batches)
        self._cover(connection, rows)
        rows = self._plans.handovers.tracked(rows)
        due = self._due(now, is_caught_up=is_caught_up)
        if not (noted or batches or due):
            return None
        cursor = LaneCursor(
            max((batch.cursor for batch in batches), default=self.cursor.batch),
            max((change.cursor for change in noted), default=self.cursor.plan),
        )
        step = Step(stored_at=max((batch.stored_at for batch in batches), default=None))
        self.cursor = cursor
        self._step_organisations(connection, rows, changes, due, step)
        self._step_sensors(connection, batches, [change for change in noted if change.of_sensors], step)
        if batches or noted:
            move_lanes(connection, self.lanes, cursor)
        return step

    def newest(self) -> dict[int, datetime]:
        """How far each organisation's event time has come."""
        return {org_id: clock.newest_fix_at for org_id, clock in self._clocks.items()}

    def take_over(self, other: Cohort) -> None:
        """Take the lanes and devices of a cohort that has come as far."""
        self.lanes |= other.lanes
        self._plans_are_stale = True
        self._sensing = Sensing()
        for org_id, judge in other._judges.items():
            if org_id in self._judges:
                self._judges[org_id].take_over(judge)
            else:
                self._judges[org_id] = judge
        for org_id, clock in other._clocks.items():
            mine = self._clocks.setdefault(org_id, clock)
            mine.ticked_at = max((at for at in (mine.ticked_at, clock.ticked_at) if at), default=None)

    def drop(self, lanes: Iterable[int]) -> None:
        """Forget lanes that another worker is to have."""
        self.lanes -= set(lanes)
        self._sensing = Sensing()
        for org_id, devices in self._plans.devices.items():
            for device in devices:
                if lane_of(device.device_id) not in self.lanes and org_id in self._judges:
                    self._judges[org_id].restore(device.device_id, None)
        self._plans_are_stale = True

    def _next_changes(self, connection: Connection, now: datetime) -> list[PlanChange]:
        """What was planned since; not at every step, as each time all devices move into a new world."""
        if self._planned_at is not None and timedelta(0) <= now - self._planned_at < PLANS_EVERY:
            return []
        self._planned_at = now
        return plan_changes_after(connection, self.cursor.plan)

    def _next_batches(self, connection: Connection, until: int | None) -> tuple[list[BatchRecord], bool]:
        batches = batches_after(connection, self.cursor.batch, limit=BATCHES_A_STEP)
        waiting = len(batches)
        if until is not None:
            batches = [batch for batch in batches if batch.cursor <= until]
        total = 0
        for count, batch in enumerate(batches, start=1):
            total += batch.position_count + batch.sensor_count
            if total >= ROWS_A_STEP:
                return batches[:count], count == waiting
        return batches, len(batches) == waiting < BATCHES_A_STEP

    def _refresh(self, connection: Connection, changes: Sequence[PlanChange], rows: Rows) -> None:
        """Have the world as it is by now, reading and moving devices no more than needed."""
        if self._plans_are_stale:
            self._read_plans(connection, self._plans.since)
            return
        concerned = np.array([change.device_id for change in changes if change.device_id is not None], np.int32)
        if self._devices_are_stale or not (self._plans.knows(rows["device"]) and self._plans.knows(concerned)):
            self._plans.read_devices(connection, self.lanes)
            self._devices_are_stale = False
            for org_id, judge in self._judges.items():
                judge.learn(self._plans.devices.get(org_id, ()))
        if changes:
            self._replan(connection, changes)

    def _replan(self, connection: Connection, changes: Sequence[PlanChange]) -> None:
        """Read again what changed: a zone or a threshold concerns its organisation, a trip its device."""
        whole = {change.org_id for change in changes if change.device_id is None}
        devices: dict[int, set[int]] = {}
        for change in changes:
            if change.device_id is not None and change.org_id not in whole:
                devices.setdefault(change.org_id, set()).add(change.device_id)
        for org_id in sorted(whole):
            self._plans.read_organisation(connection, org_id)
        if devices:
            self._plans.read_trips(connection, devices)
        self._plans.read_mounts(connection, self.lanes)
        self._renew(whole | devices.keys())

    def _read_plans(self, connection: Connection, since: datetime) -> None:
        self._plans.read(connection, self.lanes, since)
        self._plans_are_stale = self._devices_are_stale = False
        self._renew(self._judges.keys())

    def _renew(self, org_ids: Set[int]) -> None:
        for org_id in org_ids & self._judges.keys():
            judge = self._judges[org_id]
            judge.renew(self._plans.world(org_id), self._plans.parameters(org_id))

    def _note_time(self, rows: Rows, batches: Sequence[BatchRecord]) -> None:
        """Move the clocks by all devices' rows, whoever judges them."""
        if not len(rows):
            return
        stored_at = max(batch.stored_at for batch in batches)
        received_us = np.where(rows["received_at_us"] == MISSING_US, rows["fix_time_us"], rows["received_at_us"])
        sane_us = np.minimum(moments_us(rows), received_us)  # a clock that is ahead must not take the others' along
        org_ids = self._plans.org_of[rows["device"]]
        for org_id in np.unique(org_ids).tolist():
            newest = from_us(int(sane_us[org_ids == org_id].max()))
            if org_id in self._clocks:
                self._clocks[org_id].note(newest, stored_at)
            else:
                self._clocks[org_id] = EventClock(newest, stored_at)

    def _due(self, now: datetime, *, is_caught_up: bool) -> dict[int, datetime]:
        """Up to when to tick for whom. Where none of an organisation's devices are ours, its time is not ours to pass."""
        mine = ((org_id, clock) for org_id, clock in self._clocks.items() if org_id in self._plans.devices)
        due = {org_id: clock.due(now, is_caught_up=is_caught_up) for org_id, clock in mine}
        return {org_id: as_of for org_id, as_of in due.items() if as_of is not None}

    def _step_organisations(
        self, connection: Connection, rows: Rows, changes: Iterable[PlanChange], due: Mapping[int, datetime], step: Step
    ) -> None:
        mine = rows[self._plans.judged[rows["device"]]]
        org_ids = self._plans.org_of[mine["device"]]
        replanned = self._replanned(changes)
        step.rows = len(mine)
        for org_id in sorted({*np.unique(org_ids).tolist(), *replanned, *(due.keys() & self._plans.devices.keys())}):
            clock = self._clocks.get(org_id)
            ticked_at = clock.ticked_at if clock else None
            task = Task(org_id, mine[org_ids == org_id], replanned.get(org_id, {}), ticked_at, due.get(org_id))
            self._judge(connection, task, step)

    def _step_sensors(
        self, connection: Connection, batches: Sequence[BatchRecord], changes: Sequence[PlanChange], step: Step
    ) -> None:
        """Judge what sensors said, each when it is first heard of taken up from where it was."""
        if not changes and not any(batch.sensor_count or batch.position_count for batch in batches):
            return
        samples = self._sensing.read(connection, batches, changes)
        if not self._plans.knows(samples["device"]):
            self._plans.read_devices(connection, self.lanes)
        done = self._sensing.step(connection, self._plans, samples, changes, self.cursor.batch)
        step.samples += done.samples
        step.events += done.events
        step.rebuilt += done.rebuilt
        step.faults += done.faults

    def _replanned(self, changes: Iterable[PlanChange]) -> dict[int, dict[int, datetime]]:
        """By organisation, the devices whose past a change of plan reaches into, and since when."""
        found: dict[int, dict[int, datetime]] = {}
        handovers = self._plans.handovers
        for change in changes:
            since = change.since if change.device_id is None else change.since - PLAN_MARGIN
            concerned = None if change.device_id is None else {change.device_id, *handovers.siblings(change.device_id)}
            for device in self._plans.devices.get(change.org_id, ()):
                if concerned is None or device.device_id in concerned:
                    sinces = found.setdefault(change.org_id, {})
                    sinces[device.device_id] = min(since, sinces.get(device.device_id, since))
        return found

    def _judge(self, connection: Connection, task: Task, step: Step, *, is_recovery: bool = False) -> None:
        """Judge one organisation's rows and store what that concludes."""
        devices = {device.device_id: device for device in self._plans.devices.get(task.org_id, ())}
        judge = self._judges.get(task.org_id)
        if judge is None:
            judge = self._judges[task.org_id] = Judge(
                self._plans.world(task.org_id), self._plans.parameters(task.org_id), self._make_engine
            )

        judge.changes = self._plans.handovers.changes
        scope = Scope(is_recovery, partial(self._read, connection), lambda: self._plans.handovers)
        outcome = judge_task(connection, judge, devices, task, scope)
        stored = store_outcome(connection, judge, devices, outcome)
        step.events += stored
        step.rebuilt += len(outcome.rebuilt)
        step.faults += [fault.rule for fault in outcome.produced.faults]
        self._keep_time(connection, task, outcome)

    def _read(self, connection: Connection, spans: Spans) -> Rows:
        """The rows that batches up to the cursor stored of what devices told, whoever sent them, and plans for rows as old."""
        handovers = self._plans.handovers
        rows = rows_of_devices(connection, handovers.sources(spans), self.cursor.batch, ROW, ALARM_BITS)
        self._cover(connection, rows)
        if self._plans.handovers is not handovers:  # of the time that is covered now
            return self._read(connection, spans)
        return handovers.within(handovers.tracked(rows), spans)

    def _cover(self, connection: Connection, rows: Rows) -> None:
        """Have the plans for rows as old as these."""
        if len(rows) and (oldest := from_us(int(moments_us(rows).min()))) < self._plans.since:
            self._read_plans(connection, oldest - HISTORY)

    def _keep_time(self, connection: Connection, task: Task, outcome: Outcome) -> None:
        """Store the clock when a tick decided something, else now and then: one that said nothing need not be known again."""
        clock = self._clocks.get(task.org_id)
        if clock is None:
            return
        clock.ticked_at = task.as_of or clock.ticked_at
        saved_at = self._saved_clocks.get(task.org_id)
        if outcome.tick_decided or saved_at is None or clock.newest_fix_at - saved_at >= CLOCK_SAVED_EVERY:
            stored = Clock(clock.newest_fix_at, clock.newest_stored_at, clock.ticked_at)
            save_clocks(connection, self.lanes, {task.org_id: stored})
            self._saved_clocks[task.org_id] = clock.newest_fix_at
