"""What makes a table of records a resource of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.access import Access
from api.listing import SINCE, SORT
from domain.life_cycle import LifeCycle
from domain.people import Permission
from store.pool import Connection
from store.records import Operator, Record, Table

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/]*[^\x00-\x1f/\s][^\x00-\x1f/]*$")]
"""What people call a record: it stands in addresses, so it has no slash."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class Shown(BaseModel):
    """What every record says of itself."""

    model_config = ConfigDict(from_attributes=True)

    organisation: str | None = Field(description="Slug of the organisation that has it.", examples=["default"])
    state: str
    next_states: list[str] = Field(description="States that may follow the present one.")
    created_at: datetime
    changed_at: datetime
    revision: int = Field(description="Counts changes; the ETag is made of it.")


class Given(BaseModel):
    """What people send: members that mean nothing here are a mistake."""

    model_config = ConfigDict(extra="forbid")


class Filters(BaseModel):
    """What every list of records can be narrowed and ordered by."""

    q: Annotated[str, Field(max_length=100)] | None = Field(None, description="Words in its name and texts.")
    state: list[Annotated[str, Field(max_length=50)]] | None = Field(None, description="In one of these states.")
    changed_since: AwareDatetime | None = Field(None, description=SINCE)
    sort: Annotated[str, Field(max_length=50)] | None = Field(None, description=SORT)
    limit: int = Field(100, ge=1, le=1000, description="At most so many items.")
    cursor: Annotated[str, Field(max_length=1000)] | None = Field(
        None, description="`next_cursor` of the page before; none for the first page."
    )


class RecordMove(Given):
    """Where a record shall go in its life cycle."""

    state: str = Field(min_length=1, max_length=50, examples=["approved"])
    reason: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that is about to be stored: `before` is None for what is new. Rules may complete or refuse `values`."""

    caller: Access
    connection: Connection
    org_id: int
    before: Record | None
    values: dict[str, Any]


Rule = Callable[[Change], None]
Consequence = Callable[[Change, Record], None]


def no_rule(_change: Change) -> None:
    """Nothing beyond what the models and the schema say."""


def no_consequence(_change: Change, _record: Record) -> None:
    """Nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of record: where it is kept, what is sent and shown, who may do what."""

    path: str  # its plural in addresses, such as price-lists
    table: Table
    life: LifeCycle
    new: type[BaseModel]
    change: type[BaseModel]
    shown: type[Shown]
    filters: type[Filters] = Filters
    filtered: Mapping[str, tuple[str, Operator]] = field(default_factory=dict)  # filter -> column and comparison
    writes: Permission = Permission.plan
    rule: Rule = no_rule  # before it is stored
    on_move: Rule = no_rule  # before its new state is stored
    after: Consequence = no_consequence  # once it was added, changed or moved, with the record as it is then
    manages: tuple[Literal["list", "add", "get", "change", "move"], ...] = ("list", "add", "get", "change", "move")

    @property
    def noun(self) -> str:
        """Its name in operations, such as price_list."""
        return self.table.kind.replace(" ", "_")

    @property
    def nouns(self) -> str:
        """Its plural in operations."""
        return self.path.strip("/").rpartition("/")[2].replace("-", "_")

    def show(self, record: Record) -> Shown:
        """A stored record as the API shows it."""
        return self.shown.model_validate({**record, "next_states": list(self.life.next_states(record["state"]))})
