"""What the worker remembers of devices between its steps."""

from __future__ import annotations

import numpy as np

from geofence.engine import Engine
from geofence.parameters import Parameters
from geofence.rows import EPOCH, ROW, Rows, to_us
from geofence.state import NEVER_US
from geofence.worker.judge import CHECKPOINT_EVERY_ROWS, Judge
from geofence.world import World


def rows_of(device: int, first_s: float, count: int, every_s: float) -> Rows:
    rows = np.zeros(count, ROW)
    rows["device"], rows["satellites"], rows["hdop"] = device, 9, 1.0
    rows["fix_time_us"] = to_us(EPOCH) + np.rint(1e6 * (first_s + every_s * np.arange(count))).astype(np.int64)
    return rows


def test_a_device_that_says_much_is_saved_before_its_ten_minutes_are_over() -> None:
    judge = Judge(World(devices={1: "quick", 2: "slow"}), Parameters())
    half = CHECKPOINT_EVERY_ROWS // 2
    judge.advance(rows_of(1, 10.0, half, 0.01))
    judge.advance(rows_of(2, 10.0, 3, 10.0))
    assert judge.due_checkpoints([1, 2]) == {}
    judge.advance(rows_of(1, 60.0, half, 0.01))
    assert set(judge.due_checkpoints([1, 2])) == {1}
    assert judge.due_checkpoints([1, 2]) == {}


def test_late_rows_are_told_from_those_that_follow() -> None:
    judge = Judge(World(devices={1: "one", 2: "two"}), Parameters())
    judge.advance(rows_of(1, 100.0, 2, 10.0))
    judge.advance(rows_of(2, 100.0, 2, 10.0))
    order = judge.sort(np.concatenate([rows_of(1, 110.0, 2, 10.0), rows_of(2, 110.5, 2, 10.0), rows_of(3, 1.0, 2, 10.0)]))
    assert order.late_us == {1: to_us(EPOCH) + 110_000_000}
    assert order.next["device"].tolist() == [2, 2, 3, 3]


def test_all_frontiers_at_once_are_each_ones() -> None:
    engine = Engine(World(devices={7: "seven", 9: "nine"}), Parameters())
    engine.advance(rows_of(9, 5.0, 3, 1.0))
    engine.advance(rows_of(700, 5.0, 1, 1.0))  # of no name
    devices = np.array([7, 9, 700, 8], np.int32)
    each = [engine.frontier_us(device) for device in devices.tolist()]
    assert engine.frontiers_us(devices).tolist() == [NEVER_US if moment is None else moment for moment in each]
