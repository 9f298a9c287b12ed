"""Places as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Place(BaseModel):
    """A point on the ground, with the name people know it by."""

    model_config = ConfigDict(from_attributes=True)

    longitude_deg: float = Field(examples=[77.5946])
    latitude_deg: float = Field(examples=[12.9716])
    name: str | None = Field(None, examples=["Corner Shop"])
