"""The description is one to make programs from: every name stands for one thing, and what is a default fits its type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from api.app import create_app


@cache
def described() -> dict[str, Any]:
    return create_app("postgresql://nobody@127.0.0.1:1/none").openapi()


def within(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document with its path."""
    if isinstance(part, dict):
        yield path, part
        for name, value in part.items():
            yield from within(value, f"{path}/{name}")
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from within(value, f"{path}/{number}")


def test_no_two_models_have_one_name() -> None:
    """A generator of clients names classes by it, and leaves out the second and all that needs it."""
    schemas = described()["components"]["schemas"]
    titles = [schema["title"] for schema in schemas.values()]
    assert sorted(titles) == sorted(set(titles))
    assert [name for name in schemas if "__" in name] == []


def test_what_is_the_default_is_of_its_type() -> None:
    components = described()["components"]
    told = [(path, part) for path, part in within(described()) if "default" in part and ("type" in part or "anyOf" in part)]
    assert len(told) > 50
    fits = {path: Draft202012Validator({**part, "components": components}).is_valid(part["default"]) for path, part in told}
    assert [path for path, fitting in fits.items() if not fitting] == []
