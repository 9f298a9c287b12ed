"""Thresholds as data: unit, range, default and a sentence each; organisations, routes and outlet classes may differ."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One threshold. `name` is `rule.threshold`; `in_kernel` ones are read per fix by the compiled loops."""

    name: str
    default: float
    unit: str  # SI symbol, or "1" for a plain number
    low: float
    high: float
    explanation: str
    in_kernel: bool = False


Values = Mapping[str, float]
SCOPES: Final = ("organisation", "route", "outlet_class")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What differs from the defaults: for everybody, and then by organisation, route and outlet class, the later winning.

    Keys of `values` are parameter names. `check` them against the rule book before use.
    """

    values: Values = field(default_factory=dict)
    organisation: Mapping[str, Values] = field(default_factory=dict)
    route: Mapping[str, Values] = field(default_factory=dict)
    outlet_class: Mapping[str, Values] = field(default_factory=dict)

    def resolved(self, organisation: str = "0", route: str | None = None, outlet_class: str | None = None) -> dict[str, float]:
        """All that differs from the defaults for one organisation, route and outlet class."""
        merged = {**self.values, **self.organisation.get(organisation, {})}
        if route is not None:
            merged.update(self.route.get(route, {}))
        if outlet_class is not None:
            merged.update(self.outlet_class.get(outlet_class, {}))
        return merged

    def check(self, catalogue: Mapping[str, Parameter]) -> None:
        """Raise InvalidInputError for a name the catalogue does not have or a value outside its range."""
        for path, name, value in self._given():
            parameter = catalogue.get(name)
            if parameter is None:
                raise InvalidInputError(f"{path}{name}", "there is no such parameter")
            if not (math.isfinite(value) and parameter.low <= value <= parameter.high):
                detail = f"must be from {parameter.low:g} to {parameter.high:g} {parameter.unit}, not {value:g}"
                raise InvalidInputError(f"{path}{name}", detail)

    def _given(self) -> Iterator[tuple[str, str, float]]:
        yield from (("", name, value) for name, value in self.values.items())
        for scope in SCOPES:
            for key, values in getattr(self, scope).items():
                yield from ((f"{scope}.{key}.", name, value) for name, value in values.items())


def parse_parameters(text: str) -> Parameters:
    """A TOML document -> parameters: `[rule] threshold = 1.0`, and `[route.NAME.rule]` likewise for each of SCOPES.

    Raises InvalidInputError when it is not TOML or a value is not a number.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError("params", f"is not TOML: {error}") from error
    scoped = {scope: _table(document.pop(scope, {}), scope) for scope in SCOPES}
    return Parameters(
        values=_flat(document, ""),
        **{
            scope: {key: _flat(_table(part, f"{scope}.{key}"), f"{scope}.{key}.") for key, part in parts.items()}
            for scope, parts in scoped.items()
        },
    )


def _table(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInputError(path, "must be a table")
    return value


def _flat(tables: Mapping[str, Any], path: str) -> dict[str, float]:
    flat: dict[str, float] = {}
    for rule, thresholds in tables.items():
        for name, value in _table(thresholds, f"{path}{rule}").items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InvalidInputError(f"{path}{rule}.{name}", f"must be a number, not {value!r}")
            flat[f"{rule}.{name}"] = float(value)
    return flat
