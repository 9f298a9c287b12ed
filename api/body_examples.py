"""A whole body for each operation that takes JSON, to try it with; they tell one story and are checked against the models."""

from __future__ import annotations

from typing import Any, Final

_AT: Final = "2026-03-02T05:40:00Z"
_PLACE: Final = {"longitude_deg": 77.5946, "latitude_deg": 12.9716}
_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_SPAN: Final = {"planned_start": "2026-03-02T08:00:00+05:30", "planned_end": "2026-03-02T16:00:00+05:30"}
_RULE: Final = {"name": "Door open in the market", "expression": "door_open", "severity": "medium", "for_s": 60}
_BREAKDOWN: Final = {"kind": "breakdown", "vehicle_id": "van-07", "valid_from": _AT, "reason": "gearbox"}
_COLA: Final = {
    "product_id": "COLA-330",
    "name": "Cola 330 ml",
    "price": 20.5,
    "tax_pct": 18,
    "units": [{"unit": "case", "pieces": 24}],
}
_LOADED: Final = [{"product_id": "COLA-330", "pieces": 58}]
_SAID: Final = {"comment": "seen the photo"}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "set_parameter": {"value": 480, "scope": "organisation"},
    "create_suppressor": _BREAKDOWN,
    "replace_suppressor": _BREAKDOWN,
    "end_suppressor": {"until": _AT},
    "save_otp_gateway": {"url": "https://sms.example.org/beatwatch"},
    "check_own_rule": {"expression": "door_open"},
    "save_own_rule": _RULE,
    "try_own_rule": {"days": 7},
    "switch_on_own_rule": {},
    "acknowledge_alert": {"note": "calling the driver"},
    "resolve_alert": {"resolution": "false", "reason": "shop was closed for a wedding"},
    "reopen_alert": {"note": "it was right after all"},
    "assign_alert": {"assignee": "asha@example.org"},
    "snooze_alert": {"until": "2030-03-02T12:00:00Z"},
    "comment_on_alert": {"text": "The driver says that the road is closed."},
    "save_recipient": {"address": "asha@example.org", "least_severity": "high", "level": 0},
    "create_duty": {"person": "asha@example.org", "since": "2030-03-02T06:00:00Z", "until": "2030-03-02T14:00:00Z"},
    "add_push_subscription": {"endpoint": "https://push.example.org/send/abc", "keys": {"p256dh": "BA", "auth": "AA"}},
    "add_device": {"device_key": "tracker-0007", "model": "FMB920"},
    "change_device": {"model": "FMB920"},
    "assign_device": {"vehicle_id": "van-07", "since": "2026-03-01T00:00:00Z"},
    "save_payload_profile": {},
    "save_topic_pattern": {"pattern": "v3/{app}@ttn/devices/{device}/up", "format": "ttn"},
    "add_registered_vehicle": {"vehicle_id": "van-07", "registration": "KA 05 1234", "name": "Market", "capacity_kg": 900},
    "change_registered_vehicle": {"capacity_kg": 950},
    "add_driver": {"driver_id": "D-07", "name": "Ravi", "phone": "+91 80 1234"},
    "change_driver": {"phone": "+91 80 5678"},
    "add_outlet": {
        "outlet_id": "O-1",
        "name": "Corner Shop",
        **_PLACE,
        "class": "A",
        "channel": "kirana",
        "credit_limit": 20000,
    },
    "change_outlet": {"credit_limit": 25000},
    "ask_for_outlet_change": {**_PLACE, "reason": "moved across the road"},
    "add_outlet_payment": {"payment_id": "R-1", "amount": 400},
    "add_product": _COLA,
    "change_product": {"price": 21},
    "add_price_list": {
        "price_list_id": "PL-GOLD",
        "name": "Gold",
        "tier": "gold",
        "valid_from": "2026-03-01",
        "lines": [{"product_id": "COLA-330", "price": 19.5, "least_pieces": 24}],
    },
    "change_price_list": {"valid_until": "2026-12-31"},
    "add_promotion": {
        "promotion_id": "HOLI",
        "name": "Holi",
        "kind": "percentage",
        "terms": {"percent": 5},
        "valid_from": "2026-03-01",
        "valid_until": "2026-03-08",
    },
    "change_promotion": {"valid_until": "2026-03-10"},
    "add_order": {
        "order_id": "SO-4711",
        "outlet_id": "O-1",
        "due_on": "2026-03-02",
        "lines": [{"product_id": "COLA-330", "quantity": 2, "unit": "case"}],
    },
    "change_order": {"due_on": "2026-03-03"},
    "set_trip_state": {"state": "returning"},
    "assign_driver": {"driver_id": "D-07"},
    "open_load_out": {"depot_id": "depot-north", "extra": [{"product_id": "COLA-330", "pieces": 24}]},
    "count_load_out": {"counted_as": "checker", "lines": [{**_LOADED[0], "reason": "two broken"}], "crates": 3},
    "top_up_trip": {"top_up_id": "TU-1", "at": _AT, "lines": _LOADED},
    "arrive_at_stop": {"at": _AT},
    "complete_delivery": {
        "at": _AT,
        "lines": [{"line_no": 1, "delivered": 20, "returned": 2, "short_reason": "no room", "return_reason": "expired"}],
        "payment": {"cash": 400},
        "crates_out": 2,
        "crates_in": 1,
        **_PLACE,
        "accuracy_m": 8,
    },
    "fail_delivery": {"at": _AT, "reason": "shop closed"},
    "prove_delivery": {"kind": "signature", "captured_at": _AT, "sha256": _DIGEST, "signed_by": "Asha", **_PLACE},
    "submit_settlement": {"lines": [{"product_id": "COLA-330", "pieces": 4}], "cash": 400, "upi": 0, "crates": 3},
    "approve_settlement": _SAID,
    "reject_settlement": {"comment": "count the crates again"},
    "ask_closure": {"comment": "all is there"},
    "report_breakdown": {"at": _AT, "reason": "flat tyre", **_PLACE},
    "set_breakdown_state": {"state": "repair", "note": "spare wheel"},
    "transfer_load": {"to_trip_id": "T-2", "lines": [{"product_id": "COLA-330", "pieces": 12}], "cargo_kg": 86.5},
    "add_asset": {"asset_id": "COOLER-0815", "kind": "cooler", "outlet_id": "O-1"},
    "change_asset": {"condition": "damaged"},
    "add_asset_transfer": {"transfer_id": "TR-1", "asset_id": "COOLER-0815", "to_outlet_id": "O-1", "planned_at": _AT},
    "change_asset_transfer": {"reason": "the shop is closed"},
    "ask_approval": {"kind": "detour", "subject_id": "T-1", "comment": "The bridge is closed."},
    "approve_request": _SAID,
    "reject_request": {"comment": "drive on"},
    "withdraw_approval": {"comment": "not needed any more"},
    "receive_stock": {"receipt_id": "R-1", "depot_id": "depot-north", "received_at": _AT, "lines": _LOADED},
    "count_stock": {"place_kind": "depot", "place_id": "depot-north", "product_id": "COLA-330", "counted": 480},
    "propose_adjustments": {"outlet_id": "O-1"},
    "order_replenishment": {"outlet_id": "O-1"},
    "add_beat": {
        "beat_id": "MARKET",
        "name": "Market",
        "weekdays": [1, 4],
        "vehicle_id": "van-07",
        "outlets": [{"outlet_id": "O-1"}],
    },
    "change_beat": {"weekdays": [1, 3, 5]},
    "add_route_plan": {"route_plan_id": "R-1", "beat_id": "MARKET", **_SPAN},
    "change_route_plan": {"planned_end": _SPAN["planned_end"]},
    "plan_day": {"planned_start": _SPAN["planned_start"], "duration_h": 8},
    "add_organisation": {"slug": "north", "name": "North Distributors", "kind": "distributor"},
    "change_organisation": {"time_zone": "Asia/Kolkata"},
    "add_brand_contract": {
        "contract_id": "C-ACME-NORTH",
        "distributor": "north",
        "manufacturer": "acme",
        "brands": ["Acme"],
        "valid_from": "2026-03-01",
    },
    "change_brand_contract": {"valid_until": "2026-12-31"},
    "add_person": {
        "login": "asha@example.org",
        "name": "Asha",
        "role": "distributor_manager",
        "password": "correct horse battery",
    },
    "change_person": {"role": "logistics_manager"},
    "add_retailer_link": {"days": 7},
    "add_api_key": {"name": "ERP nightly orders", "scopes": ["observe", "plan"]},
    "add_webhook": {"url": "https://erp.example.org/beatwatch", "topics": ["order", "delivery", "event", "alert"]},
    "change_webhook": {"state": "paused"},
    "confirm_second_step": {"code": "492039"},
    "end_second_step": {"code": "492039"},
}
_FIRST_STEP: Final = {  # of the life cycles of records
    "asset": "in_repair",
    "asset_transfer": "under_way",
    "beat": "paused",
    "brand_contract": "active",
    "driver": "suspended",
    "order": "confirmed",
    "outlet": "pending_approval",
    "outlet_change": "accepted",
    "price_list": "active",
    "product": "discontinued",
    "promotion": "active",
    "registered_vehicle": "retired",
    "route_plan": "released",
}


def describe_bodies(document: dict[str, Any]) -> None:
    """Put them into a description of the API."""
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            example = example_of(operation.get("operationId", ""))
            if content is not None and example is not None:
                content.setdefault("example", example)


def example_of(operation_id: str) -> dict[str, Any] | None:
    """The body of an operation, if there is one here."""
    if operation_id.startswith("move_"):
        state = _FIRST_STEP.get(operation_id.removeprefix("move_"))
        return None if state is None else {"state": state}
    return EXAMPLES.get(operation_id)
