"""Too late, too long, too fast, or with the door open."""

from __future__ import annotations

from dataclasses import replace

from simulators.fleet.script import Drive, Halt
from simulators.incidents.case import Case


def leave_late(case: Case) -> bool:
    """The van is not ready: it leaves so late that the first windows are missed."""
    trips = case.scenario.trips
    case.script.begin_s += 60 * (trips.window_after_min + float(case.rng.uniform(22, 50)))
    return True


def dwell_long(case: Case) -> bool:
    """The driver stays at a shop for the better part of an hour."""
    at = int(case.rng.choice(case.services()))
    halt = case.script.actions[at]
    assert isinstance(halt, Halt)
    planned_s = (halt.stop.planned_service_s or 0.0) if halt.stop else 0.0
    longer_s = max(30 * 60.0, 2.4 * planned_s) + float(case.rng.uniform(0, 15 * 60))
    case.script.actions[at] = replace(halt, duration_s=longer_s, engine_off=True)
    return True


def speed(case: Case) -> bool:
    """Racing along a longer leg; what counts is where the town's limit is exceeded for long enough."""
    network = case.planned.town.network
    drives = sorted(case.drives(), key=lambda at: -len(case.script.actions[at].edges))  # type: ignore[union-attr]
    fast = [at for at in drives if (network.speed_mps[case.script.actions[at].edges] > 12).sum() >= 4]  # type: ignore[union-attr]
    for at in fast[:3]:
        drive = case.script.actions[at]
        assert isinstance(drive, Drive)
        case.script.actions[at] = replace(drive, limit_factor=1.9)
    return bool(fast)


def miscount(case: Case) -> bool:
    """In the evening fewer cases are counted than came back."""
    case.script.uncounted_cases = int(case.rng.integers(3, 9))
    return True


def leave_door_open(case: Case) -> bool:
    """The door stays open on the way to the next shop."""
    network = case.planned.town.network
    long_enough = []
    for at in case.drives():
        drive = case.script.actions[at]
        assert isinstance(drive, Drive)
        if 60 < float(network.cost_s[drive.edges].sum()) < 400:
            long_enough.append(at)
    if not long_enough:
        return False
    at = int(case.rng.choice(long_enough))
    drive = case.script.actions[at]
    assert isinstance(drive, Drive)
    case.script.actions[at] = replace(drive, door_open=True, labels=(*drive.labels, "door_open_moving"))
    return True
