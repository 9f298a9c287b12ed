"""Rounds of simulated vans, played to the broker in a thread: one in fast motion, then life at its own pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from beatwatch.demo.people import People
from beatwatch.demo.stage import (
    capture_proof,
    drivers_of,
    furnish,
    give_log_ins,
    proofs_by_time,
    set_stage,
    take_orders,
    with_round,
)
from domain.errors import BeatwatchError, UnavailableError
from domain.observations import Position, Reading
from simulators.pace import generate_live
from simulators.publisher import play
from simulators.scenario import Scenario
from simulators.simulation import Simulation
from store.pool import Pool

_log = structlog.get_logger()
_TRIES: Final = 3


@dataclass
class Tally:
    """What the broker acknowledged, to be held against what is stored; messages count, and readings are told apart."""

    messages: int = 0
    readings: set[tuple[str, datetime, int]] = field(default_factory=set)  # device, fix time, sequence number

    def add(self, reading: Reading) -> None:
        """Count one acknowledged position."""
        if isinstance(reading, Position) and reading.fix_time is not None and reading.seq is not None:
            self.messages += 1
            self.readings.add((reading.device, reading.fix_time, reading.seq))


@dataclass
class Performance:
    """Plays round after round until `stop` is set. `failure` is what ended it early, if anything did."""

    scenario: Scenario
    seed: int
    speed: float
    mqtt_url: str
    pool: Pool
    people: People
    organisation: str
    org_id: int
    stop: threading.Event = field(default_factory=threading.Event)
    tally: Tally = field(default_factory=Tally)
    failure: Exception | None = None
    _log_ins: dict[str, tuple[str, str]] = field(default_factory=dict)

    def run(self) -> None:
        """Play until told to stop; the body of the thread."""
        try:
            self._play_rounds()
        except Exception as error:  # noqa: BLE001  # the main thread raises it again
            self.failure = error

    def _play_rounds(self) -> None:
        speed, number = self.speed, 1
        products = furnish(self.pool, self.org_id, self.scenario, self.seed, datetime.now(UTC).date())
        while not self.stop.is_set():
            simulation = with_round(generate_live(self.scenario, self.seed, speed, datetime.now(UTC)), number)
            set_stage(self.pool, self.organisation, self.org_id, simulation)
            take_orders(self.pool, self.org_id, simulation, products)
            unknown = [device for device in simulation.devices if device not in self._log_ins]
            self._log_ins |= give_log_ins(self.pool, self.organisation, unknown)
            drivers = drivers_of(simulation)
            if number > 1 and len(drivers) > 1:
                drivers.pop(simulation.trips[-1].trip_id)  # left to whoever tries the pages: to load, drive and settle
            drivers = {trip: driver for trip, driver in drivers.items() if self._is_done(self.people.set_out, trip, driver)}
            self._play(simulation, speed, drivers)
            if not self.stop.is_set():
                for trip_id, driver_id in drivers.items():
                    self._is_done(self.people.come_back, trip_id, driver_id)
            speed, number = 1.0, number + 1  # the simulated clock has caught up with ours

    def _is_done(self, deed: Callable[..., None], *said: object) -> bool:
        """Have one of the people do something; whoever looks on may have done it already, or something else."""
        for _ in range(_TRIES):
            try:
                deed(*said)
            except UnavailableError:
                continue  # as a phone would: once more
            except BeatwatchError as error:
                _log.info("somebody else was quicker", deed=deed.__name__, reason=str(error))
                return False
            return True
        return False

    def _play(self, simulation: Simulation, speed: float, drivers: Mapping[str, str]) -> None:
        proofs = threading.Thread(target=self._capture_proofs, args=(simulation, speed, drivers), name="proofs")
        proofs.start()
        try:
            play(
                simulation,
                self.mqtt_url,
                speed,
                tenant=self.organisation,
                credentials=self._log_ins,
                on_ack=self.tally.add,
                stop=self.stop,
            )
        finally:
            proofs.join()

    def _capture_proofs(self, simulation: Simulation, speed: float, drivers: Mapping[str, str]) -> None:
        """Deliver as the drivers do; of a trip that nobody of ours drives only the proof is told, as a plan may bring it."""
        began_s = time.monotonic()
        for trip_id, proof in proofs_by_time(simulation):
            due_s = (proof.captured_at - simulation.start).total_seconds() / speed
            if self.stop.wait(max(0.0, due_s - (time.monotonic() - began_s))):
                return
            if trip_id in drivers:
                self._is_done(self.people.hand_over, trip_id, drivers[trip_id], proof)
            elif simulation.trips[-1].trip_id != trip_id:
                capture_proof(self.pool, self.org_id, trip_id, proof)
