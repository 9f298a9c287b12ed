"""What people and failures do to trackers: unplugged, jammed, silenced, deceived, wrong in their time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from domain.truth import Incident
from simulators.fleet.driving import Driven
from simulators.fleet.observed import Observed
from simulators.incidents.case import Case

MOVED_M = 100.0

Hook = Callable[[Observed], list[Incident]]


def _afterwards(hook: Hook) -> Callable[[Case], bool]:
    def incident(case: Case) -> bool:
        case.hooks.append(hook)
        return True

    incident.__doc__ = hook.__doc__
    return incident


def _span(seen: Observed, shortest_s: float, longest_s: float) -> tuple[float, float]:
    """A span wholly within the trip's driving."""
    first, last = seen.played.driven[0].from_s + 120, seen.played.driven[-1].until_s - 120
    length_s = min(float(seen.rng.uniform(shortest_s, longest_s)), max(last - first, 60.0))
    begin = float(seen.rng.uniform(first, max(last - length_s, first + 1)))
    return begin, begin + length_s


def _longest_drive(seen: Observed) -> Driven:
    return max(seen.played.driven, key=lambda driven: driven.until_s - driven.from_s)


def fall_silent(seen: Observed) -> list[Incident]:
    """The tracker is dead for a good while on the trip, and keeps nothing of it."""
    begin, end = _span(seen, 18 * 60, 45 * 60)
    dead = seen.between(begin, end)
    if not dead.any():
        return []
    spoken = seen.second[~dead]
    begin = float(spoken[spoken < begin].max(initial=0))
    seen.keep(~dead)
    end = float(spoken[spoken >= end].min(initial=int(end)))
    seen.hidden.append((begin, end))
    seen.mute.append((begin, end))
    return [seen.incident("silent_device", begin, end)]


def lose_gps(seen: Observed) -> list[Incident]:
    """The antenna is covered for a quarter of an hour; it matters when the van drives meanwhile."""
    begin, end = _span(seen, 11 * 60, 20 * 60)
    seen.lose_fix(seen.between(begin, end))
    seen.hidden.append((begin, end))
    driven_m = float(np.ptp(seen.signals.driven_m[int(begin) : int(end)]))
    return [seen.incident("gps_loss", begin, end)] if driven_m > MOVED_M else []


def jam(seen: Observed) -> list[Incident]:
    """A jammer in the cab for a few minutes; the tracker notices and says so."""
    drive = _longest_drive(seen)
    begin = drive.from_s + 5
    end = min(drive.until_s, begin + float(seen.rng.uniform(60, 240)))
    jammed = seen.between(begin, end)
    if not jammed.any():
        return []  # it was dead just then, and knows nothing of it
    seen.alarm(begin, "jamming")
    seen.lose_fix(jammed)
    return [seen.incident("jamming", begin, end)]


def cut_power(seen: Observed) -> list[Incident]:
    """The tracker's supply is cut on the trip; it lives on its battery until it is plugged in again."""
    begin, end = _span(seen, 6 * 60, 30 * 60)
    cut = seen.between(begin, end)
    if not cut.any():
        return []
    seen.fixes["external_v"][cut] = 0.0
    seen.alarm(begin, "power_cut")
    seen.alarm(end, "power_restored")
    return [seen.incident("power_cut", float(seen.second[cut].min()), float(seen.second[cut].max()))]


def tamper(seen: Observed) -> list[Incident]:
    """Somebody opens the tracker's case."""
    begin, _ = _span(seen, 60, 61)
    told = seen.alarm(begin, "tamper")
    return [] if told is None else [seen.incident("tamper", told, told)]


def spoof(seen: Observed) -> list[Incident]:
    """Somebody replays a place while the van drives on: the position stays, the odometer runs."""
    drive = _longest_drive(seen)
    begin, end = drive.from_s + 20, drive.until_s - 10
    rows = seen.between(begin, end)
    driven_m = float(np.ptp(seen.signals.driven_m[int(begin) : int(end)])) if end > begin else 0.0
    if driven_m < 1400 or rows.sum() < 5:
        return []
    count = int(rows.sum())
    first = int(np.flatnonzero(rows)[0])
    for name in ("longitude_e7", "latitude_e7"):
        seen.fixes[name][rows] = seen.fixes[name][first] + seen.rng.integers(-80, 81, count)
    seen.fixes["speed_mps"][rows] = 0.0
    return [seen.incident("spoofed_position", begin, end)]


def jump_clock(seen: Observed) -> list[Incident]:
    """The tracker's clock jumps for some minutes, then is set right."""
    begin, end = _span(seen, 4 * 60, 12 * 60)
    rows = seen.between(begin, end)
    if not rows.any():
        return []
    jump_s = int(seen.rng.integers(300, 3000))  # forwards: backwards looks exactly like a backlog
    seen.fixes["fix_us"][rows] += jump_s * 1_000_000
    seen.hidden.append((begin, end))
    seen.mute.append((begin, end))
    return [seen.incident("clock_fault", begin, end)]


def brake_hard(seen: Observed) -> list[Incident]:
    """Somebody brakes so hard that the tracker's accelerometer reports it."""
    signals = seen.signals
    gained = np.diff(signals.speed_mps, append=signals.speed_mps[-1])
    hardest = int(seen.rng.choice(np.argsort(gained, kind="stable")[:20]))
    told = seen.alarm(hardest, "harsh_braking")
    return [] if told is None else [seen.incident("harsh_driving", told, told)]


DEVICE_INCIDENTS = {
    "silent_device": _afterwards(fall_silent),
    "gps_loss": _afterwards(lose_gps),
    "jamming": _afterwards(jam),
    "power_cut": _afterwards(cut_power),
    "tamper": _afterwards(tamper),
    "spoofed_position": _afterwards(spoof),
    "clock_jump": _afterwards(jump_clock),
    "harsh_braking": _afterwards(brake_hard),
}
