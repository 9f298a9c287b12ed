"""Adding, changing and moving a record: checked, stored and written down in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from api.access import Access
from api.records.resource import Change, Resource
from api.versions import check_unchanged
from domain.errors import InvalidInputError
from store import audit, records
from store.pool import Connection
from store.records import Record


def add(caller: Access, connection: Connection, resource: Resource, given: BaseModel) -> Record:
    """Store a new record in the caller's organisation."""
    return add_values(caller, connection, resource, _values(given, exclude_none=True), caller.org_id)


def add_values(caller: Access, connection: Connection, resource: Resource, values: dict[str, Any], org_id: int) -> Record:
    """Store a new record in organisation `org_id`."""
    change = Change(caller=caller, connection=connection, org_id=org_id, before=None, values=values)
    change.values.setdefault("state", resource.life.first)
    resource.rule(change)
    records.add(connection, resource.table, org_id, change.values)
    after = _followed(change, resource, change.values[resource.table.key])
    _note(caller, connection, resource, "add", None, after)
    return after


def change(
    caller: Access, connection: Connection, resource: Resource, key: str, given: BaseModel, if_match: str | None
) -> Record:
    """Set what is given of a record. Raises NotFoundError, OutdatedError and what the resource's rule raises."""
    before = records.find(connection, resource.table, key, lock=True)
    check_unchanged(if_match, before["revision"])
    values = _values(given, exclude_unset=True)
    _refuse_null(resource, values)
    change = Change(caller=caller, connection=connection, org_id=before["org_id"], before=before, values=values)
    resource.rule(change)
    if not change.values:
        return before
    return store(change, resource, before, change.values, "change")


def move(
    caller: Access,
    connection: Connection,
    resource: Resource,
    key: str,
    state: str,
    reason: str | None,
    if_match: str | None,
    *,
    org_id: int | None = None,
) -> Record:
    """Bring a record, of `org_id` if given, into another state. Raises TransitionError naming those it may get into."""
    before = records.find(connection, resource.table, key, org_id=org_id, lock=True)
    check_unchanged(if_match, before["revision"])
    resource.life.check(key, before["state"], state, caller.permissions)
    values: dict[str, Any] = {"state": state}
    if reason is not None:
        values["reason"] = reason
    change = Change(caller=caller, connection=connection, org_id=before["org_id"], before=before, values=values)
    resource.on_move(change)
    return store(change, resource, before, change.values, state, reason)


def store(
    change: Change, resource: Resource, before: Record, values: dict[str, Any], action: str, reason: str | None = None
) -> Record:
    """Set `values` of a record that is there and write it down, on behalf of `change`: its own, or one that follows from it."""
    key = before[resource.table.key]
    records.change(change.connection, resource.table, change.org_id, key, values)
    after = _followed(change, resource, key)
    _note(change.caller, change.connection, resource, action, before, after, reason)
    return after


def _followed(change: Change, resource: Resource, key: str) -> Record:
    """The record as it is now, with what follows from the change."""
    resource.after(change, records.find(change.connection, resource.table, key, org_id=change.org_id))
    return records.find(change.connection, resource.table, key, org_id=change.org_id)


def _note(
    caller: Access,
    connection: Connection,
    resource: Resource,
    action: str,
    before: Record | None,
    after: Record,
    reason: str | None = None,
) -> None:
    was = {} if before is None else _plain(resource, before)
    now = _plain(resource, after)
    changed = {name for name, value in now.items() if was.get(name) != value} - {"revision", "changed_at", "next_states"}
    told = {name: value for name, value in now.items() if name in changed} | ({"because": reason} if reason else {})
    entry = audit.Change(
        action=f"{resource.noun}.{action}",
        kind=resource.noun,
        identifier=after[resource.table.key],
        before=None if before is None else {name: value for name, value in was.items() if name in changed},
        after=told,
    )
    caller.note(connection, entry, after["org_id"])


def _refuse_null(resource: Resource, values: Mapping[str, Any]) -> None:
    """Of what is never shown as null; a list may be empty, and is left out to stay."""
    for name, value in values.items():
        shown = resource.shown.model_fields.get(name)
        if value is None and shown is not None and type(None) not in get_args(shown.annotation):
            raise InvalidInputError(name, "must not be null")


def _values(given: BaseModel, *, exclude_none: bool = False, exclude_unset: bool = False) -> dict[str, Any]:
    """As they are stored: exact money stays exact, what goes into a document is plain."""
    exact = given.model_dump(by_alias=True, exclude_none=exclude_none, exclude_unset=exclude_unset)
    plain = given.model_dump(mode="json", by_alias=True, exclude_none=exclude_none, exclude_unset=exclude_unset)
    return {name: plain[name] if isinstance(value, list | dict) else value for name, value in exact.items()}


def _plain(resource: Resource, record: Record) -> Mapping[str, Any]:
    return resource.show(record).model_dump(mode="json", by_alias=True)
