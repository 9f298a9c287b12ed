"""Brand contracts: which manufacturers' brands a distributor carries, many to many, beside the tree of organisations."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Administrator, Reader
from api.errors import problem_responses
from api.records import keeping
from api.records.money import Money
from api.records.resource import Filters, Given, Name, Resource, Shown
from api.records.router import answer, record_router
from domain.errors import InvalidInputError, NotFoundError
from domain.orders import BRAND_CONTRACT as LIFE
from domain.people import Permission
from store import ordering, records
from store.catalogue import BRAND_CONTRACT
from store.organisations import find_organisation
from store.pool import Connection

MOST_DAYS: Final = 366
Brands = Annotated[list[Name], Field(max_length=500, examples=[["Acme"]])]
Slug = Annotated[str, Field(min_length=1, max_length=63)]


class NewBrandContract(Given):
    """A contract between two organisations that both are seen by who writes it down."""

    contract_id: Annotated[Name, Field(examples=["C-ACME-NORTH"])]
    distributor: Slug = Field(examples=["north"])
    manufacturer: Slug = Field(examples=["acme"])
    brands: Brands = Field([], description="None: all of the manufacturer's.")
    valid_from: date
    valid_until: date | None = None


class BrandContractChange(Given):
    """What to change of a contract."""

    brands: Brands | None = None
    valid_until: date | None = None


class BrandContract(Shown):
    """That a distributor (its `organisation`) carries brands of a manufacturer."""

    contract_id: str
    manufacturer: str | None
    brands: list[str]
    valid_from: date
    valid_until: date | None


BRAND_CONTRACTS: Final = Resource(
    path="/brand-contracts",
    table=BRAND_CONTRACT,
    life=LIFE,
    new=NewBrandContract,
    change=BrandContractChange,
    shown=BrandContract,
    filters=Filters,
    writes=Permission.administer,
    manages=("list", "get", "change", "move"),
)
router = record_router(BRAND_CONTRACTS)


@router.post("", operation_id="add_brand_contract", status_code=201, responses=problem_responses(409))
def add_brand_contract(caller: Administrator, contract: NewBrandContract, response: Response) -> BrandContract:
    """Write down a contract; it is proposed until it is made active."""
    values = contract.model_dump(exclude_none=True)
    with caller.transaction() as connection:
        distributor = _party(connection, values, "distributor")
        values["manufacturer_id"] = _party(connection, values, "manufacturer")
        if distributor == values["manufacturer_id"]:
            raise InvalidInputError("manufacturer", "must be another than the distributor")
        record = keeping.add_values(caller, connection, BRAND_CONTRACTS, values, distributor)
        return BrandContract.model_validate(answer(BRAND_CONTRACTS, record, response))


def _party(connection: Connection, values: dict[str, Any], name: str) -> int:
    try:
        return find_organisation(connection, values.pop(name))
    except NotFoundError as error:
        raise InvalidInputError(name, str(error)) from error


class BrandSales(BaseModel):
    """What a distributor sold of a product on the orders due on a day."""

    model_config = ConfigDict(from_attributes=True)

    organisation: str = Field(description="Slug of the distributor.", examples=["north"])
    product_id: str
    name: str
    brand: str = Field(examples=["Acme"])
    day: date = Field(description="On which the orders were due.")
    orders: int
    ordered: int = Field(description="Pieces.")
    delivered: int
    short: int
    damaged: int
    returned: int
    value: Money = Field(description="Of what was delivered, at the price of its line.")


class BrandAvailability(BaseModel):
    """How a product of the contract's brands stands at the distributor. No outlet is named."""

    model_config = ConfigDict(from_attributes=True)

    organisation: str = Field(description="Slug of the distributor.", examples=["north"])
    product_id: str
    name: str
    brand: str = Field(examples=["Acme"])
    outlets: int = Field(description="All that the distributor has approved.")
    outlets_reached: int = Field(description="To which the product was delivered on the days asked for.")
    visits: int = Field(description="Stops with it that a van was seen to serve.")
    depot_pieces: int = Field(description="By the ledger, at the end of the days.")
    van_pieces: int
    shelves: int = Field(description="That have a sensor for it.")
    stock_outs: int = Field(description="How often one of them was empty.")
    empty_h: float = Field(description="For how many hours, over all of them.")


ContractId = Annotated[str, Path(max_length=200, examples=["C-ACME-NORTH"])]
Since = Annotated[date, Query(description="The first day.", examples=["2026-03-01"])]
Until = Annotated[date, Query(description="The day after the last, at most a year later.", examples=["2026-04-01"])]


@router.get("/{contract_id}/sales", operation_id="list_brand_sales", responses=problem_responses(404, 422))
def list_brand_sales(caller: Reader, contract_id: ContractId, since: Since, until: Until) -> list[BrandSales]:
    """What an active contract opens to its manufacturer: sales of its brands, by product and day, while it holds."""
    _check_span(since, until)
    with caller.transaction() as connection:
        records.find(connection, BRAND_CONTRACT, contract_id)
        return [BrandSales.model_validate(row) for row in ordering.contract_sales(connection, contract_id, since, until)]


@router.get("/{contract_id}/availability", operation_id="list_brand_availability", responses=problem_responses(404, 422))
def list_brand_availability(caller: Reader, contract_id: ContractId, since: Since, until: Until) -> list[BrandAvailability]:
    """And how its brands stand there, by product: how many outlets they reach, what is in stock, and shelves that ran empty."""
    _check_span(since, until)
    with caller.transaction() as connection:
        records.find(connection, BRAND_CONTRACT, contract_id)
        rows = ordering.contract_availability(connection, contract_id, since, until)
    return [BrandAvailability.model_validate(row) for row in rows]


def _check_span(since: date, until: date) -> None:
    if not 0 < (until - since).days <= MOST_DAYS:
        raise InvalidInputError("query.until", f"must be later than `since`, by {MOST_DAYS} days at most")
