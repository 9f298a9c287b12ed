"""Thresholds as data: unit, range, default and a sentence each; organisations, routes and outlet classes may differ."""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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
SINCE_EVER_US: Final = -(2**62)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What differs from the defaults: for everybody, and then by organisation, route and outlet class, the later winning.

    Keys of `values` are parameter names. What holds from a later moment on replaces all of it (`revisions`). `check` them
    against the rule book before use.
    """

    values: Values = field(default_factory=dict)
    organisation: Mapping[str, Values] = field(default_factory=dict)
    route: Mapping[str, Values] = field(default_factory=dict)
    outlet_class: Mapping[str, Values] = field(default_factory=dict)
    revisions: tuple[tuple[int, Parameters], ...] = ()  # from these microseconds since 1970 on those instead, in order

    @property
    def since_us(self) -> tuple[int, ...]:
        """When each version begins to hold, the first since ever."""
        return (SINCE_EVER_US, *(since for since, _ in self.revisions))

    def versions(self) -> tuple[Parameters, ...]:
        """One for each of `since_us`."""
        return (self, *(parameters for _, parameters in self.revisions))

    def at(self, moment_us: int) -> Parameters:
        """The version that holds at a moment."""
        return self.versions()[bisect_right(self.since_us, moment_us) - 1]

    def resolved(self, organisation: str = "0", route: str | None = None, outlet_class: str | None = None) -> dict[str, float]:
        """All that differs from the defaults for one organisation, route and outlet class."""
        merged = {**self.values, **self.organisation.get(organisation, {})}
        if route is not None:
            merged.update(self.route.get(route, {}))
        if outlet_class is not None:
            merged.update(self.outlet_class.get(outlet_class, {}))
        return merged

    def overlaid(self, changes: Parameters, organisation: str) -> Parameters:
        """With other values, in every version: those for everybody stand for what the organisation has set, too."""
        own = {**self.organisation.get(organisation, {}), **changes.values, **changes.organisation.get(organisation, {})}
        return replace(
            self,
            values={**self.values, **changes.values},
            organisation={**self.organisation, **changes.organisation, organisation: own},
            route=_merged(self.route, changes.route),
            outlet_class=_merged(self.outlet_class, changes.outlet_class),
            revisions=tuple((since, revision.overlaid(changes, organisation)) for since, revision in self.revisions),
        )

    def check(self, catalogue: Mapping[str, Parameter]) -> None:
        """Raise InvalidInputError for a name the catalogue does not have or a value outside its range, in any version."""
        for _, revision in self.revisions:
            revision.check(catalogue)
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
    scoped = {
        scope: {
            key: _flat(_table(part, f"{scope}.{key}"), f"{scope}.{key}.")
            for key, part in _table(document.pop(scope, {}), scope).items()
        }
        for scope in SCOPES
    }
    return Parameters(_flat(document, ""), scoped["organisation"], scoped["route"], scoped["outlet_class"])


def parse_changes(changes: Iterable[str]) -> Parameters:
    """`rule.threshold=value`, and `route.NAME.rule.threshold=value` likewise for each of SCOPES -> parameters.

    Raises InvalidInputError naming the one that is not of this form.
    """
    values: dict[str, float] = {}
    scoped: dict[str, dict[str, dict[str, float]]] = {scope: {} for scope in SCOPES}
    for change in changes:
        path, _, text = change.partition("=")
        parts = path.strip().split(".")
        try:
            value = float(text)
        except ValueError as error:
            raise InvalidInputError(path.strip() or "set", f"{change!r} is not rule.parameter=value") from error
        if parts[0] in SCOPES and len(parts) >= 4:
            scoped[parts[0]].setdefault(".".join(parts[1:-2]), {})[".".join(parts[-2:])] = value
        else:
            values[path.strip()] = value
    return Parameters(values, scoped["organisation"], scoped["route"], scoped["outlet_class"])


def _merged(before: Mapping[str, Values], changes: Mapping[str, Values]) -> dict[str, Values]:
    return {key: {**before.get(key, {}), **changes.get(key, {})} for key in (*before, *changes)}


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
