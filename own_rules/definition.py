"""A rule as people define it, and the checks before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.events import Severity
from domain.zones import OpenHours
from own_rules.hours import read_hours
from own_rules.language import compile_expression
from own_rules.vocabulary import Series

PREFIX: Final = "own_"
"""What the names of own rules begin with where they stand beside others, as in events and alerts."""
LONGEST_FOR_S: Final = 86_400.0
LONGEST_COOL_DOWN_S: Final = 7 * 86_400.0
MOST_SUBJECTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Definition:
    """What a rule watches, what has to hold for how long, when, about whom, and how much it matters."""

    name: str
    series: Series
    expression: str
    severity: Severity = Severity.medium
    for_s: float = 0.0  # it has to hold for so long, at every reading
    silence_s: float = 900.0  # readings further apart say nothing about the time between
    cool_down_s: float = 900.0  # after an event ended, so long is none told of the same device
    hours: tuple[OpenHours, ...] = ()  # by the organisation's clock; none: at all hours
    subjects: tuple[str, ...] = ()  # vehicles or devices; none: all

    def is_about(self, device: str, vehicle: str | None) -> bool:
        """Whether a device, or the vehicle that it is on, is one of the subjects."""
        return not self.subjects or device in self.subjects or vehicle in self.subjects

    @property
    def least(self) -> timedelta:
        """For how long the expression has to hold."""
        return timedelta(seconds=self.for_s)


def check(definition: Definition) -> None:
    """Raise InvalidInputError, for an expression ExpressionError, for what cannot be a rule."""
    if not definition.name.strip() or "\x00" in definition.name:
        raise InvalidInputError("name", "must be text that is not empty")
    _check_within("for_s", definition.for_s, 0.0, LONGEST_FOR_S)
    _check_within("silence_s", definition.silence_s, 60.0, LONGEST_FOR_S)
    _check_within("cool_down_s", definition.cool_down_s, 0.0, LONGEST_COOL_DOWN_S)
    if len(definition.subjects) > MOST_SUBJECTS:
        raise InvalidInputError("subjects", f"are more than {MOST_SUBJECTS}; leave them out for all")
    compile_expression(definition.expression, definition.series)


def _check_within(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidInputError(field, f"must be from {low:g} to {high:g}, but is {value:g}")


def members(definition: Definition) -> dict[str, Any]:
    """A definition in the terms of JSON."""
    hours = [
        {"weekday": one.weekday, "opens": one.opens.isoformat("minutes"), "closes": one.closes.isoformat("minutes")}
        for one in definition.hours
    ]
    plain = asdict(definition)
    return {**plain, "series": definition.series.value, "severity": definition.severity.value, "hours": hours,
            "subjects": list(definition.subjects)}  # fmt: skip


def read_definition(said: Mapping[str, Any]) -> Definition:
    """A stored definition."""
    return Definition(
        said["name"],
        Series(said["series"]),
        said["expression"],
        Severity(said["severity"]),
        said["for_s"],
        said["silence_s"],
        said["cool_down_s"],
        read_hours(said["hours"]),
        tuple(said["subjects"]),
    )
