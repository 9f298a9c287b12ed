"""Records that nobody changes, made as quickly as if anybody might."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, field, fields, make_dataclass
from typing import Any, ParamSpec, TypeVar, cast

Given = ParamSpec("Given")
Record = TypeVar("Record")


def drafted(record: Callable[Given, Record]) -> Callable[Given, Record]:
    """Another constructor of a frozen dataclass with slots, several times as quick as its own.

    Its own goes round the freeze for each field by itself; this one fills in a draft, which may be written to, and then has the
    draft be the record.
    """
    kind = cast("type[Any]", record)

    def become(made: Any) -> None:
        made.__class__ = kind

    own = [(one.name, one.type, _alike(one)) for one in fields(kind)]
    draft = make_dataclass(f"{kind.__name__}Draft", own, slots=True, namespace={"__post_init__": become})
    return cast("Callable[Given, Record]", draft)


def _alike(one: Field[Any]) -> Any:
    if one.default_factory is not MISSING:
        return field(default_factory=one.default_factory)
    return field() if one.default is MISSING else field(default=one.default)
