"""A round that something may happen on, and what incidents need to know to rewrite its script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.suppressors import Suppressor
from domain.truth import Incident as TrueIncident
from domain.zones import Zone
from simulators.fleet.observed import Observed
from simulators.fleet.planning import Round
from simulators.fleet.script import SERVICE, Action, Drive, Halt, Script, drive_nodes, split_drive
from simulators.scenario import Scenario
from simulators.town.network import Ints
from simulators.town.places import Place
from simulators.truth.corridor import cross_track_m


@dataclass
class Case:
    """One vehicle-day before it is played. `altered` is set by whatever changes where the van drives."""

    scenario: Scenario
    planned: Round
    script: Script
    rng: np.random.Generator
    altered: bool = False
    nearly: list[str] = field(default_factory=list)  # kinds that only look like incidents
    zones: list[Zone] = field(default_factory=list)  # drawn for the day,
    places: list[Place] = field(default_factory=list)  # and those of them where halting was approved
    approvals: list[Suppressor] = field(default_factory=list)
    detours: list[Ints] = field(default_factory=list)  # nodes of the ways approved
    hooks: list[Callable[[Observed], list[TrueIncident]]] = field(default_factory=list)  # applied to what the tracker saw

    @property
    def head(self) -> Ints:
        """Node at the end of each edge."""
        return self.planned.town.network.head

    def services(self) -> list[int]:
        """Positions in the script of the services of planned stops, in driving order."""
        return [
            index for index, action in enumerate(self.script.actions) if isinstance(action, Halt) and action.purpose == SERVICE
        ]

    def drives(self) -> list[int]:
        """Positions in the script of the drives."""
        return [index for index, action in enumerate(self.script.actions) if isinstance(action, Drive) and len(action.edges)]

    def forbidden(self, node: int, clearance_m: float) -> bool:
        """Whether a node is further than a clearance beyond the radius of every place where this van may halt today."""
        network, town = self.planned.town.network, self.planned.town
        places = (*self.planned.outlets, *town.allowed(), *self.places)
        return all(
            np.hypot(network.x_m[node] - place.x_m, network.y_m[node] - place.y_m) > place.radius_m + clearance_m
            for place in places
        )

    def halts_within(self, node: int, reach_m: float) -> bool:
        """Whether the script has a halt, other than for a planned stop, this near to a node."""
        network = self.planned.town.network
        for before, action in pairwise(self.script.actions):
            if isinstance(before, Drive) and isinstance(action, Halt) and action.purpose != SERVICE:
                at = int(self.head[before.edges[-1]]) if len(before.edges) else before.source
                if np.hypot(network.x_m[node] - network.x_m[at], network.y_m[node] - network.y_m[at]) <= reach_m:
                    return True
        return False

    def cross_track_m(self, nodes: Ints) -> NDArray[np.float64]:
        """Distance of nodes to the planned route."""
        network = self.planned.town.network
        return cross_track_m(network.x_m[nodes], network.y_m[nodes], self.planned)

    def length_m(self, *actions: Action) -> float:
        """Metres of street that drives follow."""
        network = self.planned.town.network
        edges = np.concatenate([action.edges for action in actions if isinstance(action, Drive)])
        a, b = network.tail[edges], network.head[edges]
        return float(np.hypot(network.x_m[a] - network.x_m[b], network.y_m[a] - network.y_m[b]).sum())

    def drive_via(self, position: int, node: int) -> tuple[Drive, Drive]:
        """Two drives instead of the one at a position of the script, through a node; nothing is changed yet."""
        drive = self.script.actions[position]
        assert isinstance(drive, Drive)
        network = self.planned.town.network
        target = int(network.head[drive.edges[-1]])
        there = Drive(drive.source, network.path(drive.source, node))
        return there, Drive(node, network.path(node, target))

    def insert_halt(self, halt: Halt, suitable: Callable[[int], bool]) -> bool:
        """Break a drive at a random suitable node of a random leg for a halt there; whether there was one."""
        for position in self.rng.permutation(self.drives()):
            drive = self.script.actions[position]
            assert isinstance(drive, Drive)
            nodes = drive_nodes(drive, self.head)
            fits = [at for at in range(1, len(drive.edges)) if suitable(int(nodes[at]))]
            if fits:
                before, _, after = split_drive(drive, self.head, int(self.rng.choice(fits)))
                self.script.actions[position : position + 1] = [before, halt, after]
                return True
        return False


Incident = Callable[[Case], bool]
"""Rewrites a case's script; false, with nothing changed, where the round has no room for it."""
