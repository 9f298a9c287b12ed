"""What another tenant has on its way: media, stock, approvals, loads, deliveries; and what to send at each operation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from store import stock
from store.stock import Cause, Movement, Place, PlaceKind
from tests.api.goods import product
from tests.api.yard import Yard

NOW = datetime.now(UTC).replace(microsecond=0)
DIGEST = "ab" * 32

_STOCK = Movement(
    moved_at=NOW,
    place=Place(PlaceKind.depot, "victims-depot"),
    product_id="victims-cola",
    pieces=7,
    cause=Cause.opening,
    ref="victims-opening",
)


def goods_of(theirs: Yard) -> dict[str, str]:
    """Give them something of each; how addresses name it."""
    org_id = theirs.org_id
    product(theirs, "victims-cola")
    theirs.owner.execute(
        "INSERT INTO stop_delivery (org_id, delivery_id, trip_id, stop_id)"
        " VALUES (%s, 'victims-delivery', 'victims-trip', 'S-1')",
        (org_id,),
    )
    theirs.owner.execute(
        "INSERT INTO load_out (org_id, trip_id, depot_id, vehicle_id, opened_by)"
        " VALUES (%s, 'victims-trip', 'victims-depot', 'victims-van', 'victim')",
        (org_id,),
    )
    theirs.owner.execute(
        "INSERT INTO otp_gateway (org_id, url, secret, changed_by) VALUES (%s, 'https://sms.example.org/v', 'bws_v', 'victim')",
        (org_id,),
    )
    with theirs.pool.connection() as connection:
        stock.move(connection, org_id, "victims-manager", [_STOCK])
    theirs.owner.execute(
        "INSERT INTO media (org_id, sha256, content_type, bytes, stored_by) VALUES (%s, %s, 'image/png', 9, 'victim')",
        (org_id, DIGEST),
    )
    approval = theirs.owner.execute(
        "INSERT INTO approval (org_id, kind, subject_id, requested_by, decide_by)"
        " VALUES (%s, 'detour', 'victims-trip', 'victim', now()) RETURNING approval_id",
        (org_id,),
    ).fetchone()
    assert approval is not None
    theirs.owner.execute(
        "INSERT INTO breakdown (org_id, breakdown_id, trip_id, vehicle_id, reported_at, reported_by, reason)"
        " VALUES (%s, 'victims-breakdown', 'victims-trip', 'victims-van', now(), 'victim', 'tyre')",
        (org_id,),
    )
    theirs.owner.execute("INSERT INTO asset (org_id, asset_id, kind) VALUES (%s, 'victims-asset', 'cooler')", (org_id,))
    theirs.owner.execute(
        "INSERT INTO asset_transfer (org_id, transfer_id, asset_id, planned_at)"
        " VALUES (%s, 'victims-move', 'victims-asset', now())",
        (org_id,),
    )
    return {
        "asset_id": "victims-asset",
        "transfer_id": "victims-move",
        "breakdown_id": "victims-breakdown",
        "approval_id": str(approval[0]),
        "sha256": DIGEST,
        "delivery_id": "victims-delivery",
    }


GOODS_BODIES: dict[str, dict[str, Any]] = {
    "save_media": {"content": b"\x89PNG\r\n\x1a\n"},
    "propose_adjustments": {"json": {"outlet_id": "victims-outlet"}},
    "order_replenishment": {"json": {"outlet_id": "victims-outlet"}},
    "add_asset": {"json": {"asset_id": "C-1"}},
    "change_asset": {"json": {"owner": "Mallory"}},
    "move_asset": {"json": {"state": "lost"}},
    "add_asset_transfer": {"json": {"transfer_id": "TR", "asset_id": "victims-asset", "planned_at": NOW.isoformat()}},
    "change_asset_transfer": {"json": {"reason": "m"}},
    "move_asset_transfer": {"json": {"state": "cancelled"}},
    "submit_settlement": {"json": {"lines": []}},
    "save_otp_gateway": {"json": {"url": "https://93.184.215.14/sms"}},
    "report_breakdown": {"json": {"at": NOW.isoformat(), "reason": "tyre"}},
    "set_breakdown_state": {"json": {"state": "repair"}},
    "transfer_load": {"json": {"to_trip_id": "victims-trip", "lines": []}},
    "set_trip_state": {"json": {"state": "returning"}},
    "assign_driver": {"json": {"driver_id": None}},
    "open_load_out": {"json": {}},
    "count_load_out": {"json": {"counted_as": "checker", "lines": []}},
    "top_up_trip": {"json": {"top_up_id": "TU", "at": NOW.isoformat(), "lines": [{"product_id": "victims-cola", "pieces": 1}]}},
    "arrive_at_stop": {"json": {"at": NOW.isoformat()}},
    "complete_delivery": {"json": {"at": NOW.isoformat()}},
    "fail_delivery": {"json": {"at": NOW.isoformat(), "reason": "closed"}},
    "prove_delivery": {"json": {"kind": "scan", "code": "1", "captured_at": NOW.isoformat()}},
    "ask_approval": {"json": {"kind": "detour", "subject_id": "victims-trip"}},
    "receive_stock": {
        "json": {
            "receipt_id": "R-1",
            "depot_id": "victims-depot",
            "received_at": NOW.isoformat(),
            "lines": [{"product_id": "p", "pieces": 1}],
        }
    },
    "count_stock": {"json": {"place_kind": "depot", "place_id": "victims-depot", "product_id": "victims-cola", "counted": 1}},
}
