"""Whatever several people change takes If-Match, and what they read has an ETag for it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.test_every_list import described
from tests.api.victim import BODIES, victim
from tests.api.yard import Yard

OTHERWISE = {
    "save_trips": "a plan from elsewhere takes the place of the one before, many at once",
    "save_zones": "versions: what was stays, many at once",
    "set_parameter": "values hold from a time on; those before stay",
    "import_table": "many at once, with a report by row",
    "ask_for_outlet_change": "adds a request, which shows old and new",
    "add_outlet_payment": "adds a line that is never changed",
    "add_retailer_link": "adds a link",
    "prove_delivery": "adds a proof",
    "issue_otp": "a new password, of which the newest holds",
    "try_own_rule": "keeps what came out of it, and changes no rule",
    "retry_message": "asks for the same once more",
    "ping_webhook": "tells it something that means nothing",
    "revoke_api_key": "ends it, whatever it was",
    "revoke_retailer_link": "ends it, whatever it was",
    "end_own_session": "one's own, and ended is ended",
    "delete_push_subscription": "one's own browser",
    "delete_duty": "named by all that it says",
}
"""Changes that overwrite nothing that somebody may have read, and why."""


def changes(document: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Method, address and operation of all that changes something which an address names."""
    return {
        operation["operationId"]: (method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "get" and ("{" in path or operation["operationId"] in OTHERWISE)
    }


def takes_if_match(operation: dict[str, Any]) -> bool:
    return any(one["in"] == "header" and one["name"].lower() == "if-match" for one in operation.get("parameters", []))


def test_every_change_of_what_is_there_takes_if_match() -> None:
    found = changes(described())
    assert OTHERWISE.keys() <= found.keys(), sorted(OTHERWISE.keys() - found.keys())
    for name, (_, path, operation) in found.items():
        if name in OTHERWISE:
            assert not takes_if_match(operation), f"{name} needs no exception"
            continue
        assert takes_if_match(operation), f"{name} ({path}) overwrites what somebody else has changed meanwhile"
        assert "412" in operation["responses"], f"{name} does not say that it refuses"


@pytest.mark.server
@pytest.mark.timeout(600)
def test_what_was_changed_meanwhile_is_refused_and_untouched(database_url: str, yard: Yard) -> None:
    """With the tag of something else, on an organisation with something of everything."""
    identifiers = victim(yard, database_url).identifiers
    missed = {}
    with serving(database_url, organisation="victim") as address, httpx.Client(base_url=address, timeout=60) as client:
        for name, (method, pattern, operation) in changes(described()).items():
            if takes_if_match(operation):
                sent = BODIES.get(name, {})
                path = pattern.format_map(identifiers)
                answer = client.request(method, path, headers={"if-match": '"1066"'}, **sent)
                if answer.status_code != 412:
                    missed[name] = (answer.status_code, answer.text[:200])
    assert missed == {}


@pytest.mark.server
def test_what_takes_if_match_is_read_with_an_etag(database_url: str, yard: Yard) -> None:
    identifiers = victim(yard, database_url).identifiers
    document = described()
    untagged = []
    with serving(database_url, organisation="victim") as address, httpx.Client(base_url=address, timeout=60) as client:
        for _, pattern, operation in changes(document).values():
            if takes_if_match(operation) and "get" in document["paths"][pattern]:
                answer = client.get(pattern.format_map(identifiers))
                if answer.status_code == 200 and "items" not in answer.json() and not answer.headers.get("etag"):
                    untagged.append(pattern)
    assert untagged == []


@pytest.mark.server
@pytest.mark.timeout(900)
def test_whatever_changes_something_leaves_an_audit_row(database_url: str, yard: Yard) -> None:
    """Each change once, on an organisation with something of everything: where its rows differ afterwards, it is told."""
    identifiers = victim(yard, database_url).identifiers
    snapshot = snapshot_of(yard)
    silent: list[str] = []
    told: list[str] = []
    with serving(database_url, organisation="victim") as address, httpx.Client(base_url=address, timeout=60) as client:
        for method, pattern, operation in every_change(described()):
            rows, audited = state_of(yard, snapshot)
            client.request(method, pattern.format_map(identifiers), **BODIES.get(operation["operationId"], {}))
            rows_then, audited_then = state_of(yard, snapshot)
            if rows_then != rows:
                (told if audited_then > audited else silent).append(operation["operationId"])
    assert not silent, " ".join(silent)
    assert len(told) > 45, " ".join(told)


def every_change(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """All operations that are no reading, those that delete last."""
    found = [
        (method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "get"
    ]
    return sorted(found, key=lambda one: one[0] == "delete")


def snapshot_of(yard: Yard) -> bytes:
    """A statement of what all tables of tenants hold, and of how many audit rows there are; not of what is posted meanwhile."""
    tables = yard.owner.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
        " AND c.relname NOT IN ('audit', 'session', 'idempotency', 'webhook_message', 'webhook_attempt')"
    ).fetchall()
    row = "(to_jsonb(t) - '{failed_count,last_error}'::text[])::text"
    parts = [f"(SELECT md5(string_agg({row}, ',' ORDER BY {row})) FROM {name} AS t)" for (name,) in tables]
    return f"SELECT ARRAY[{', '.join(parts)}], (SELECT count(*) FROM audit)".encode()


def state_of(yard: Yard, snapshot: bytes) -> tuple[list[str | None], int]:
    row = yard.owner.execute(snapshot).fetchone()
    assert row is not None
    return row[0], row[1]
