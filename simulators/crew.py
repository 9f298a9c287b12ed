"""Towns lived by several processes at a time, and told in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import Final

from domain.errors import UnavailableError
from simulators.fleet.planning import Van
from simulators.incidents.lottery import Luck
from simulators.scenario import Scenario
from simulators.told import Told
from simulators.towns import live

_AHEAD: Final = 2  # towns that wait for their turn, for each process
_WORTH_IT: Final = 2  # towns for each process, below which a process costs more than it saves

Fleet = list[Van]


def lived(scenario: Scenario, seed: int, fleets: Sequence[Fleet], luck: Luck, jobs: int) -> Iterator[Told]:
    """What the towns of these fleets tell, as lines, in the order of the fleets, whatever `jobs` is.

    Raises UnavailableError when a process of ours is killed.
    """
    jobs = min(jobs, len(fleets) // _WORTH_IT)
    if jobs < 2:
        yield from (told.ink() for fleet in fleets for told in live(scenario, seed, fleet, luck))
        return
    context = get_context("forkserver")  # a fork of this process would take the locks of its threads along
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(jobs, context)
    try:
        tasks = ((scenario, seed, fleet, _of(luck, fleet)) for fleet in fleets)
        waiting = deque(pool.submit(_live_whole, *task) for task in islice(tasks, jobs * _AHEAD))
        while waiting:
            yield from _result(waiting.popleft())
            waiting.extend(pool.submit(_live_whole, *task) for task in islice(tasks, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _live_whole(scenario: Scenario, seed: int, fleet: Fleet, luck: Luck) -> list[Told]:
    return [told.ink() for told in live(scenario, seed, fleet, luck)]


def _result(done: Future[list[Told]]) -> list[Told]:
    try:
        return done.result()
    except BrokenProcessPool as error:
        raise UnavailableError("a process that simulates a town was ended; perhaps there was not memory enough") from error


def _of(luck: Luck, fleet: Fleet) -> Luck:
    devices = {van.device_id for van in fleet}
    return {key: kinds for key, kinds in luck.items() if key[0] in devices}
