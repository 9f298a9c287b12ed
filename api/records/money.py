"""Money as the API takes and shows it: exact inside, a plain number outside."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field, PlainSerializer, WithJsonSchema
from pydantic.config import JsonDict

Money = Annotated[
    Decimal,
    Field(max_digits=14, decimal_places=2),
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "examples": [12.5]}),
]
"""In the organisation's currency."""

Price = Annotated[Money, Field(ge=0)]
NOTHING: Final[JsonDict] = {"default": 0}
"""For fields that are nothing unless told otherwise: a default would be described as text, being decimal."""
Percent = Annotated[float, Field(ge=0, le=100, examples=[18])]
