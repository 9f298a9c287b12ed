"""Other ways than the planned one: through another quarter, the long way round, in another order."""

from __future__ import annotations

import numpy as np

from simulators.fleet.script import Action, Drive
from simulators.incidents.case import Case


def deviate(case: Case) -> bool:
    """A leg through a quarter far off the planned route: as it is driven it counts where it leaves the corridor for long."""
    network = case.planned.town.network
    apart_m = case.cross_track_m(np.arange(len(network.x_m)))
    corridor_m = case.planned.trip.corridor_m or 0.0
    far = np.flatnonzero((apart_m > corridor_m + 250) & (apart_m < corridor_m + 1100))
    if len(far) == 0:
        return False
    for position in case.rng.permutation(case.drives()):
        for node in case.rng.choice(far, min(6, len(far)), replace=False):
            there, back = case.drive_via(int(position), int(node))
            if len(there.edges) > 0 and len(back.edges) > 0 and case.length_m(there, back) < 7000:
                case.script.actions[position : position + 1] = [there, back]
                case.altered = True
                return True
    return False


def go_round(case: Case) -> bool:
    """The longest way that is still a way: a leg grows by kilometres."""
    network = case.planned.town.network
    for position in case.rng.permutation(case.drives()):
        drive = case.script.actions[position]
        assert isinstance(drive, Drive)
        far = np.hypot(network.x_m - network.x_m[drive.source], network.y_m - network.y_m[drive.source])
        node = int(case.rng.choice(np.argsort(-far, kind="stable")[: len(far) // 4]))
        there, back = case.drive_via(int(position), node)
        if len(there.edges) and len(back.edges) and case.length_m(there, back) > case.length_m(drive) + 3000:
            case.script.actions[position : position + 1] = [there, back]
            case.altered = True
            return True
    return False


def shuffle_stops(case: Case) -> bool:
    """The driver serves a handful of shops in the reverse order."""
    services = case.services()
    if len(services) < 6:
        return False
    count = int(case.rng.integers(3, min(6, len(services) - 1)))
    first = int(case.rng.integers(0, len(services) - count))
    rebuilt, begin, end = serve_reversed(case, services, first, count)
    case.script.actions[begin:end] = rebuilt
    case.altered = True
    return True


def serve_reversed(case: Case, services: list[int], first: int, count: int) -> tuple[list[Action], int, int]:
    """The actions that serve `count` shops from the `first` on in the reverse order, and which of the script they replace."""
    chosen = services[first : first + count]
    network, actions = case.planned.town.network, case.script.actions
    halts = [actions[at] for at in reversed(chosen)]
    nodes = [_end(case, at) for at in reversed(chosen)]
    after = services[first + count] if first + count < len(services) else len(actions) - 1
    source_drive = actions[chosen[0] - 1]
    assert isinstance(source_drive, Drive)
    source, rebuilt = source_drive.source, list[Action]()
    for node, halt in zip(nodes, halts, strict=True):
        rebuilt += [Drive(source, network.path(source, node)), halt]
        source = node
    rebuilt.append(Drive(source, network.path(source, _end(case, after))))
    return rebuilt, chosen[0] - 1, after


def _end(case: Case, halt_at: int) -> int:
    """The node at which the drive before a halt ends."""
    drive = case.script.actions[halt_at - 1]
    assert isinstance(drive, Drive)
    return int(case.head[drive.edges[-1]]) if len(drive.edges) else drive.source
