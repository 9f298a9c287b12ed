"""What another tenant has of master data and orders; and what to send at each operation."""

from __future__ import annotations

from typing import Any

from tests.api.yard import Yard

IDENTIFIERS = {
    "product_id": "victims-product",
    "outlet_id": "victims-outlet",
    "change_id": "victims-change",
    "driver_id": "victims-driver",
    "beat_id": "victims-beat",
    "route_plan_id": "victims-plan",
    "price_list_id": "victims-list",
    "promotion_id": "victims-promotion",
    "order_id": "victims-order",
    "contract_id": "victims-contract",
    "slug": "victim",
    "kind": "products",
    "token": "victims-token",
    "key_id": "00000000-0000-4000-8000-000000000001",
    "link_id": "00000000-0000-4000-8000-000000000002",
    "webhook_id": "00000000-0000-4000-8000-000000000003",
}
_ROWS = """
INSERT INTO product (org_id, product_id, name) VALUES (%(org)s, 'victims-product', 'victims');
INSERT INTO product_unit (org_id, product_id, unit, pieces) VALUES (%(org)s, 'victims-product', 'case', 24);
INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, state)
    VALUES (%(org)s, 'victims-outlet', 'victims', 1, 2, 'draft');
INSERT INTO outlet_payment (org_id, payment_id, outlet_id, amount, paid_at, recorded_by)
    VALUES (%(org)s, 'victims-payment', 'victims-outlet', 5, '2026-01-01', 'victim');
INSERT INTO outlet_change (org_id, change_id, outlet_id, before, after, requested_by)
    VALUES (%(org)s, 'victims-change', 'victims-outlet', '{}', '{}', 'victim');
INSERT INTO driver (org_id, driver_id, name) VALUES (%(org)s, 'victims-driver', 'victims');
INSERT INTO beat (org_id, beat_id, name) VALUES (%(org)s, 'victims-beat', 'victims');
INSERT INTO beat_outlet (org_id, beat_id, position_no, outlet_id) VALUES (%(org)s, 'victims-beat', 0, 'victims-outlet');
INSERT INTO route_plan (org_id, route_plan_id, on_date, planned_start, planned_end)
    VALUES (%(org)s, 'victims-plan', '2026-01-01', '2026-01-01', '2026-01-02');
INSERT INTO route_plan_version (org_id, route_plan_id, version, plan, made_by)
    VALUES (%(org)s, 'victims-plan', 1, '{}', 'victim');
INSERT INTO price_list (org_id, price_list_id, name, valid_from) VALUES (%(org)s, 'victims-list', 'victims', '2026-01-01');
INSERT INTO price_list_line (org_id, price_list_id, product_id, price) VALUES (%(org)s, 'victims-list', 'victims-product', 1);
INSERT INTO promotion (org_id, promotion_id, name, kind, terms, valid_from)
    VALUES (%(org)s, 'victims-promotion', 'victims', 'percentage', '{"percent": 5}', '2026-01-01');
INSERT INTO sales_order (org_id, order_id, outlet_id, due_on) VALUES (%(org)s, 'victims-order', 'victims-outlet', '2026-01-01');
INSERT INTO order_line (org_id, order_id, line_no, product_id, ordered, price)
    VALUES (%(org)s, 'victims-order', 1, 'victims-product', 1, 1);
INSERT INTO api_key (key_id, org_id, name, key_hash, begins_with, scopes, created_by)
    VALUES ('00000000-0000-4000-8000-000000000001', %(org)s, 'victims', '\\x01', 'bwk_', '{observe}', 'victim');
INSERT INTO retailer_link (link_id, org_id, outlet_id, token_hash, created_by, expires_at)
    VALUES ('00000000-0000-4000-8000-000000000002', %(org)s, 'victims-outlet', '\\x02', 'victim', '2090-01-01');
INSERT INTO webhook (webhook_id, org_id, url, topics, secret, created_by)
    VALUES ('00000000-0000-4000-8000-000000000003', %(org)s, 'https://victim.example', '{order}', 's', 'victim');
INSERT INTO webhook_message (webhook_id, org_id, topic, body, state)
    VALUES ('00000000-0000-4000-8000-000000000003', %(org)s, 'order.draft', '{}', 'dead');
INSERT INTO idempotency (org_id, actor, idempotency_key, digest) VALUES (%(org)s, 'victim', 'k', '\\x03');
INSERT INTO organisation (slug, name) VALUES ('victims-supplier', 'victims');
INSERT INTO brand_contract (org_id, contract_id, manufacturer_id, valid_from)
    VALUES (%(org)s, 'victims-contract', (SELECT org_id FROM organisation WHERE slug = 'victims-supplier'), '2026-01-01');
"""
_NOUNS = (
    "outlet",
    "product",
    "registered_vehicle",
    "driver",
    "beat",
    "route_plan",
    "price_list",
    "promotion",
    "order",
    "brand_contract",
)
_SENT = {
    "add_outlet": {"outlet_id": "victims-outlet", "name": "x", "longitude_deg": 1, "latitude_deg": 2},
    "ask_for_outlet_change": {"name": "x", "reason": "x"},
    "add_product": {"product_id": "victims-product", "name": "x", "price": 1},
    "add_registered_vehicle": {"vehicle_id": "victims-van"},
    "add_driver": {"driver_id": "victims-driver", "name": "x", "login": "victims-manager"},
    "add_device": {"device_key": "victims-tracker"},
    "assign_device": {"vehicle_id": "victims-van"},
    "add_beat": {"beat_id": "victims-beat", "name": "x", "outlets": [{"outlet_id": "victims-outlet"}]},
    "add_route_plan": {
        "route_plan_id": "victims-plan",
        "beat_id": "victims-beat",
        "planned_start": "2026-01-01T00:00:00Z",
        "planned_end": "2026-01-01T08:00:00Z",
    },
    "plan_day": {"planned_start": "2026-01-01T00:00:00Z"},
    "add_price_list": {"price_list_id": "victims-list", "name": "x", "valid_from": "2026-01-01"},
    "add_promotion": {
        "promotion_id": "victims-promotion",
        "name": "x",
        "kind": "percentage",
        "terms": {"percent": 5},
        "valid_from": "2026-01-01",
    },
    "add_order": {
        "order_id": "victims-order",
        "outlet_id": "victims-outlet",
        "due_on": "2026-01-01",
        "lines": [{"product_id": "victims-product", "quantity": 1}],
    },
    "add_retailer_link": {"days": 1},
    "add_outlet_payment": {"payment_id": "P-1", "amount": 5},
    "confirm_second_step": {"code": "000000"},
    "end_second_step": {"code": "000000"},
    "add_webhook": {"url": "https://mallory.example", "topics": ["order"]},
    "change_webhook": {},
    "add_api_key": {"name": "x", "scopes": ["observe"]},
    "add_organisation": {"slug": "below-the-victim", "name": "x", "parent": "victim"},
    "add_brand_contract": {
        "contract_id": "x",
        "distributor": "victim",
        "manufacturer": "victims-supplier",
        "valid_from": "2026-01-01",
    },
    **{
        f"change_{noun}": {}
        for noun in ("outlet", "product", "driver", "beat", "route_plan", "price_list", "promotion", "order")
    },
    **{f"change_{noun}": {} for noun in (*_NOUNS, "device", "organisation")},
    **{f"move_{noun}": {"state": "cancelled"} for noun in (*_NOUNS, "outlet_change")},
}
CATALOGUE_BODIES: dict[str, dict[str, Any]] = {name: {"json": body} for name, body in _SENT.items()} | {
    "list_brand_sales": {"params": {"since": "2026-01-01", "until": "2026-02-01"}},
    "list_brand_availability": {"params": {"since": "2026-01-01", "until": "2026-02-01"}},
    "import_table": {"content": "product_id,name,price\nvictims-product,x,1\n", "params": {"dry_run": False}},
}
"""What is sent to operations that write, naming what the other tenant has."""


def catalogue_of(theirs: Yard) -> dict[str, str]:
    """Give them one of each; how addresses name it."""
    for statement in _ROWS.split(";\n"):
        if statement.strip():
            theirs.owner.execute(statement.encode(), {"org": theirs.org_id})
    return IDENTIFIERS
