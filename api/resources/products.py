"""Products: what is sold, by the piece and by the case."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import ConfigDict, Field, model_validator

from api.records.money import Percent, Price
from api.records.resource import Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.orders import PRODUCT as LIFE
from store.catalogue import PRODUCT

Celsius = Annotated[float, Field(ge=-100, le=200)]


class Unit(Given):
    """A pack of several pieces."""

    model_config = ConfigDict(from_attributes=True)

    unit: Annotated[Name, Field(examples=["case"])]
    pieces: int = Field(gt=0, le=1_000_000, examples=[24])


class _Told(Given):
    brand: Text | None = Field(None, examples=["Acme"])
    unit_weight_g: int | None = Field(None, gt=0, le=10_000_000, description="Of one piece, gross.")
    barcode: Name | None = Field(None, examples=["8901234567890"])
    temperature_min_c: Celsius | None = None
    temperature_max_c: Celsius | None = None
    lead_time_days: int | None = Field(None, ge=0, le=3650)

    @model_validator(mode="after")
    def _is_in_order(self) -> _Told:
        least, most = self.temperature_min_c, self.temperature_max_c
        if least is not None and most is not None and least > most:
            raise ValueError("temperature_max_c must not be below temperature_min_c")
        units = [unit.unit for unit in getattr(self, "units", None) or ()]
        if len(set(units)) < len(units) or "piece" in units:
            raise ValueError("units must have different names, and piece is there already")
        return self


class NewProduct(_Told):
    """A product to add."""

    product_id: Annotated[Name, Field(examples=["COLA-330"])]
    name: Annotated[Text, Field(examples=["Cola 330 ml"])]
    price: Price = Field(description="Of one piece, before tax, where no price list says otherwise.")
    tax_pct: Percent = 0
    units: list[Unit] = Field([], max_length=50, description="Packs beside the single piece.")


class ProductChange(_Told):
    """What to change of a product."""

    name: Text | None = None
    price: Price | None = None
    tax_pct: Percent | None = None
    units: list[Unit] | None = Field(None, max_length=50)


class Product(Shown):
    """Something that is sold."""

    product_id: str
    name: str
    brand: str | None
    unit_weight_g: int | None
    price: Price
    tax_pct: float
    temperature_min_c: float | None
    temperature_max_c: float | None
    barcode: str | None
    lead_time_days: int | None
    units: list[Unit]


class ProductFilters(Filters):
    """Which products to list."""

    brand: Name | None = None
    barcode: Name | None = None


PRODUCTS: Final = Resource(
    path="/products",
    table=PRODUCT,
    life=LIFE,
    new=NewProduct,
    change=ProductChange,
    shown=Product,
    filters=ProductFilters,
    filtered={"brand": ("brand", "="), "barcode": ("barcode", "=")},
)
router = record_router(PRODUCTS)
