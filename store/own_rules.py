"""Rules of one's own: their versions, trials and spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from domain.errors import ConflictError, NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("own_rules")


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A rule in its newest version, and which version is on since when."""

    org_id: int
    rule_id: str
    made_at: datetime
    made_by: str
    version: int
    definition: dict[str, Any]
    state: str
    changed_at: datetime
    changed_by: str
    tried_at: datetime | None
    tried_by: str | None
    trial: dict[str, Any] | None
    on_version: int | None
    on_since: datetime | None
    on_by: str | None
    off_since: datetime | None
    off_by: str | None
    off_because: str | None
    followed_at: datetime  # when anything of it changed


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule, as it was written and tried."""

    version: int
    definition: dict[str, Any]
    state: str
    made_at: datetime
    made_by: str
    tried_at: datetime | None
    tried_by: str | None


@dataclass(frozen=True, slots=True)
class RuleSpan:
    """When a version was on, and who saw to that."""

    version: int
    since: datetime
    until: datetime | None
    started_by: str
    ended_by: str | None
    because: str | None


@dataclass(frozen=True, slots=True)
class ActiveSpan:
    """A version that is on, or was lately, and by which clock its hours go."""

    org_id: int
    rule_id: str
    version: int
    since: datetime
    until: datetime | None
    definition: dict[str, Any]
    time_zone: str


LISTING: Final = Listing(
    sorts={
        "rule_id": SQL("rule.rule_id"),
        "made_at": SQL("rule.made_at"),
        "state": SQL("version.state"),
        "changed_at": SQL("version.made_at"),
    },
    keys={"rule_id": SQL("rule.rule_id")},
    changed=SQL("rule.changed_at >= %(changed_since)s"),
)


def list_rules(
    connection: Connection, org_id: int, rule_id: str | None = None, state: str | None = None, part: Part = FIRST
) -> list[OwnRule]:
    """An organisation's rules, or the one of that name; by name unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    wanted = {"org_id": org_id, "rule_id": rule_id, "state": state, **page}
    with connection.cursor(row_factory=class_row(OwnRule)) as cursor:
        return cursor.execute(SQL(_SQL["list_rules"]).format(part=end), wanted).fetchall()


def lock_rule(connection: Connection, org_id: int, rule_id: str) -> None:
    """Keep others from changing a rule, if there is one of that name, until the transaction ends."""
    connection.execute(_SQL["lock_rule"], {"org_id": org_id, "rule_id": rule_id})


def rule_named(connection: Connection, org_id: int, rule_id: str) -> OwnRule:
    """One rule. Raises NotFoundError."""
    found = list_rules(connection, org_id, rule_id)
    if not found:
        raise NotFoundError("rule", rule_id)
    return found[0]


def list_versions(connection: Connection, org_id: int, rule_id: str) -> list[RuleVersion]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(RuleVersion)) as cursor:
        return cursor.execute(_SQL["list_versions"], {"org_id": org_id, "rule_id": rule_id}).fetchall()


def list_spans(connection: Connection, org_id: int, rule_id: str) -> list[RuleSpan]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(RuleSpan)) as cursor:
        return cursor.execute(_SQL["list_spans"], {"org_id": org_id, "rule_id": rule_id}).fetchall()


def write_rule(
    connection: Connection, org_id: int, rule_id: str, definition: Mapping[str, Any], *, actor: str, now: datetime
) -> int:
    """Keep a rule as a new version, a draft; returns its number. A version that is on stays on."""
    row = {"org_id": org_id, "rule_id": rule_id, "actor": actor, "now": now}
    connection.execute(_SQL["insert_rule"], row)
    added = connection.execute(_SQL["insert_version"], {**row, "definition": Jsonb(definition)}).fetchone()
    assert added is not None  # the rule is there now
    return int(added["version"])


def note_trial(
    connection: Connection, org_id: int, rule_id: str, version: int, trial: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    """Keep what a version would have told. Raises ConflictError when it was changed meanwhile."""
    if _lock(connection, org_id, rule_id) != version:
        raise ConflictError("the rule was changed while it was tried; try it again")
    row = {"org_id": org_id, "rule_id": rule_id, "version": version, "actor": actor, "now": now}
    connection.execute(_SQL["note_trial"], {**row, "trial": Jsonb(trial)})


def switch_on(connection: Connection, org_id: int, rule_id: str, *, since: datetime, actor: str) -> None:
    """Let the newest version be on in place of another. Raises NotFoundError, and ConflictError when it was not tried."""
    version = _lock(connection, org_id, rule_id)
    rule = rule_named(connection, org_id, rule_id)
    if rule.tried_at is None:
        raise ConflictError(f"version {version} was not tried: try it on past days before it is switched on")
    if rule.on_version == version:
        raise ConflictError(f"version {version} is on already")
    _end(connection, org_id, rule_id, since, actor, None)
    row = {"org_id": org_id, "rule_id": rule_id, "version": version}
    connection.execute(_SQL["set_state"], {**row, "state": "on"})
    connection.execute(_SQL["begin_span"], {**row, "since": since, "actor": actor})
    connection.execute(_SQL["tell_changed"], {"org_id": org_id})


def switch_off(connection: Connection, org_id: int, rule_id: str, *, actor: str, now: datetime) -> None:
    """Let it rest. Raises NotFoundError, and ConflictError when no version is on."""
    _lock(connection, org_id, rule_id)
    if not _end(connection, org_id, rule_id, now, actor, None):
        raise ConflictError("the rule is not on")
    connection.execute(_SQL["tell_changed"], {"org_id": org_id})


def suspend(connection: Connection, org_id: int, rule_id: str, because: str, now: datetime) -> None:
    """Let a rule rest that costs too much, and say why."""
    _end(connection, org_id, rule_id, now, None, because)


def _end(connection: Connection, org_id: int, rule_id: str, at: datetime, actor: str | None, because: str | None) -> bool:
    row = {"org_id": org_id, "rule_id": rule_id, "now": at, "actor": actor, "because": because}
    ended = connection.execute(_SQL["end_span"], row).fetchone()
    if ended is None:
        return False
    state = "off" if because is None else "suspended"
    connection.execute(_SQL["set_state"], {**row, "version": ended["version"], "state": state})
    return True


def _lock(connection: Connection, org_id: int, rule_id: str) -> int:
    row = connection.execute(_SQL["lock_rule"], {"org_id": org_id, "rule_id": rule_id}).fetchone()
    if row is None:
        raise NotFoundError("rule", rule_id)
    return int(row["version"])


def active_spans(connection: Connection, now: datetime) -> list[ActiveSpan]:
    """What is on, or was within the 31 days before `now`, of all organisations."""
    with connection.cursor(row_factory=class_row(ActiveSpan)) as cursor:
        return cursor.execute(_SQL["active_rules"], {"now": now}).fetchall()


def time_zone(connection: Connection, org_id: int) -> str:
    """By whose clock an organisation's hours go."""
    row = connection.execute(_SQL["time_zone"], {"org_id": org_id}).fetchone()
    return str(row["time_zone"]) if row else "UTC"


def active_devices(connection: Connection, org_id: int) -> dict[int, str]:
    """The keys of an organisation's devices, by number."""
    return {row["device_id"]: row["device_key"] for row in connection.execute(_SQL["count_devices"], {"org_id": org_id})}
