"""From stored settings to parameters with their history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from math import isfinite
from operator import attrgetter
from typing import Final

import structlog

from geofence.parameters import SCOPES, Parameters
from geofence.rows import to_us
from geofence.rulebook import CATALOGUE
from store.parameters import Definition, Setting, define
from store.pool import Connection

_log: Final = structlog.get_logger("geofence")
_Key = tuple[str, str, str]  # scope, its key, the parameter's name


def parameters_of(settings: Iterable[Setting]) -> dict[int, Parameters]:
    """By organisation. What the rule book does not know or allow is left out and logged: it must not stop anybody."""
    grouped: dict[int, list[Setting]] = defaultdict(list)
    for setting in settings:
        if _is_allowed(setting):
            grouped[setting.org_id].append(setting)
    return {org_id: _history(org_id, theirs) for org_id, theirs in grouped.items()}


def define_parameters(connection: Connection) -> None:
    """Let the API know the rule book's parameters."""
    define(connection, (Definition(p.name, p.default, p.unit, p.low, p.high, p.explanation) for p in CATALOGUE.values()))


def _is_allowed(setting: Setting) -> bool:
    parameter = CATALOGUE.get(setting.name)
    value = setting.value
    is_allowed = parameter is not None and setting.scope in SCOPES
    if is_allowed and parameter is not None and value is not None:
        is_allowed = isfinite(value) and parameter.low <= value <= parameter.high
    if not is_allowed:
        _log.error("left_out_of_the_parameters", org_id=setting.org_id, name=setting.name, value=value)
    return is_allowed


def _history(org_id: int, settings: Iterable[Setting]) -> Parameters:
    values: dict[_Key, float] = {}
    revisions: list[tuple[int, Parameters]] = []
    for since, changes in groupby(sorted(settings, key=attrgetter("since")), key=attrgetter("since")):
        for change in changes:
            key = (change.scope, change.scope_key or str(org_id), change.name)
            if change.value is None:
                values.pop(key, None)
            else:
                values[key] = change.value
        revisions.append((to_us(since), _version(values)))
    return Parameters(revisions=tuple(revisions))


def _version(values: dict[_Key, float]) -> Parameters:
    scopes: dict[str, dict[str, dict[str, float]]] = {scope: defaultdict(dict) for scope in SCOPES}
    for (scope, key, name), value in values.items():
        scopes[scope][key][name] = value
    organisation, route, outlet_class = ({key: dict(of) for key, of in scopes[scope].items()} for scope in SCOPES)
    return Parameters({}, organisation, route, outlet_class)
