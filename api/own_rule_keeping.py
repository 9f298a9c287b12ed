"""Keeping rules of one's own: read, written, tried on past days, switched on and off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api.access import Access
from api.own_rule_texts import Rule, RuleText, RuleWithHistory, Span, Trial, Version, definition_of, rule_of
from api.versions import check_known, check_unchanged
from domain.errors import ConflictError, InvalidInputError
from own_rules.definition import check, members, read_definition
from own_rules.trial import summary, try_rule
from store import own_rules
from store.audit import Change
from store.listing import Part
from store.own_rules import OwnRule
from store.pool import Connection

LOOKS_BACK: Final = timedelta(days=31)
_ALL: Final = Part(limit=10_000)


def all_rules(caller: Access) -> list[Rule]:
    """The organisation's own rules, by name."""
    with caller.transaction() as connection:
        return [rule_of(row) for row in own_rules.list_rules(connection, caller.org_id, part=_ALL)]


def read_rule(caller: Access, rule_id: str) -> RuleWithHistory:
    """A rule with its trial and history. Raises NotFoundError."""
    with caller.transaction() as connection:
        row = own_rules.rule_named(connection, caller.org_id, rule_id)
        versions = own_rules.list_versions(connection, caller.org_id, rule_id)
        spans = own_rules.list_spans(connection, caller.org_id, rule_id)
    plain = ("version", "state", "made_at", "made_by", "tried_at", "tried_by")
    return RuleWithHistory(
        **rule_of(row).model_dump(),
        trial=Trial.model_validate(row.trial) if row.trial else None,
        versions=[Version(**one.definition, **{name: getattr(one, name) for name in plain}) for one in versions],
        spans=[Span.model_validate(span) for span in spans],
    )


def save_rule(caller: Access, rule_id: str, text: RuleText, if_match: str | None = None) -> Rule:
    """Keep a new version. Raises InvalidInputError, for an expression ExpressionError, and OutdatedError."""
    definition = definition_of(text)
    check(definition)
    with caller.transaction() as connection:
        own_rules.lock_rule(connection, caller.org_id, rule_id)
        known = own_rules.list_rules(connection, caller.org_id, rule_id)
        check_known(if_match, known[0].followed_at if known else None)
        own_rules.write_rule(connection, caller.org_id, rule_id, members(definition), actor=caller.actor, now=_now())
        after = own_rules.rule_named(connection, caller.org_id, rule_id)
        before = known[0].definition if known else None
        caller.note(connection, _change("own_rule.save", rule_id, before, {**after.definition, "version": after.version}))
    return rule_of(after)


def try_newest(caller: Access, rule_id: str, days: float, until: datetime | None = None) -> Trial:
    """Try the newest version on past days, and keep the outcome."""
    until = until or _now()
    with caller.transaction() as connection:
        rule = own_rules.rule_named(connection, caller.org_id, rule_id)
    since = until - min(timedelta(days=days), until - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=2))
    with caller.transaction() as connection:
        trial = summary(try_rule(connection, caller.org_id, rule_id, read_definition(rule.definition), since, until))
        own_rules.note_trial(connection, caller.org_id, rule_id, rule.version, trial, actor=caller.actor, now=_now())
        after = {"version": rule.version, "events": trial["events"], "device_days": trial["device_days"]}
        caller.note(connection, _change("own_rule.try", rule_id, None, after))
    return Trial.model_validate(trial)


def switch(caller: Access, rule_id: str, *, is_on: bool, since: datetime | None = None, if_match: str | None = None) -> Rule:
    """Switch the newest version on, or whichever is on off. Raises ConflictError and OutdatedError."""
    now = _now()
    if since is not None and not now - LOOKS_BACK <= since <= now + LOOKS_BACK:
        raise InvalidInputError("since", "must be within 31 days of now")
    with caller.transaction() as connection:
        before = _held(connection, caller, rule_id, if_match)
        if is_on:
            if before.on_since is not None and (since or now) < before.on_since:
                raise ConflictError(f"version {before.on_version} is on since {before.on_since.isoformat()}, which is later")
            own_rules.switch_on(connection, caller.org_id, rule_id, since=since or now, actor=caller.actor)
        else:
            own_rules.switch_off(connection, caller.org_id, rule_id, actor=caller.actor, now=now)
        after = own_rules.rule_named(connection, caller.org_id, rule_id)
        said = ({"on_version": row.on_version, "state": row.state} for row in (before, after))
        caller.note(connection, _change(f"own_rule.{'on' if is_on else 'off'}", rule_id, *said))
    return rule_of(after)


def _held(connection: Connection, caller: Access, rule_id: str, if_match: str | None) -> OwnRule:
    own_rules.lock_rule(connection, caller.org_id, rule_id)
    row = own_rules.rule_named(connection, caller.org_id, rule_id)
    check_unchanged(if_match, row.followed_at)
    return row


def _change(action: str, rule_id: str, before: dict[str, Any] | None, after: dict[str, Any]) -> Change:
    return Change(action=action, kind="own_rule", identifier=rule_id, before=before, after=after)


def _now() -> datetime:
    return datetime.now(UTC)
