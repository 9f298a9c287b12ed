"""Forms that are refused: each refusal is told beside the field it is about, and what was typed stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

from fastapi import Form, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from api.errors import in_words
from api.pages.drawing import page
from domain.errors import BeatwatchError, InvalidInputError

Texts = Annotated[list[str] | None, Form()]
"""A field that a form has once for each of its lines, as it was typed."""
FORM: Final = ""
"""Stands for the form as a whole among refusals by field."""
REFUSALS: Final = (BeatwatchError, ValidationError)
Refusal = BeatwatchError | ValidationError
_WORDS: Final = {
    "missing": "is missing",
    "too_short": "is missing",
    "string_too_long": "has more than {max_length} characters",
    "greater_than": "has to be more than {gt}",
    "greater_than_equal": "has to be at least {ge}",
    "less_than": "has to be less than {lt}",
    "less_than_equal": "may be at most {le}",
    "int_parsing": "is no whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "is no whole number",
    "float_parsing": "is no number",
    "decimal_parsing": "is no number",
    "decimal_max_digits": "has too many digits",
    "decimal_max_places": "has more than {decimal_places} decimals",
    "decimal_whole_digits": "is too large a number",
    "finite_number": "is no number",
    "enum": "is none of those to choose from",
    "literal_error": "is none of those to choose from",
}
"""What is wrong with a field, by pydantic's name of it."""


def refusals(error: Refusal, fields: Collection[str], otherwise: str = FORM) -> dict[str, str]:
    """What is wrong, by field of the form; what is about none of `fields` is told of `otherwise`."""
    if isinstance(error, ValidationError):
        return {_field(map(str, one["loc"]), fields, otherwise): _said(one) for one in error.errors()}
    if not isinstance(error, InvalidInputError):
        return {otherwise: str(error)}
    field = _field(error.field.split("."), fields, FORM)
    return {field: error.detail if field else str(error)}


def refused_page(request: Request, template: str, refused: dict[str, str], **values: Any) -> HTMLResponse:
    """The page with its form once more, as it was typed."""
    return page(request, template, status_code=422, refused=refused, **values)


def refusals_by_line(error: Refusal, fields: Collection[str]) -> dict[str, str]:
    """What is wrong in a form with many lines, by its path there, such as `lines.3.pieces`; the rest of the form as a whole."""
    if not isinstance(error, ValidationError):
        return {FORM: str(error)}
    told = {".".join(map(str, one["loc"])): _said(one) for one in error.errors()}
    beside = {path: said for path, said in told.items() if path.rpartition(".")[2] in fields}
    return beside if len(beside) == len(told) else {FORM: sentence(error), **beside}


def sentence(error: Refusal) -> str:
    """What is wrong, where it is told above a form."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{_called(one['loc'])} {_said(one)}".strip() for one in error.errors())


def _said(one: Mapping[str, Any]) -> str:
    if one["type"] == "string_too_short":
        least = one["ctx"]["min_length"]
        return "is missing" if least == 1 else f"needs at least {least} characters"
    words = _WORDS.get(one["type"])
    bounds = {name: f"{value:,.10g}" if isinstance(value, float) else value for name, value in one.get("ctx", {}).items()}
    return words.format(**bounds) if words else in_words({**one, "loc": one["loc"] or (FORM,)})


def _called(path: Any) -> str:
    return " ".join(str(part + 1) if isinstance(part, int) else part.replace("_", " ") for part in path)


def _field(path: Any, fields: Collection[str], otherwise: str) -> str:
    return next((part for part in reversed(list(path)) if part in fields), otherwise)
