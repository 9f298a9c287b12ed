"""Outlets: the shops that are served, from the first draft to their closing; what moves one has to be agreed to."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field, model_validator

from api.access import Seller
from api.errors import problem_responses
from api.records import keeping
from api.records.money import Price
from api.records.resource import Change, Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.errors import ConflictError, NotAllowedError
from domain.orders import OUTLET as LIFE
from domain.orders import OUTLET_CHANGE as CHANGE_LIFE
from domain.people import Permission
from store import records
from store.catalogue import OUTLET, OUTLET_CHANGE

Longitude = Annotated[float, Field(ge=-180, le=180, examples=[77.5946])]
Latitude = Annotated[float, Field(ge=-90, le=90, examples=[12.9716])]
Radius = Annotated[float, Field(ge=10, le=5000, examples=[150], description="Within it the van is at the shop.")]
Class = Literal["A", "B", "C"]
_UNAGREED: Final = frozenset({"draft", "rejected"})
_AGREED_ON: Final = frozenset({"longitude_deg", "latitude_deg", "radius_m"})


class ServiceWindow(Given):
    """When the shop takes goods on a weekday, in its local time."""

    weekday: int = Field(ge=1, le=7, description="ISO: Monday is 1.", examples=[1])
    opens: time = Field(examples=["09:00"])
    closes: time = Field(examples=["13:00"])

    @model_validator(mode="after")
    def _is_in_order(self) -> ServiceWindow:
        if self.opens.tzinfo or self.closes.tzinfo or self.closes <= self.opens:
            raise ValueError("closes must be later than opens, both without a zone")
        return self


class _Told(Given):
    channel: Name | None = Field(None, examples=["general_trade"])
    tier: Name | None = Field(None, description="Names the price lists that hold for it.", examples=["standard"])
    contact_name: Text | None = None
    phone: Text | None = None
    address: Text | None = None
    credit_limit: Price | None = None


class NewOutlet(_Told):
    """An outlet to propose; it is a draft until somebody asks for its approval."""

    outlet_id: Annotated[Name, Field(examples=["O-1001"])]
    name: Annotated[Text, Field(examples=["Corner Shop"])]
    longitude_deg: Longitude
    latitude_deg: Latitude
    radius_m: Radius = 150
    outlet_class: Class = Field("C", alias="class", description="By turnover.")
    service_windows: list[ServiceWindow] = Field([], max_length=50)


class OutletChange(_Told):
    """What to change of an outlet."""

    name: Text | None = None
    longitude_deg: Longitude | None = None
    latitude_deg: Latitude | None = None
    radius_m: Radius | None = None
    outlet_class: Class | None = Field(None, alias="class")
    service_windows: list[ServiceWindow] | None = Field(None, max_length=50)


class Outlet(Shown):
    """A shop."""

    outlet_id: str
    name: str
    longitude_deg: float
    latitude_deg: float
    radius_m: float
    outlet_class: str = Field(alias="class")
    channel: str
    tier: str
    contact_name: str | None
    phone: str | None
    address: str | None
    credit_limit: Price | None
    service_windows: list[ServiceWindow]


class OutletFilters(Filters):
    """Which outlets to list."""

    outlet_class: Class | None = Field(None, alias="class")
    channel: Name | None = None
    tier: Name | None = None


def _rule(change: Change) -> None:
    """Who may only propose changes what is not agreed yet; a place that was agreed on moves by a change request."""
    before = change.before
    if before is None or before["state"] in _UNAGREED:
        return
    if Permission.plan not in change.caller.permissions:
        raise NotAllowedError(f"outlet {before['outlet_id']!r} is {before['state']}: ask for a change instead")
    if moved := sorted(name for name in _AGREED_ON & change.values.keys() if change.values[name] != before[name]):
        raise ConflictError(f"{', '.join(moved)} of an outlet that is {before['state']} change by POST /outlets/.../changes")


OUTLETS: Final = Resource(
    path="/outlets",
    table=OUTLET,
    life=LIFE,
    new=NewOutlet,
    change=OutletChange,
    shown=Outlet,
    filters=OutletFilters,
    filtered={"outlet_class": ("class", "="), "channel": ("channel", "="), "tier": ("tier", "=")},
    writes=Permission.sell,
    rule=_rule,
)
router = APIRouter()
router.include_router(record_router(OUTLETS))


class Move(Given):
    """Where an outlet really is. What is not sent stays."""

    longitude_deg: Longitude | None = None
    latitude_deg: Latitude | None = None
    radius_m: Radius | None = None
    name: Text | None = None
    reason: Text = Field(examples=["The pin was on the other side of the market."])

    @model_validator(mode="after")
    def _says_something(self) -> Move:
        if not self.model_fields_set - {"reason"} or any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("say at least one thing that shall be different")
        return self


class OutletChangeRequest(Shown):
    """A change that somebody has to agree to, side by side with how it is."""

    model_config = ConfigDict(from_attributes=True)

    change_id: str
    outlet_id: str
    before: dict[str, Any] = Field(examples=[{"longitude_deg": 77.59}])
    after: dict[str, Any] = Field(examples=[{"longitude_deg": 77.6}])
    reason: str | None
    requested_by: str
    decided_by: str | None
    decided_at: datetime | None
    comment: str | None


class OutletChangeFilters(Filters):
    """Which change requests to list."""

    outlet_id: Name | None = None


def _decide(change: Change) -> None:
    """An accepted change is made; if the outlet was changed meanwhile, what was compared holds no longer."""
    before = change.before
    assert before is not None  # only what is there moves
    change.values.update(decided_by=change.caller.actor, decided_at=datetime.now(UTC))
    change.values["comment"] = change.values.pop("reason", None)
    if change.values["state"] != "accepted":
        return
    outlet = records.find(change.connection, OUTLET, before["outlet_id"], org_id=change.org_id, lock=True)
    if changed := sorted(name for name, value in before["before"].items() if outlet[name] != value):
        raise ConflictError(f"{', '.join(changed)} of outlet {before['outlet_id']!r} changed meanwhile: ask anew")
    keeping.store(change, OUTLETS, outlet, dict(before["after"]), "move")


OUTLET_CHANGES: Final = Resource(
    path="/outlet-changes",
    table=OUTLET_CHANGE,
    life=CHANGE_LIFE,
    new=Move,
    change=Given,
    shown=OutletChangeRequest,
    filters=OutletChangeFilters,
    filtered={"outlet_id": ("outlet_id", "=")},
    on_move=_decide,
    manages=("list", "get", "move"),
)
router.include_router(record_router(OUTLET_CHANGES))


@router.post(
    "/outlets/{outlet_id}/changes",
    operation_id="ask_for_outlet_change",
    status_code=201,
    tags=["outlets"],
    responses=problem_responses(404, 409),
)
def ask_for_outlet_change(caller: Seller, outlet_id: Annotated[str, Path(max_length=200)], wanted: Move) -> OutletChangeRequest:
    """Ask for a move of an outlet: it is made when somebody who may approve accepts it."""
    after = wanted.model_dump(exclude_unset=True, exclude={"reason"})
    with caller.transaction() as connection:
        outlet = records.find(connection, OUTLET, outlet_id)
        request = {
            "change_id": f"{outlet_id}-{secrets.token_hex(4)}",
            "outlet_id": outlet_id,
            "before": {name: outlet[name] for name in after},
            "after": after,
            "reason": wanted.reason,
            "requested_by": caller.actor,
        }
        try:
            record = keeping.add_values(caller, connection, OUTLET_CHANGES, request, outlet["org_id"])
        except ConflictError as error:
            raise ConflictError(f"a change of outlet {outlet_id!r} is being waited for already") from error
    return OutletChangeRequest.model_validate(OUTLET_CHANGES.show(record))
