"""Who sees whom: what is written down of the tree is the tree, however it grew and moved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.server
FEW = 8
Steps = list[tuple[str, int, int]]
STEP = st.tuples(st.sampled_from(["add", "add", "pair", "move", "remove"]), st.integers(0, FEW), st.integers(0, FEW))


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


class Tree:
    """What should be: a parent for each organisation."""

    def __init__(self, owner: psycopg.Connection, root: int) -> None:
        self._owner = owner
        self._added = 0
        self.parents: dict[int, int | None] = {root: None}

    def take(self, step: str, one: int, other: int) -> None:
        first, second = (sorted(self.parents)[number % len(self.parents)] for number in (one, other))
        match step:
            case "add":
                self.parents[self._add(first)] = first
            case "pair":  # both in one statement, one below the other
                upper, lower = self._add_two(first)
                self.parents |= {upper: first, lower: upper}
            case "move" if self.parents[first] is not None and second not in self.below(first):
                self._owner.execute("UPDATE organisation SET parent_id = %s WHERE org_id = %s", (second, first))
                self.parents[first] = second
            case "remove" if self.parents[first] is not None and self.below(first) == {first}:
                self._owner.execute("DELETE FROM organisation WHERE org_id = %s", (first,))
                del self.parents[first]

    def below(self, org_id: int) -> set[int]:
        """By walking up from everybody."""
        return {one for one in self.parents if org_id in self._line(one)}

    def _line(self, one: int | None) -> list[int]:
        return [] if one is None else [one, *self._line(self.parents[one])]

    def _add(self, parent: int) -> int:
        self._added += 1
        values = {"slug": f"tree-{self._added}", "parent": parent}
        row = self._owner.execute(
            "INSERT INTO organisation (slug, name, parent_id) VALUES (%(slug)s, 'T', %(parent)s) RETURNING org_id", values
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _add_two(self, parent: int) -> tuple[int, int]:
        self._added += 2
        upper, lower = (10_000 + self._added, 10_001 + self._added)
        self._owner.execute(
            "INSERT INTO organisation (org_id, slug, name, parent_id) OVERRIDING SYSTEM VALUE"
            " VALUES (%(lower)s, %(lower)s::text, 'T', %(upper)s), (%(upper)s, %(upper)s::text, 'T', %(parent)s)",
            {"upper": upper, "lower": lower, "parent": parent},
        )
        return upper, lower


def seen_by(connection: psycopg.Connection, org_id: int) -> set[int]:
    connection.execute("SELECT set_config('app.org', %s, false)", (str(org_id),))
    row = connection.execute("SELECT visible_orgs()").fetchone()
    assert row is not None
    assert len(row[0]) == len(set(row[0]))
    return set(row[0])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=20))
def test_everybody_sees_themselves_and_all_below(owner: psycopg.Connection, steps: Steps) -> None:
    with owner.transaction(force_rollback=True):
        tree = Tree(owner, 1)
        for step in steps:
            tree.take(*step)
        assert {org_id: seen_by(owner, org_id) for org_id in tree.parents} == {
            org_id: tree.below(org_id) for org_id in tree.parents
        }


def test_who_acts_for_nobody_sees_nobody(owner: psycopg.Connection) -> None:
    assert seen_by(owner, 999_999) == set()
    owner.execute("SELECT set_config('app.org', '', false)")
    assert owner.execute("SELECT visible_orgs()").fetchone() == ([],)


def committed(connection: psycopg.Connection, statement: LiteralString, values: tuple[object, ...]) -> None:
    connection.execute(statement, values)
    connection.commit()


def test_two_that_are_added_at_once_are_both_seen(owner: psycopg.Connection, database_url: str) -> None:
    add = "INSERT INTO organisation (slug, name, parent_id) VALUES (%s, 'T', 1)"
    with psycopg.connect(database_url) as one, psycopg.connect(database_url) as other:
        one.execute(add, ("one",))
        waiting = threading.Thread(target=committed, args=(other, add, ("other",)))
        waiting.start()
        waiting.join(0.2)
        one.commit()
        waiting.join(20)
    assert len(seen_by(owner, 1)) == 3


def test_a_move_misses_nobody_who_is_just_being_added(owner: psycopg.Connection, database_url: str) -> None:
    add = "INSERT INTO organisation (slug, name, parent_id) VALUES (%s, 'T', %s) RETURNING org_id"
    mover, target = (owner.execute(add, (slug, 1)).fetchone() for slug in ("mover", "target"))
    assert mover is not None
    assert target is not None
    with psycopg.connect(database_url) as one, psycopg.connect(database_url) as other:
        added = one.execute(add, ("added", mover[0])).fetchone()
        assert added is not None
        move = "UPDATE organisation SET parent_id = %s WHERE org_id = %s"
        waiting = threading.Thread(target=committed, args=(other, move, (target[0], mover[0])))
        waiting.start()
        waiting.join(0.2)
        one.commit()
        waiting.join(20)
    assert seen_by(owner, target[0]) == {target[0], mover[0], added[0]}
