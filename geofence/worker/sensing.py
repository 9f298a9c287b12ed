"""The sensors among a cohort's devices, by organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geofence.rows import to_us
from geofence.sensing.samples import SAMPLE, Samples
from geofence.worker.plans import Plans
from geofence.worker.sensor_judge import SensorJudge
from store.conclusions import Judged
from store.lanes import PlanChange
from store.pool import Connection
from store.reading_log import BatchRecord
from store.sensing import samples_of_batches, sensing_trackers


@dataclass(slots=True)
class SensorStep:
    """What one step did."""

    samples: int = 0
    events: int = 0
    rebuilt: int = 0
    faults: list[str] = field(default_factory=list)


class Sensing:
    """Whatever it holds can be had again from the database. After a transaction that failed it has to be made anew."""

    def __init__(self) -> None:
        self._judges: dict[int, SensorJudge] = {}
        self._trackers: list[int] | None = None

    def read(self, connection: Connection, batches: Sequence[BatchRecord], changes: Sequence[PlanChange]) -> Samples:
        """The samples of some batches, in order. A change may be that of an asset's locator."""
        if self._trackers is None or changes:
            self._trackers = sensing_trackers(connection)
        return samples_of_batches(connection, batches, self._trackers, SAMPLE)

    def step(
        self, connection: Connection, plans: Plans, samples: Samples, changes: Sequence[PlanChange], cursor: int
    ) -> SensorStep:
        """Judge samples that batches up to `cursor` stored, and changed fittings, and store the outcome."""
        mine = samples[plans.judged[samples["device"]]]
        changed = _changed(plans, changes)
        devices = _devices(plans, {*np.unique(mine["device"]).tolist(), *changed})
        done = SensorStep()
        for org_id in sorted({device.org_id for device in devices.values()}):
            theirs = {number: device for number, device in devices.items() if device.org_id == org_id}
            judge = self._judges.setdefault(org_id, SensorJudge(org_id))
            judge.renew(plans.parameters(org_id))
            outcome = judge.judge(
                connection,
                theirs,
                mine[np.isin(mine["device"], [*theirs])],
                {number: since for number, since in changed.items() if number in theirs},
                cursor,
                self._trackers or (),
            )
            done.samples += outcome.samples
            done.events += outcome.stored
            done.rebuilt += len(outcome.rebuilt)
            done.faults += outcome.faults
        return done


def _changed(plans: Plans, changes: Sequence[PlanChange]) -> dict[int, int]:
    """Since when the past of which of our devices is to be judged anew, in microseconds."""
    found: dict[int, int] = {}
    for change in changes:
        device = change.device_id
        if device is not None and device < len(plans.judged) and plans.judged[device]:
            found[device] = min(to_us(change.since), found.get(device, to_us(change.since)))
    return found


def _devices(plans: Plans, numbers: set[int]) -> Mapping[int, Judged]:
    return {device.device_id: device for devices in plans.devices.values() for device in devices if device.device_id in numbers}
