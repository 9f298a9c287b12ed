"""The reports there are: what each counts, what it can be grouped by, and what its figures mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Grouping(StrEnum):
    """What the rows of a report stand for."""

    day = "day"
    route = "route"
    driver = "driver"
    vehicle = "vehicle"
    outlet = "outlet"
    distributor = "distributor"


SHARE: Final = "share"


@dataclass(frozen=True, slots=True)
class Figure:
    """A column: its unit, `1` for plain counts and ratios and `share` for shares, of which 1 is all, and its definition."""

    name: str
    unit: str
    definition: str


@dataclass(frozen=True, slots=True)
class Report:
    """A named table of figures over a span of time."""

    name: str
    title: str
    groupings: tuple[Grouping, ...]
    figures: tuple[Figure, ...]


_BY_TRIP: Final = (Grouping.day, Grouping.route, Grouping.driver, Grouping.vehicle, Grouping.distributor)
_BY_STOP: Final = (*_BY_TRIP, Grouping.outlet)
_WHO: Final = (Grouping.driver, Grouping.vehicle, Grouping.route, Grouping.distributor)


def _count(name: str, definition: str) -> Figure:
    return Figure(name, "1", definition)


def _share(name: str, definition: str) -> Figure:
    return Figure(name, SHARE, definition)


_ALL: Final = (
    Report(
        "trips",
        "Trips",
        _BY_TRIP,
        (
            _count("trips", "Trips planned to start within the span."),
            _count("planned_stops", "Stops of these trips."),
            _count("completed_stops", "Stops with a serviced visit, in the order of the plan or not."),
            _share("stop_completion", "Completed / planned stops."),
            Figure("driven_km", "km", "Between consecutive plausible fixes, during the hours of the plan."),
            Figure("moving_h", "h", "Of that, faster than 5 km/h."),
            Figure("idling_h", "h", "Ignition on and not faster."),
        ),
    ),
    Report(
        "planned_actual",
        "Planned against actual",
        _BY_TRIP,
        (
            _count("trips", "Trips planned to start within the span."),
            _count("planned_stops", "Stops of these trips."),
            _count("completed_stops", "Stops with a serviced visit."),
            _share("stop_completion", "Completed / planned stops."),
            _share("sequence_adherence", "Completed in the planned order (longest increasing subsequence) / completed."),
            Figure("planned_km", "km", "Along the planned lines; null where none was planned."),
            Figure("driven_km", "km", "Between consecutive plausible fixes, during the hours of the plan."),
            _count("detour_ratio", "Driven / planned km, of trips with a planned line."),
            Figure("planned_h", "h", "From planned start to planned end, summed."),
            Figure("stops_h", "h", "From the first arrival to the last departure, summed."),
            Figure("planned_service_h", "h", "Service time planned for the completed stops."),
            Figure("dwell_h", "h", "Time at these, from arrival to departure."),
        ),
    ),
    Report(
        "stops",
        "Stops",
        _BY_STOP,
        (
            _count("planned", "Stops planned."),
            _count("completed", "Stops with a serviced visit."),
            _count("on_time", "Completed, arrived within [open - 15, close + 15] min."),
            _count("early", "Completed, arrived before that."),
            _count("late", "Completed, arrived after that."),
            _count("missed", "Final: the window closed an hour ago or the trip ended, there was data, and no visit."),
            _count("no_data", "The data have a gap where the visit would be. Never counted as missed."),
            _count("unverified", "Probable visits and drive-bys."),
            _count("skipped", "Skipped with an approved reason."),
        ),
    ),
    Report(
        "visits",
        "Visits",
        _BY_STOP,
        (
            _count("visits", "Serviced visits."),
            Figure("mean_dwell_min", "min", "Mean time from arrival to departure."),
            Figure("p90_dwell_min", "min", "Nine in ten stay shorter."),
            Figure("mean_planned_min", "min", "Mean service time planned for them."),
            _count("out_of_sequence", "Of these, out of the planned order."),
        ),
    ),
    Report(
        "productivity",
        "Stops per hour",
        _BY_TRIP,
        (
            _count("trips", "Trips with two or more completed stops."),
            _count("completed", "Their completed stops."),
            Figure("span_h", "h", "From the first arrival to the last departure, summed."),
            Figure("stops_per_hour", "1/h", "Completed / (last departure - first arrival)."),
        ),
    ),
    Report(
        "deviations",
        "Route deviations",
        _BY_TRIP,
        (
            _count("deviations", "Deviation episodes that hold."),
            _count("trips_concerned", "Trips with any."),
            Figure("off_route_h", "h", "Their length, as far as they have ended."),
            Figure("peak_m", "m", "The furthest from the route."),
            _count("detours", "Legs or trips driven much longer than planned."),
        ),
    ),
    Report(
        "otif",
        "On time and in full",
        _BY_STOP,
        (
            _count("orders_due", "Orders due within the span, drafts and cancelled ones apart."),
            _count("on_time", "Arrival in [open - 15, close + 15] min."),
            _count("in_full", "Sum of min(delivered, ordered) = ordered."),
            _share("otif", "Orders on time and in full / orders due, counted jointly."),
        ),
    ),
    Report(
        "fill_rate",
        "Fill rate",
        _BY_STOP,
        (
            Figure("ordered", "pieces", "Pieces ordered."),
            Figure("delivered", "pieces", "Sum of min(delivered, ordered)."),
            _share("case_fill", "Sum of min(delivered, ordered) / sum of ordered."),
            _count("lines", "Order lines."),
            _share("line_fill", "Full lines / lines."),
        ),
    ),
    Report(
        "drop_size",
        "Drop size",
        _BY_STOP,
        (
            _count("drops", "Deliveries that brought anything."),
            Figure("net_value", "currency", "What was billed for them."),
            Figure("drop_size", "currency", "Net value / successful drops."),
        ),
    ),
    Report(
        "proof_compliance",
        "Proof compliance",
        _BY_STOP,
        (
            _count("delivered", "Deliveries that brought anything."),
            _count("proven", "Of these, with a proof of any kind."),
            _count("verified", "A serviced visit overlaps a proof, and no rule holds against it."),
            _share("compliance", "Verified / delivered."),
        ),
    ),
    Report(
        "settlement",
        "Settlement variance",
        _BY_TRIP,
        (
            _count("trips", "Trips settled."),
            Figure("load_value", "currency", "What went out, at its price."),
            Figure("variance_value", "currency", "Sum of |counted - expected| at its price."),
            _share("variance", "Variance value / load value."),
            Figure("cash_gap", "currency", "Cash counted - cash due."),
        ),
    ),
    Report(
        "scores",
        "Scores of drivers and vehicles",
        _WHO,
        (
            _count("trips", "Trips planned to start within the span."),
            Figure("driven_km", "km", "During the hours of the plan."),
            _count("overspeed", "Overspeed events."),
            _count("harsh", "Harsh braking, acceleration and cornering."),
            _count("off_plan", "Unscheduled stops, deviations and detours."),
            _count("grave", "Events of high or critical severity of any rule."),
            Figure("score", "1", "100 - 2 x overspeed - harsh - 3 x off plan - 5 x grave, for each 100 km; never below 0."),
        ),
    ),
    Report(
        "device_uptime",
        "Device uptime",
        (Grouping.day, Grouping.vehicle, Grouping.distributor),
        (
            _count("devices", "Trackers that were heard within the span, at all."),
            Figure("planned_h", "h", "Hours of planned trips of these."),
            Figure("heard_h", "h", "Of these hours, those with any plausible fix."),
            _share("uptime", "Heard / planned hours."),
        ),
    ),
    Report(
        "stock_outs",
        "Stock-outs and shrink",
        (Grouping.day, Grouping.outlet, Grouping.distributor),
        (
            _count("stock_outs", "Times that a shelf was empty in opening hours."),
            Figure("empty_h", "h", "How long they lasted, as far as they have ended."),
            _count("sweeps", "Times that many pieces were gone within a minute."),
            _count("shrinks", "Days with more missing than sold or moved explains."),
            Figure("missing", "pieces", "Pieces unexplained on these."),
        ),
    ),
    Report(
        "stock_out_rate",
        "Stock-out rate",
        (Grouping.day, Grouping.outlet, Grouping.distributor),
        (
            _count("products", "Products at outlets that shelves are fitted for: those are listed."),
            Figure("listed_h", "h", "Listed product-outlet-hours, while the shop is open, up to now."),
            Figure("empty_h", "h", "Of these, with all shelves of the product at zero."),
            _share("stock_out_rate", "Product-outlet-minutes at zero / listed product-outlet-minutes."),
        ),
    ),
    Report(
        "shrink",
        "Shrink",
        (Grouping.outlet, Grouping.distributor),
        (
            Figure("missing", "pieces", "Pieces that no sale, delivery or return explains, of products with shelf sensors."),
            Figure("opening", "pieces", "By the ledger when the span begins."),
            Figure("received", "pieces", "Come to the outlet within the span."),
            _share("shrink", "Missing / (opening + received)."),
        ),
    ),
)

REPORTS: Final = {report.name: report for report in _ALL}
