"""The tables of master data and orders."""

from __future__ import annotations

from typing import Final

from store.records import Children, Table

PRODUCT: Final = Table(
    name="product",
    kind="product",
    key="product_id",
    columns=(
        "name",
        "brand",
        "unit_weight_g",
        "price",
        "tax_pct",
        "temperature_min_c",
        "temperature_max_c",
        "barcode",
        "lead_time_days",
    ),
    children=Children(name="units", table="product_unit", columns=("unit", "pieces"), order=("pieces", "unit")),
    words=("name", "brand", "barcode"),
    sorts=("name", "price"),
)

OUTLET: Final = Table(
    name="outlet",
    kind="outlet",
    key="outlet_id",
    columns=(
        "name",
        "longitude_e7",
        "latitude_e7",
        "radius_m",
        "class",
        "channel",
        "tier",
        "contact_name",
        "phone",
        "address",
        "credit_limit",
        "service_windows",
    ),
    documents=frozenset({"service_windows"}),
    words=("name", "contact_name", "phone", "address"),
    sorts=("name", "class"),
)

OUTLET_CHANGE: Final = Table(
    name="outlet_change",
    kind="outlet change",
    key="change_id",
    columns=("outlet_id", "before", "after", "reason", "requested_by", "decided_by", "decided_at", "comment"),
    documents=frozenset({"before", "after"}),
    words=("outlet_id", "reason"),
)

VEHICLE: Final = Table(
    name="vehicle",
    kind="vehicle",
    key="vehicle_id",
    columns=("registration", "name", "kind", "capacity_kg"),
    words=("registration", "name"),
)

DRIVER: Final = Table(
    name="driver",
    kind="driver",
    key="driver_id",
    columns=("name", "phone", "licence_no", "licence_until", "person_id"),
    computed={"login": "driver_login"},
    words=("name", "phone", "licence_no"),
    sorts=("name",),
)

BEAT: Final = Table(
    name="beat",
    kind="beat",
    key="beat_id",
    columns=("name", "weekdays", "every_weeks", "starts_on", "vehicle_id", "driver_id"),
    children=Children(
        name="outlets",
        table="beat_outlet",
        columns=("outlet_id", "planned_service_s"),
        order=("position_no",),
        number="position_no",
    ),
    sorts=("name",),
)

ROUTE_PLAN: Final = Table(
    name="route_plan",
    kind="route plan",
    key="route_plan_id",
    columns=(
        "beat_id",
        "on_date",
        "planned_start",
        "planned_end",
        "vehicle_id",
        "driver_id",
        "route",
        "corridor_m",
        "depot",
        "stops",
        "trip_id",
    ),
    documents=frozenset({"route", "depot", "stops"}),
    computed={"version": "route_plan_version"},
    words=("beat_id",),
    sorts=("on_date", "planned_start"),
)

PRICE_LIST: Final = Table(
    name="price_list",
    kind="price list",
    key="price_list_id",
    columns=("name", "tier", "valid_from", "valid_until"),
    children=Children(
        name="lines",
        table="price_list_line",
        columns=("product_id", "least_pieces", "price"),
        order=("product_id", "least_pieces"),
    ),
    sorts=("name", "valid_from"),
)

PROMOTION: Final = Table(
    name="promotion",
    kind="promotion",
    key="promotion_id",
    columns=("name", "kind", "terms", "product_ids", "outlet_classes", "valid_from", "valid_until", "budget", "spent"),
    documents=frozenset({"terms"}),
    sorts=("name", "valid_from"),
)

ORDER: Final = Table(
    name="sales_order",
    kind="order",
    key="order_id",
    columns=(
        "outlet_id",
        "ordered_at",
        "due_on",
        "trip_id",
        "stop_id",
        "invoice_no",
        "note",
        "reason",
        "discount_value",
        "net_value",
        "tax_value",
    ),
    children=Children(
        name="lines",
        table="order_line",
        columns=(
            "product_id",
            "ordered",
            "free",
            "allocated",
            "price",
            "discount_value",
            "tax_pct",
            "batch",
            "expiry",
            "promotion_id",
        ),
        order=("line_no",),
        number="line_no",
        first_number=1,
    ),
    words=("outlet_id", "invoice_no", "note"),
    sorts=("ordered_at", "due_on", "net_value"),
)

BRAND_CONTRACT: Final = Table(
    name="brand_contract",
    kind="brand contract",
    key="contract_id",
    columns=("manufacturer_id", "brands", "valid_from", "valid_until"),
    computed={"manufacturer": "contract_manufacturer"},
    words=(),
)
