"""Shops that are not served: simply passed over, or signed for all the same."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.fleet.script import SIGNING, Drive, Halt
from simulators.incidents.case import Case


def skip_stop(case: Case) -> bool:
    """The driver goes from the stop before straight to the one after."""
    return _skip(case, sign=False)


def skip_and_sign(case: Case) -> bool:
    """The driver skips a shop and signs its proof of delivery at the next one: a ghost delivery."""
    return _skip(case, sign=True)


def stop_and_sign(case: Case) -> bool:
    """The driver halts at the shop for seconds, signs, and drives on: too short to have delivered anything."""
    services = case.services()
    at = int(case.rng.choice(services[1:-1] or services))
    halt = case.script.actions[at]
    assert isinstance(halt, Halt)
    assert halt.stop is not None
    case.script.signed_on.add(halt.stop.stop_id)
    case.script.signed_there.add(halt.stop.stop_id)
    case.script.actions[at] = Halt(SIGNING, float(case.rng.uniform(12, 26)), engine_off=False)
    return True


def sign_elsewhere(case: Case) -> bool:
    """The shop is served, but its proof is captured at one of the next ones."""
    services = case.services()
    if len(services) < 4:
        return False
    halt = case.script.actions[int(case.rng.choice(services[:-2]))]
    assert isinstance(halt, Halt)
    assert halt.stop is not None
    case.script.signed_on.add(halt.stop.stop_id)
    return True


def _skip(case: Case, *, sign: bool) -> bool:
    """Rather where the short cut stays within the corridor: elsewhere it is a route deviation of some length as well."""
    services = case.services()
    inner = services[1:-2] if len(services) > 3 else services[:-1]
    cuts = [cut for position in case.rng.permutation(inner) if (cut := _cut(case, services.index(int(position)))) is not None]
    if not cuts:
        return False
    corridor_m = case.planned.trip.corridor_m or 0.0
    within = [cut for cut in cuts if cut.apart_m < 0.75 * corridor_m]
    cut = within[0] if within else min(cuts, key=lambda one: one.apart_m)
    if sign:
        case.script.signed_on.add(cut.stop_id)
    case.script.actions[cut.first : cut.last] = [cut.drive]
    case.altered = True
    return True


@dataclass(frozen=True, slots=True)
class _Cut:
    """Leaving out one stop: the actions from `first` up to `last` become one drive, which strays so far from the route."""

    stop_id: str
    first: int
    last: int
    drive: Drive
    apart_m: float


def _cut(case: Case, number: int) -> _Cut | None:
    services, actions, network = case.services(), case.script.actions, case.planned.town.network
    here, following = services[number], services[number + 1]
    before, halt, after = actions[here - 1], actions[here], actions[following - 1]
    if following != here + 2 or not (isinstance(before, Drive) and isinstance(halt, Halt) and isinstance(after, Drive)):
        return None
    if halt.stop is None or len(after.edges) == 0:
        return None
    edges = network.path(before.source, int(network.head[after.edges[-1]]))
    if len(edges) == 0:
        return None
    apart_m = float(case.cross_track_m(network.nodes_of(edges, before.source)).max())
    return _Cut(halt.stop.stop_id, here - 1, following, Drive(before.source, edges), apart_m)
