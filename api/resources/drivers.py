"""Drivers, and who of the people that sign in each of them is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from api.records.resource import Change, Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.errors import InvalidInputError, NotFoundError
from domain.orders import DRIVER as LIFE
from store import people, records
from store.catalogue import DRIVER
from store.records import Wanted


class _Told(Given):
    phone: Text | None = None
    licence_no: Text | None = None
    licence_until: date | None = None
    login: Name | None = Field(None, description="Of the person who signs in as this driver.", examples=["ravi@example.org"])


class NewDriver(_Told):
    """A driver to add."""

    driver_id: Annotated[Name, Field(examples=["D-07"])]
    name: Annotated[Text, Field(examples=["Ravi Kumar"])]


class DriverRecordChange(_Told):
    """What to change of a driver."""

    name: Text | None = None


class Driver(Shown):
    """Somebody who drives."""

    driver_id: str
    name: str
    phone: str | None
    licence_no: str | None
    licence_until: date | None
    login: str | None


class DriverFilters(Filters):
    """Which drivers to list."""

    licence_until: date | None = Field(None, description="Whose licence ends on that day or earlier.")


def _rule(change: Change) -> None:
    if "login" not in change.values:
        return
    login = change.values.pop("login")
    change.values["person_id"] = None
    if login is not None:
        try:
            person = people.person_named(change.connection, login)
        except NotFoundError as error:
            raise InvalidInputError("login", str(error)) from error
        if person.org_id != change.org_id:
            raise InvalidInputError("login", f"{login!r} is of another organisation")
        _refuse_another(change, person.person_id, login)
        change.values["person_id"] = person.person_id


def _refuse_another(change: Change, person_id: int, login: str) -> None:
    """Who signs in is one driver, so that nobody is shown the trips of another."""
    driver_id = (change.before or change.values)["driver_id"]
    for other in records.all_records(change.connection, DRIVER, Wanted(conditions=[("person_id", "=", person_id)])):
        if other["driver_id"] != driver_id and other["state"] != "left":
            raise InvalidInputError("login", f"{login!r} is driver {other['driver_id']!r} already")


DRIVERS: Final = Resource(
    path="/drivers",
    table=DRIVER,
    life=LIFE,
    new=NewDriver,
    change=DriverRecordChange,
    shown=Driver,
    filters=DriverFilters,
    filtered={"licence_until": ("licence_until", "<=")},
    rule=_rule,
)
router = record_router(DRIVERS)
