"""What happens to vans outside their hours."""

from __future__ import annotations

from simulators.fleet.script import DEPOT, Drive, Halt, Later
from simulators.incidents.case import Case

DAY_S = 24 * 3600.0


def at_night(case: Case, evening_h: float, latest_h: float) -> float | None:
    """A moment of the coming night in seconds of the day, if the day is watched that long."""
    begun = case.planned.day_start
    midnight_s = DAY_S - (begun.hour * 3600 + begun.minute * 60 + begun.second)
    moment = midnight_s + 3600 * float(case.rng.uniform(evening_h, latest_h))
    watched_h = 24.0 if case.planned.day < case.scenario.days - 1 else case.scenario.day_h
    return moment if moment + 2 * 3600 < watched_h * 3600 else None


def _there_and_back(case: Case, engine_off: bool, labels: tuple[str, ...], stay_s: float) -> bool:
    moment = at_night(case, -1.2, 1.5)
    town = case.planned.town
    seconds, _ = town.network.tree(town.depot.node)
    far = [node for node in range(len(seconds)) if 150 < seconds[node] < 330 and case.forbidden(node, 100.0)]
    if moment is None or not far:
        return False
    node = int(case.rng.choice(far))
    out = Drive(town.depot.node, town.network.path(town.depot.node, node), engine_off=engine_off)
    back = Drive(node, town.network.path(node, town.depot.node), engine_off=engine_off)
    stay = Halt("night", stay_s, engine_off=engine_off)
    case.script.later.append(Later(moment, (out, stay, back), labels))
    return True


def night_ride(case: Case) -> bool:
    """Somebody takes the van for a ride at night, and brings it back."""
    return _there_and_back(case, False, ("night_movement", "off_hours_ignition"), 60.0)


def tow(case: Case) -> bool:
    """The van is towed away at night with its engine off, and towed back."""
    return _there_and_back(case, True, ("towed", "night_movement"), 90.0)


def idle_at_night(case: Case) -> bool:
    """The engine runs at the depot for a quarter of an hour at night."""
    moment = at_night(case, -1.2, 3.0)
    if moment is None:
        return False
    halt = Halt(DEPOT, float(case.rng.uniform(9 * 60, 20 * 60)), engine_off=False)
    case.script.later.append(Later(moment, (halt,), ("off_hours_ignition",)))
    return True
