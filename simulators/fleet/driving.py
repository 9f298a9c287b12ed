"""A script played out in time: legs driven through the day's traffic, halts stood through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simulators.fleet.motion import profile
from simulators.fleet.script import Action, Drive, Halt, Later, Script
from simulators.fleet.traffic import Course, Jam, queue
from simulators.streams import stream
from simulators.town.network import Network

Floats = NDArray[np.float64]

RED_SHARE = 0.45  # how often a light is red on arrival


@dataclass(frozen=True, slots=True)
class Stood:
    """A halt as it came to be, in seconds of the day, with where the van stood."""

    halt: Halt
    from_s: float
    until_s: float
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Driven:
    """A drive as it came to be, in seconds of the day."""

    drive: Drive
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What happened after the round, in seconds of the day."""

    labels: tuple[str, ...]
    stood: tuple[Stood, ...]
    driven: tuple[Driven, ...]

    @property
    def from_s(self) -> float:
        """Its beginning."""
        return min([one.from_s for one in self.stood] + [one.from_s for one in self.driven])

    @property
    def until_s(self) -> float:
        """Its end."""
        return max([one.until_s for one in self.stood] + [one.until_s for one in self.driven])


@dataclass(frozen=True, slots=True)
class Played:
    """The noise-free truth of a vehicle-day. Knots are (k,): seconds of the day, metres, metres per second."""

    t_s: Floats
    x_m: Floats
    y_m: Floats
    speed_mps: Floats
    stood: tuple[Stood, ...]
    driven: tuple[Driven, ...]  # of the round
    afterwards: tuple[Afterwards, ...]

    @property
    def home_s(self) -> float:
        """When the round ended: the end of its last drive."""
        return self.driven[-1].until_s if self.driven else 0.0


@dataclass
class _Tape:
    """Knots and records gathered while playing."""

    now_s: float
    x_m: float
    y_m: float
    knots: list[tuple[Floats, Floats, Floats, Floats]] = field(default_factory=list)
    stood: list[Stood] = field(default_factory=list)
    driven: list[Driven] = field(default_factory=list)

    def still(self, until_s: float) -> None:
        """Stand where we are until a moment."""
        at = np.array([self.now_s, until_s])
        self.knots.append((at, np.full(2, self.x_m), np.full(2, self.y_m), np.zeros(2)))
        self.now_s = until_s


def play(
    script: Script,
    network: Network,
    depot: tuple[float, float],
    seed: int,
    key: tuple[str | int, ...],
    end_s: float,
    jams: tuple[Jam, ...] = (),
) -> Played:
    """Play a script from the beginning of the day to `end_s` at least, standing at the depot before and after.

    `key` names the vehicle-day, so that its traffic does not depend on any other's.
    """
    rng = stream(seed, "driving", *key)
    vigour, hurry = float(rng.uniform(0.8, 1.15)), float(np.clip(rng.normal(0.97, 0.03), 0.88, 1.03))
    tape = _Tape(0.0, *depot)
    tape.still(script.begin_s)
    manner = _Manner(network, rng, vigour, hurry, jams, stream(seed, "queues", *key))
    _perform(tape, script.actions, manner)
    stood, driven = tuple(tape.stood), tuple(tape.driven)
    afterwards = tuple(_after_round(tape, later, manner) for later in sorted(script.later, key=lambda later: later.begin_s))
    tape.still(max(end_s, tape.now_s + 60.0))
    t, x, y, v = (np.concatenate(part) for part in zip(*tape.knots, strict=True))
    return Played(t, x, y, v, stood, driven, afterwards)


@dataclass(frozen=True, slots=True)
class _Manner:
    """Where and how somebody drives."""

    network: Network
    rng: np.random.Generator
    vigour: float
    hurry: float
    jams: tuple[Jam, ...]
    queue_rng: np.random.Generator


def _perform(tape: _Tape, actions: Sequence[Action], manner: _Manner) -> None:
    for action in actions:
        if isinstance(action, Halt):
            _stand(tape, action)
        else:
            _drive(tape, action, manner)


def _after_round(tape: _Tape, later: Later, manner: _Manner) -> Afterwards:
    stood, driven = len(tape.stood), len(tape.driven)
    tape.still(max(later.begin_s, tape.now_s + 1))
    _perform(tape, later.actions, manner)
    return Afterwards(later.labels, tuple(tape.stood[stood:]), tuple(tape.driven[driven:]))


def _stand(tape: _Tape, halt: Halt) -> None:
    from_s = tape.now_s
    tape.still(from_s + halt.duration_s)
    tape.stood.append(Stood(halt, from_s, tape.now_s, tape.x_m, tape.y_m))


def _drive(tape: _Tape, drive: Drive, manner: _Manner) -> None:
    if len(drive.edges) == 0:
        return
    course = _course(tape, drive, manner.network, manner.rng)
    pace = manner.hurry * drive.limit_factor * _rush(tape.now_s) * manner.rng.uniform(0.86, 1.06, len(course.limit_mps))
    course = queue(replace(course, limit_mps=course.limit_mps * pace), manner.jams, tape.now_s, manner.queue_rng)
    t, x, y, v = profile(course.x_m, course.y_m, course.limit_mps, course.wait_s, tape.now_s, manner.vigour)
    tape.knots.append((t, x, y, v))
    tape.driven.append(Driven(drive, tape.now_s, float(t[-1])))
    tape.now_s, tape.x_m, tape.y_m = float(t[-1]), float(x[-1]), float(y[-1])


def _course(tape: _Tape, drive: Drive, network: Network, rng: np.random.Generator) -> Course:
    """Vertices from where the van stands to a kerb shortly before the target, with limits between and waits at lights."""
    nodes = network.nodes_of(drive.edges, drive.source)
    x_m, y_m = network.x_m[nodes].copy(), network.y_m[nodes].copy()
    gap_m = float(np.hypot(x_m[-1] - x_m[-2], y_m[-1] - y_m[-2]))
    short_m = min(float(rng.gamma(1.6, 9.0)), 45.0)
    share = min(short_m if drive.stop_short_m is None else drive.stop_short_m, 0.8 * gap_m) / max(gap_m, 1e-9)
    x_m[-1] -= share * (x_m[-1] - x_m[-2])
    y_m[-1] -= share * (y_m[-1] - y_m[-2])
    wait_s = np.where(network.lights[nodes] & (rng.random(len(nodes)) < RED_SHARE), rng.uniform(4, 48, len(nodes)), 0.0)
    limit_mps = network.speed_mps[drive.edges]
    ahead = (x_m[0] - tape.x_m) * (x_m[1] - x_m[0]) + (y_m[0] - tape.y_m) * (y_m[1] - y_m[0]) > 0
    if ahead:  # parked short of the node, so it still has to be passed
        x_m, y_m = np.append(tape.x_m, x_m), np.append(tape.y_m, y_m)
        wait_s, limit_mps = np.append(0.0, wait_s), np.append(limit_mps[0], limit_mps)
    else:
        x_m[0], y_m[0], wait_s[0] = tape.x_m, tape.y_m, 0.0
    return Course(x_m, y_m, limit_mps, wait_s)


def _rush(now_s: float) -> float:
    """Traffic's share of the free speed by seconds since the day's beginning: two broad waves, morning and late afternoon."""
    hour = now_s / 3600
    return float(1 - 0.18 * np.exp(-(((hour - 1.6) / 1.0) ** 2)) - 0.22 * np.exp(-(((hour - 10.2) / 1.3) ** 2)))
