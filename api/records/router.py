"""The operations that every resource of records has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from api.access import Access, allowed
from api.errors import problem_responses
from api.listing import RecordPage, record_page
from api.records import keeping
from api.records.resource import Filters, RecordMove, Resource, Shown
from api.versions import IfMatch, tag
from domain.errors import InvalidInputError
from domain.people import Permission
from store import records
from store.listing import Part
from store.pool import Connection
from store.records import Record, Wanted


def record_router(resource: Resource, *, noun: str = "", nouns: str = "") -> APIRouter:
    """Operations to list, add, read, change and move records of `resource`, which is called as its table unless named."""
    noun, nouns = noun or resource.noun, nouns or resource.nouns
    router = APIRouter(prefix=resource.path, tags=[nouns.replace("_", " ")])
    one = f"/{{{resource.table.key}}}"
    kinds = {
        "list": ("GET", "", _list, f"list_{nouns}", 200),
        "add": ("POST", "", _add, f"add_{noun}", 201),
        "get": ("GET", one, _get, f"get_{noun}", 200),
        "change": ("PATCH", one, _change, f"change_{noun}", 200),
        "move": ("POST", f"{one}/state", _move, f"move_{noun}", 200),
    }
    for kind in resource.manages:
        method, path, make, name, status = kinds[kind]
        endpoint = make(resource)
        endpoint.__name__ = name
        shown: Any = RecordPage[resource.shown] if kind == "list" else resource.shown  # type: ignore[name-defined]
        statuses = problem_responses(*((404, 409, 412) if method != "GET" else (404,)))
        router.add_api_route(
            path, endpoint, methods=[method], operation_id=name, response_model=shown, status_code=status, responses=statuses
        )
    return router


def page_of_records(caller: Access, resource: Resource, filters: Filters) -> RecordPage[Shown]:
    """A page of the caller's records as `filters` say."""
    _refuse_unknown_states(resource, filters)
    wanted = Wanted(conditions=conditions(resource, filters), words=filters.q)

    def read(connection: Connection, part: Part) -> list[Record]:
        return records.list_records(connection, resource.table, replace(wanted, part=part))

    return record_page(caller, records.listing(resource.table), filters, read, resource.show)


def _refuse_unknown_states(resource: Resource, filters: Filters) -> None:
    if unknown := set(filters.state or ()) - set(resource.life.states):
        raise InvalidInputError("query.state", f"{min(unknown)!r} is none: must be one of {', '.join(resource.life.states)}")


def conditions(resource: Resource, filters: Filters) -> list[tuple[str, records.Operator, Any]]:
    """What `filters` say of the resource's columns."""
    named = {"state": ("state", "in"), **resource.filtered}
    asked = ((named[name], getattr(filters, name)) for name in named)
    return [(column, operator, value) for (column, operator), value in asked if value is not None]


def answer(resource: Resource, record: Record, response: Response) -> Shown:
    """A record, and its ETag in the answer's header."""
    response.headers["etag"] = tag(record["revision"])
    return resource.show(record)


def typed(endpoint: Callable[..., Any], **kinds: Any) -> Callable[..., Any]:
    """`endpoint` with the annotations of some of its arguments, which depend on the resource."""
    endpoint.__annotations__ |= kinds
    return endpoint


def _list(resource: Resource) -> Callable[..., Any]:
    def endpoint(caller: Access, filters: Filters) -> Any:
        return page_of_records(caller, resource, filters)

    endpoint.__doc__ = f"The organisation's {resource.path.strip('/').replace('-', ' ')} and those of organisations below it."
    return typed(endpoint, caller=_reader(), filters=Annotated[resource.filters, Query()])


def _add(resource: Resource) -> Callable[..., Any]:
    def endpoint(caller: Access, given: BaseModel, response: Response) -> Any:
        with caller.transaction() as connection:
            return answer(resource, keeping.add(caller, connection, resource, given), response)

    endpoint.__doc__ = f"Add a {resource.table.kind}, in its first state."
    return typed(endpoint, caller=_holder(resource.writes), given=resource.new)


def _get(resource: Resource) -> Callable[..., Any]:
    def endpoint(caller: Access, response: Response, key: str) -> Any:
        with caller.transaction() as connection:
            return answer(resource, records.find(connection, resource.table, key), response)

    endpoint.__doc__ = f"One {resource.table.kind}."
    return typed(endpoint, caller=_reader(), key=key_of(resource))


def _change(resource: Resource) -> Callable[..., Any]:
    def endpoint(caller: Access, given: BaseModel, response: Response, key: str, if_match: IfMatch = None) -> Any:
        with caller.transaction() as connection:
            return answer(resource, keeping.change(caller, connection, resource, key, given, if_match), response)

    endpoint.__doc__ = f"Change what is sent of a {resource.table.kind}; the rest stays."
    return typed(endpoint, caller=_holder(resource.writes), given=resource.change, key=key_of(resource))


def _move(resource: Resource) -> Callable[..., Any]:
    def endpoint(caller: Access, wanted: RecordMove, response: Response, key: str, if_match: IfMatch = None) -> Any:
        with caller.transaction() as connection:
            record = keeping.move(caller, connection, resource, key, wanted.state, wanted.reason, if_match)
            return answer(resource, record, response)

    endpoint.__doc__ = (
        f"Bring a {resource.table.kind} into another state. One that may not follow is refused, naming those that may."
    )
    return typed(endpoint, caller=_reader(), key=key_of(resource))


def key_of(resource: Resource) -> Any:
    """The annotation of the argument that takes the record's name from the address."""
    return Annotated[str, Path(alias=resource.table.key, max_length=200)]


def _holder(permission: Permission) -> Any:
    return Annotated[Access, Depends(allowed(permission))]


def _reader() -> Any:
    return Annotated[Access, Depends(allowed(Permission.observe, Permission.sell))]
