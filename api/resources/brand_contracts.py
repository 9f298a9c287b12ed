"""Brand contracts: which manufacturers' brands a distributor carries, many to many, beside the tree of organisations."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import Response
from pydantic import Field

from api.access import Administrator
from api.errors import problem_responses
from api.records import keeping
from api.records.resource import Filters, Given, Name, Resource, Shown
from api.records.router import answer, record_router
from domain.errors import InvalidInputError, NotFoundError
from domain.orders import BRAND_CONTRACT as LIFE
from domain.people import Permission
from store.catalogue import BRAND_CONTRACT
from store.organisations import find_organisation
from store.pool import Connection

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
