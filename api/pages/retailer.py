"""The page behind the link that a retailer gets: the outlet's own orders, for a phone, without signing in."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.pages.drawing import TEMPLATES, page

if TYPE_CHECKING:
    from api.resources.retailer_links import ExpectedOrder, RetailerView

_SAID: Final = {
    "confirmed": "ordered",
    "allocated": "set aside for you",
    "loaded": "on the van",
    "out_for_delivery": "on its way",
    "delivered": "delivered",
    "partially_delivered": "delivered in part",
    "failed": "not delivered",
    "cancelled": "cancelled",
}
_TO_COME: Final = frozenset({"confirmed", "allocated", "loaded", "out_for_delivery"})


def draw_retailer(request: Request, view: RetailerView | None, zone: ZoneInfo) -> HTMLResponse:
    """The page of `view` by the clock of `zone`; without a view one that says that the link holds no longer."""
    orders = [] if view is None else view.orders
    coming = sorted((one for one in orders if one.state in _TO_COME), key=lambda one: (one.due_on, one.order_id))
    parts = [("To come", coming), ("Before", [one for one in orders if one.state not in _TO_COME])]
    status = 404 if view is None else 200
    answer = page(request, "retailer.html", status_code=status, view=view, parts=parts, zone=zone)
    answer.headers.update({"cache-control": "no-store", "vary": "accept"})
    return answer


def state_in_words(order: ExpectedOrder) -> str:
    """How an order stands, as its retailer would say it."""
    if order.state == "out_for_delivery" and order.arrived_at is not None:
        return "the van is at your shop"
    if order.state != "closed":
        return _SAID.get(order.state, order.state.replace("_", " "))
    if not any(line.delivered for line in order.lines):
        return _SAID["failed"]
    return _SAID["partially_delivered" if any(line.short for line in order.lines) else "delivered"]


def when(order: ExpectedOrder, zone: ZoneInfo) -> str:
    """When an order came, or is expected."""
    if order.completed_at is not None:
        return f"{_day(order.completed_at, zone)}, {_hour(order.completed_at, zone)}"
    if order.window_start is None or order.window_end is None:
        return _date(order.due_on)
    return f"{_day(order.window_start, zone)}, {_hour(order.window_start, zone)} to {_hour(order.window_end, zone)}"


def _day(at: datetime, zone: ZoneInfo) -> str:
    return _date(at.astimezone(zone).date())


def _date(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _hour(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


TEMPLATES.env.filters.update(order_state=state_in_words, order_when=when, day_in=_day)
