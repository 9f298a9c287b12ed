"""Rules over what is stored, in whatever order it came, on a real database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.zones import Zone, ZoneKind
from own_rules.definition import Definition, members
from own_rules.following import Follower, Limits
from own_rules.trial import summary, try_rule
from own_rules.vocabulary import Series
from store import own_rules, telemetry
from store.planning import save_zone
from store.pool import Connection, Role, open_pool, organisation_transaction
from store.rule_faults import list_faults
from store.session import Session
from tests.api.yard import Yard

pytestmark = pytest.mark.server
DAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def yard(database_url: str) -> Iterator[Yard]:
    yard = Yard(database_url)
    yield yard
    yard.close()


def switch_on(yard: Yard, database_url: str, expression: str, rule_id: str = "door", **changes: Any) -> None:
    """Write, try and switch on a rule, as the API does."""
    plain: dict[str, Any] = {"series": Series.position, "for_s": 120.0, "cool_down_s": 0.0} | changes
    definition = Definition("Door", expression=expression, **plain)
    with open_pool(database_url, Role.api, max_size=1) as pool, organisation_transaction(pool, yard.org_id) as connection:
        version = own_rules.write_rule(connection, yard.org_id, rule_id, members(definition), actor="asha", now=NOW)
        trial = summary(try_rule(connection, yard.org_id, rule_id, definition, DAY - timedelta(days=1), NOW))
        own_rules.note_trial(connection, yard.org_id, rule_id, version, trial, actor="asha", now=NOW)
        own_rules.switch_on(connection, yard.org_id, rule_id, since=DAY, actor="asha")


def follow(session: Session, follower: Follower | None = None, now: datetime = NOW) -> Follower:
    follower = follower or Follower()
    while True:
        with session.transaction() as connection:
            step = follower.step(connection, now)
        if not (step.batches or step.events):
            return follower


def held(yard: Yard) -> list[tuple[Any, ...]]:
    return yard.owner.execute(
        "SELECT event_id, rule, started_at, ended_at, detected_at, severity, facts FROM event WHERE superseded_at IS NULL"
        " ORDER BY started_at, event_id"
    ).fetchall()


def doors(rng: random.Random, count: int) -> list[dict[str, Any]]:
    """A fix a minute with a door that is open for stretches, and now and then says nothing."""
    fixes, is_open = [], 0
    for number in range(count):
        is_open = 1 - is_open if rng.random() < 0.15 else is_open
        said = {"fix_time": DAY + number * MINUTE, "seq": number, "door_open": -1 if rng.random() < 0.1 else is_open}
        fixes.append(said | {"speed_mps": 0.0 if rng.random() < 0.5 else 8.0})
    return fixes


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_readings_come_the_events_are_the_same(
    yard: Yard, database_url: str, session: Session, seed: int
) -> None:
    rng = random.Random(seed)
    van, other = yard.van("van-1", since=DAY - timedelta(days=1)), yard.van("van-2", since=DAY - timedelta(days=1))
    switch_on(yard, database_url, "door_open && minutes_standing < 90.0")
    fixes = doors(rng, 300)
    yard.report(van, *fixes)
    follow(session)
    in_order = held(yard)
    assert in_order
    shuffled = rng.sample(fixes, len(fixes))
    follower = Follower()
    while shuffled:
        cut = rng.randint(1, 60)
        yard.report(other, *shuffled[:cut])
        del shuffled[:cut]
        follower = follow(session, None if rng.random() < 0.3 else follower)  # now and then another worker takes over
    of_other = [row for row in held(yard) if row not in in_order]
    assert [row[2:] for row in of_other] == [row[2:] for row in in_order]
    overturned = yard.owner.execute("SELECT count(*) FROM event WHERE superseded_because = 'late_data'").fetchone()
    assert overturned is not None
    assert overturned[0] > 0 or seed, "no order overturned anything: the test would say nothing"


def test_what_late_readings_bring_to_light_pages_nobody(yard: Yard, database_url: str, session: Session) -> None:
    van = yard.van("van-1", since=DAY - timedelta(days=1))
    switch_on(yard, database_url, "door_open")
    fixes = [{"fix_time": NOW + number * MINUTE, "seq": number, "door_open": int(4 <= number <= 8)} for number in range(60)]
    yard.report(van, *fixes[:3], *fixes[20:])
    follower = follow(session)
    assert held(yard) == []
    yard.report(van, *fixes[3:20])
    follow(session, follower)
    assert yard.owner.execute("SELECT rule, late FROM event").fetchall() == [("own_door", True)]


def test_a_zone_that_is_drawn_later_counts_from_when_it_holds(yard: Yard, database_url: str, session: Session) -> None:
    van = yard.van("van-1", since=DAY - timedelta(days=1))
    switch_on(yard, database_url, "'red' in zone_kinds && door_open", for_s=0.0)
    yard.report(van, *({"fix_time": DAY + number * MINUTE, "seq": number, "door_open": 1} for number in range(10)))
    follower = follow(session)
    assert held(yard) == []
    circle = {"type": "Point", "coordinates": [77.5946, 12.9716]}
    with session.transaction() as connection:
        save_zone(connection, yard.org_id, Zone("market", "Market", ZoneKind.red, circle, 100.0, valid_from=DAY + 5 * MINUTE))
    follow(session, follower)
    assert [row[2] for row in held(yard)] == [DAY + 5 * MINUTE]


def test_sensors_are_watched_too(yard: Yard, database_url: str, session: Session) -> None:
    box = yard.device("box-1")
    switch_on(yard, database_url, "temperature_c > 8.0", series=Series.sensor, for_s=600.0)
    rows = telemetry.SENSOR_READING
    import numpy as np

    readings = np.zeros(4, rows)
    for name in rows.names or ():
        if rows[name].kind == "f":
            readings[name] = np.nan
    readings["device_time"] = "NaT"
    readings["device_id"], readings["org_id"] = box, yard.org_id
    readings["door_open"] = readings["buffered"] = telemetry.MISSING_SMALL
    for number in range(4):
        at = (DAY + 10 * number * MINUTE).replace(tzinfo=None)
        readings["measured_at"][number] = readings["received_at"][number] = at
        readings["temperature_c"][number] = 5.0 if number == 0 else 9.0
    with yard.pool.connection() as connection:
        telemetry.prepare_session(connection)
        telemetry.ensure_days(connection, "sensor_reading", {DAY.date()})
        telemetry.store_batch(connection, telemetry.TelemetryBatch(sensor_readings=readings))
    follow(session)
    assert [(row[1], row[2], row[4]) for row in held(yard)] == [("own_door", DAY + 10 * MINUTE, DAY + 20 * MINUTE)]


def test_switched_off_it_ends_what_it_told_and_tells_no_more(yard: Yard, database_url: str, session: Session) -> None:
    van = yard.van("van-1", since=DAY - timedelta(days=1))
    switch_on(yard, database_url, "door_open")
    yard.report(van, *({"fix_time": DAY + number * MINUTE, "seq": number, "door_open": 1} for number in range(10)))
    follower = follow(session)
    assert [row[3] for row in held(yard)] == [None]
    off = DAY + 20 * MINUTE
    with open_pool(database_url, Role.api, max_size=1) as pool, organisation_transaction(pool, yard.org_id) as connection:
        own_rules.switch_off(connection, yard.org_id, "door", actor="ravi", now=off)
    follow(session, follower)
    assert [row[3] for row in held(yard)] == [off]
    yard.report(van, *({"fix_time": DAY + number * MINUTE, "seq": number, "door_open": 1} for number in range(30, 40)))
    follow(session)
    assert [row[3] for row in held(yard)] == [off]


def test_a_rule_that_costs_too_much_is_switched_off_and_says_why(yard: Yard, database_url: str, session: Session) -> None:
    van = yard.van("van-1", since=DAY - timedelta(days=1))
    switch_on(yard, database_url, "door_open")
    switch_on(yard, database_url, "1 / int(speed_mps) > 5", "broken")
    yard.report(van, *({"fix_time": DAY + number * MINUTE, "seq": number, "speed_mps": 0.0} for number in range(20)))
    follower = follow(session, Follower(Limits(mean_s=0.0, evaluations=10)))
    with session.transaction() as connection:
        states = {rule.rule_id: (rule.state, rule.off_because) for rule in own_rules.list_rules(connection, yard.org_id)}
        faults = {(fault.rule, fault.count) for fault in list_faults(connection, 10)}
    assert {state for state, _ in states.values()} == {"suspended"}
    assert all(because and because.startswith("too slow") for _, because in states.values())
    assert ("own_broken", 20) in faults
    assert follower is not None


def test_the_engine_leaves_alone_what_own_rules_hold(yard: Yard, session: Session) -> None:
    from store.conclusions import Judged, past_since

    van = yard.van("van-1", since=DAY - timedelta(days=1))
    yard.event(van, "own_door", DAY)
    yard.event(van, "overspeed", DAY)
    with session.transaction() as connection:
        past = past_since(connection, [Judged(van, yard.org_id, "tracker-of-van-1")], {}, rules=["asset_out"])
    assert {event.rule for event in past.current_events.values()} == {"overspeed"}


def test_it_cannot_be_switched_on_untried(connection: Connection) -> None:
    from domain.errors import ConflictError

    definition = members(Definition("Door", Series.position, "door_open"))
    own_rules.write_rule(connection, 1, "door", definition, actor="asha", now=NOW)
    with pytest.raises(ConflictError, match="not tried"):
        own_rules.switch_on(connection, 1, "door", since=NOW, actor="asha")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.api, max_size=1) as pool, organisation_transaction(pool, 1) as connection:
        yield connection
