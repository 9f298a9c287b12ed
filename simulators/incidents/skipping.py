"""Shops that are not served: simply passed over, or signed for all the same."""

from __future__ import annotations

from simulators.fleet.script import Drive, Halt
from simulators.incidents.case import Case
from simulators.truth.corridor import cross_track_m


def skip_stop(case: Case) -> bool:
    """The driver goes from the stop before straight to the one after."""
    return _skip(case, sign=False)


def skip_and_sign(case: Case) -> bool:
    """The driver skips a shop and signs its proof of delivery at the next one: a ghost delivery."""
    return _skip(case, sign=True)


def _skip(case: Case, *, sign: bool) -> bool:
    services = case.services()
    inner = services[1:-2] if len(services) > 3 else services[:-1]
    return any(_skip_at(case, services.index(int(position)), sign=sign) for position in case.rng.permutation(inner))


def _skip_at(case: Case, number: int, *, sign: bool) -> bool:
    """Only where the short cut stays within the corridor: otherwise it would be a route deviation of some length as well."""
    services, actions, network = case.services(), case.script.actions, case.planned.town.network
    here, following = services[number], services[number + 1]
    first, halt = actions[here - 1], actions[here]
    if following != here + 2 or not isinstance(first, Drive) or not isinstance(halt, Halt) or halt.stop is None:
        return False
    target = int(network.head[_edges(actions[following - 1])[-1]])
    edges = network.path(first.source, target)
    nodes = network.nodes_of(edges, first.source)
    apart_m = cross_track_m(network.x_m[nodes], network.y_m[nodes], case.planned)
    if len(edges) == 0 or float(apart_m.max()) > 0.75 * (case.planned.trip.corridor_m or 0.0):
        return False
    if sign:
        case.script.signed_on.add(halt.stop.stop_id)
    actions[here - 1 : following] = [Drive(first.source, edges)]
    case.altered = True
    return True


def _edges(action: Drive | Halt) -> list[int]:
    return [int(edge) for edge in action.edges] if isinstance(action, Drive) else []
