"""What a driver is going to do: a list of drives and halts, which incidents rewrite before it is played out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from domain.trips import PlannedStop
from simulators.town.network import Ints

DEPOT, SERVICE, SIGNING = "depot", "service", "signing"


@dataclass(frozen=True, slots=True)
class Halt:
    """Standing somewhere for a while.

    `doors` are (open after s, for s) from the halt's beginning; `unload_kg` leaves the van while the door is open;
    `labels` are the rules that ought to fire because of this halt.
    """

    purpose: str
    duration_s: float
    stop: PlannedStop | None = None
    doors: tuple[tuple[float, float], ...] = ()
    unload_kg: float = 0.0
    refused_cases: int = 0  # of the order, that the shop does not take: they stay in the van
    refuel_l: float = 0.0
    siphon_l: float = 0.0
    engine_off: bool = True
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drive:
    """Following a path of edges from a node. `limit_factor` scales what the driver takes for the limit."""

    source: int
    edges: Ints
    limit_factor: float = 1.0
    door_open: bool = False
    engine_off: bool = False  # on the hook of another vehicle
    stop_short_m: float | None = None  # parked so far before the target, else by chance near it
    labels: tuple[str, ...] = ()


Action = Halt | Drive


@dataclass(frozen=True, slots=True)
class Later:
    """What happens on a day after the round, from a second of the day on, and the rules that ought to fire over all of it."""

    begin_s: float
    actions: tuple[Action, ...]
    labels: tuple[str, ...]


@dataclass(slots=True)
class Script:
    """A vehicle-day as it will be played out, from `begin_s` seconds of the day."""

    begin_s: float
    actions: list[Action]
    cargo_kg: float = 0.0
    signed_on: set[str] = field(default_factory=set)  # stops whose proof the driver captures at the next service
    signed_there: set[str] = field(default_factory=set)  # of these, signed in passing at the shop itself
    signed_aside: dict[str, tuple[float, float]] = field(default_factory=dict)  # metres from the shop
    signed_late_s: dict[str, float] = field(default_factory=dict)  # seconds after the van has left the shop
    later: list[Later] = field(default_factory=list)
    uncounted_cases: int = 0  # came back, and vanished before the settlement


def split_drive(drive: Drive, head: Ints, at: int) -> tuple[Drive, int, Drive]:
    """The first `at` edges, the node in between, and the rest."""
    first = replace(drive, edges=drive.edges[:at])
    middle = int(head[drive.edges[at - 1]]) if at else drive.source
    return first, middle, replace(drive, source=middle, edges=drive.edges[at:])


def drive_nodes(drive: Drive, head: Ints) -> NDArray[np.int64]:
    """Nodes along a drive, its source first."""
    return np.concatenate([np.array([drive.source], np.int64), head[drive.edges]])
