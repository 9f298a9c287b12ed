"""The people of the simulated distributor: they do what the console's pages let people do, through the same functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from fastapi import Response

from api.access import Access
from api.handing_over import handed_lines, invoice_value
from api.resources.delivering import Completion, HandedLine, complete
from api.resources.load_outs import CountedLine, LoadCount, LoadOpening, count_load_out, open_load_out
from api.resources.proving import CapturedProof, prove
from api.resources.trip_life import DriverChange, NewState, assign_driver, dispatch_trip, set_trip_state
from domain.people import Role
from domain.trip_life import DONE
from domain.trips import Proof
from store import deliveries
from store.deliveries import Delivery, DeliveryFilter, DeliveryLine
from store.pool import Pool

_UPI_ONE_IN: Final = 3


@dataclass(frozen=True, slots=True)
class People:
    """Those at the ramp and on the road."""

    pool: Pool
    org_id: int

    def set_out(self, trip_id: str, driver_id: str) -> None:
        """Load the van as ordered, both counting the same, and let it go."""
        ramp = self._who("checker")
        load = open_load_out(ramp, trip_id, LoadOpening(), Response())
        lines = [CountedLine(product_id=line.product_id, pieces=line.expected, reason=None) for line in load.lines]
        count_load_out(ramp, trip_id, LoadCount(counted_as="checker", lines=lines), Response())
        count_load_out(self._who(driver_id), trip_id, LoadCount(counted_as="driver", lines=lines), Response())
        manager = self._who("manager")
        assign_driver(manager, trip_id, DriverChange(driver_id=driver_id), Response())
        dispatch_trip(manager, trip_id, Response())

    def hand_over(self, trip_id: str, driver_id: str, proof: Proof) -> None:
        """Deliver what was ordered at the stop of `proof`, and bring the proof."""
        driver = self._who(driver_id)
        for delivery, lines in self._open_at(trip_id, proof.stop_id):
            complete(driver, delivery.delivery_id, _completion(delivery, lines, proof), Response())
            code = delivery.order_id or delivery.stop_id
            scanned = CapturedProof.model_validate(
                {"kind": "scan", "code": code, "captured_at": proof.captured_at, **_place(proof)}
            )
            prove(driver, delivery.delivery_id, scanned, Response())

    def come_back(self, trip_id: str, driver_id: str) -> None:
        """Bring the van back to the ramp; what is left on it, somebody else counts."""
        set_trip_state(self._who(driver_id), trip_id, NewState(state="returning"), Response())
        set_trip_state(self._who("checker"), trip_id, NewState(state="unloading"), Response())

    def _open_at(self, trip_id: str, stop_id: str) -> list[tuple[Delivery, list[DeliveryLine]]]:
        with self._who("").transaction() as connection:
            found = deliveries.list_deliveries(connection, DeliveryFilter(trip_id=trip_id, org_id=self.org_id))
            here = [row for row in found if row.stop_id == stop_id and row.state not in DONE]
            return [(row, deliveries.lines_of(connection, row)) for row in here]

    def _who(self, name: str) -> Access:
        return Access(self.pool, self.org_id, name, Role.platform_administrator)


def _completion(delivery: Delivery, lines: list[DeliveryLine], proof: Proof) -> Completion:
    """All that was ordered, for the van's scales will see it go; some shops pay by telephone, always the same ones."""
    said = [HandedLine.model_validate({"line_no": line.line_no, "delivered": min(line.ordered, line.loaded)}) for line in lines]
    by_telephone = crc32(delivery.stop_id.encode()) % _UPI_ONE_IN == 0
    paid = {"upi" if by_telephone else "cash": invoice_value(lines, handed_lines(lines, said))}
    return Completion.model_validate({**_place(proof), "at": proof.captured_at, "lines": said, "payment": paid})


def _place(proof: Proof) -> dict[str, object]:
    return {name: getattr(proof, name) for name in ("longitude_deg", "latitude_deg", "accuracy_m")}
