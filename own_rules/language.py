"""Expressions in CEL, the Common Expression Language (https://cel.dev), by Google's own implementation.

It has no loops and no side effects. Types and names are checked when an expression is written; what could still cost is bounded
here: its length, and macros over lists, which may not stand inside each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel

from domain.errors import BeatwatchError, InvalidInputError
from own_rules.vocabulary import NAMES, Kind, Series

LONGEST: Final = 1000
MOST_MACROS: Final = 4
_TYPES: Final = {
    Kind.number: cel.Type.DOUBLE,
    Kind.switch: cel.Type.BOOL,
    Kind.text: cel.Type.STRING,
    Kind.texts: cel.Type.List(cel.Type.STRING),
    Kind.numbers: cel.Type.List(cel.Type.DOUBLE),
}
_COMPLAINT: Final = re.compile(r"<input>:(\d+):(\d+): ([^\n]*)")
_LITERAL: Final = re.compile(
    r"""[rRbB]*(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|//[^\n]*""", re.DOTALL
)
_MACRO: Final = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNKNOWN: Final = re.compile(r"No value with name")


class ExpressionError(InvalidInputError):
    """An expression that cannot be meant; `line` and `column` count from 1 and say where it goes wrong."""

    code = "bad_expression"

    def __init__(self, detail: str, line: int = 1, column: int = 1) -> None:
        super().__init__("expression", f"line {line}, column {column}: {detail}")
        self.line = line
        self.column = column


class EvaluationError(BeatwatchError):
    """A good expression came to nothing for one reading, such as by a division by zero."""

    code = "evaluation"


class Program:
    """A checked expression. `names` are the facts that it reads."""

    def __init__(self, text: str, series: Series) -> None:
        self._compiled = _environment(series).compile(text)
        self.names = frozenset(_WORD.findall(_blanked(text))) & {name.name for name in NAMES[series]}

    def evaluate(self, facts: Mapping[str, Any]) -> bool | None:
        """Whether it holds; None where that depends on a fact that nobody said. Raises EvaluationError."""
        known = {name: facts[name] for name in self.names if name in facts}
        result = self._compiled.eval(data=known)
        value = result.value()
        if isinstance(value, bool):
            return value
        problem = str(value)
        if _UNKNOWN.search(problem):
            return None
        raise EvaluationError(problem.partition(" [")[0])


@lru_cache(maxsize=1024)
def compile_expression(text: str, series: Series) -> Program:
    """An expression over the facts of a series. Raises ExpressionError naming where it goes wrong."""
    if not text.strip():
        raise ExpressionError("says nothing")
    if len(text) > LONGEST:
        raise ExpressionError(f"is longer than {LONGEST} characters", 1, LONGEST)
    _bound(text)
    try:
        program = Program(text, series)
    except RuntimeError as error:
        raise _refusal(str(error)) from error
    returned = program._compiled.return_type()  # noqa: SLF001  # its own maker asks
    if returned != cel.Type.BOOL:
        raise ExpressionError(f"must be true or false, but is of type {returned.name().lower()}")
    return program


@lru_cache
def _environment(series: Series) -> Any:
    return cel.NewEnv(variables={name.name: _TYPES[name.kind] for name in NAMES[series]})


def _bound(text: str) -> None:
    """Refuse what could cost more than its length: many macros, or one inside another."""
    plain = _blanked(text)
    calls = [match.end() - 1 for match in _MACRO.finditer(plain)]
    if len(calls) > MOST_MACROS:
        raise ExpressionError(f"has more than {MOST_MACROS} of all, exists, map and filter", *_place(text, calls[MOST_MACROS]))
    for begin in calls:
        end = _closing(plain, begin)
        inner = next((other for other in calls if begin < other < end), None)
        if inner is not None:
            raise ExpressionError("may not have one of all, exists, map and filter inside another", *_place(text, inner))


def _blanked(text: str) -> str:
    """The text with strings and comments as spaces, so that places stay."""
    return _LITERAL.sub(lambda match: " " * len(match.group()), text)


def _closing(text: str, begin: int) -> int:
    depth = 0
    for place in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _refusal(complaint: str) -> ExpressionError:
    found = _COMPLAINT.search(complaint)
    if found is None:
        return ExpressionError("is nested too deeply" if "recursion" in complaint else complaint.partition(" [")[0])
    line, column, detail = int(found.group(1)), int(found.group(2)), found.group(3).strip()
    detail = "the expression ends too early" if "'<EOF>'" in detail else detail.partition(" expecting ")[0]
    detail = re.sub(r"undeclared reference to '([^']*)'.*", r"there is no fact '\1'", detail)
    if "double, int" in detail or "int, double" in detail:
        detail += "; write numbers with a point, such as 10.0"
    return ExpressionError(detail, line, column)
