"""What grows old is forgotten, and nothing that is still needed; nights come once for all workers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.tailing import Rulebook, follow
from beatwatch.upkeep import do_night, prune
from domain.trips import Trip
from geofence.worker.settings import define_parameters
from store import own_rule_progress
from store.conclusions import Judged, Saved, past_since, put_events, save_checkpoints
from store.own_rule_progress import Cursors
from store.planning import save_trip
from store.pool import Connection, Role, open_pool
from store.pruning import Ages
from store.session import Session, open_session
from tests.alerts.occurrences import DAY, MINUTE, conclude, occurrence, register

pytestmark = pytest.mark.server
NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=400)
AGES = Ages(timedelta(days=7), timedelta(days=7), timedelta(days=90), timedelta(days=365))


def count(connection: Connection, sql: str) -> Any:
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return next(iter(row.values()))


def take_in(session: Session, now: datetime) -> None:
    with session.transaction() as connection:
        follow(connection, Rulebook(), now)


def test_old_alerts_go_with_all_that_was_said_and_open_ones_stay(session: Session, connection: Connection) -> None:
    conclude(connection, *(occurrence(f"e{number}", device_id=f"van-{number}") for number in range(3)))
    take_in(session, OLD)
    connection.execute("UPDATE message SET state = 'delivered'")
    connection.execute("INSERT INTO delivery SELECT message_id, 1, org_id, created_at, 'delivered', 'ok' FROM message")
    connection.execute("UPDATE alert SET state = 'resolved', resolution = 'false', resolved_at = %s WHERE alert_id = 1", (OLD,))
    recently = NOW - timedelta(days=100)
    connection.execute(
        "UPDATE alert SET state = 'resolved', resolution = 'false', resolved_at = %s WHERE alert_id = 2", (recently,)
    )
    gone = prune(session, AGES, NOW)
    assert (gone["alert"], gone["message"]) == (1, 2)
    assert [row["alert_id"] for row in connection.execute("SELECT alert_id FROM alert ORDER BY alert_id")] == [2, 3]
    assert [row["alert_id"] for row in connection.execute("SELECT alert_id FROM message")] == [3], (
        "an open alert keeps its messages"
    )
    assert count(connection, "SELECT count(*) FROM delivery") == 1
    assert count(connection, "SELECT count(*) FROM alert_entry") == 2
    assert count(connection, "SELECT count(*) FROM event") == 3
    assert prune(session, AGES, NOW) == dict.fromkeys(gone, 0)


def test_with_an_age_of_none_all_is_kept(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence())
    take_in(session, OLD)
    connection.execute("UPDATE message SET state = 'delivered'")
    connection.execute("UPDATE alert SET state = 'resolved', resolution = 'false', resolved_at = %s", (OLD,))
    assert prune(session, Ages(None, None, None, None), NOW) == {"conclusion_form": 0}
    assert count(connection, "SELECT count(*) FROM message") == 1


def test_of_forms_only_those_go_that_no_checkpoint_asks_for(session: Session, connection: Connection) -> None:
    device = register(connection, "van-1")["van-1"]

    def put(ended_at: datetime | None, detected_s: int, event_id: str = "e1") -> None:
        event = occurrence(event_id, ended_at=ended_at, detected_at=DAY + timedelta(seconds=detected_s))
        with connection.transaction():
            put_events(connection, {"van-1": device}, [event])

    for second in range(5):
        put(None, second)
    with connection.transaction():
        save_checkpoints(connection, 1, {device.device_id: Saved(DAY, b"state", None)})
    checkpoint = count(connection, "SELECT max(change_no) FROM checkpoint")
    put(DAY + MINUTE, 9)
    put(None, 1, "e2")

    def past() -> Any:
        return past_since(connection, [Judged(device.device_id, 1, "van-1")], {device.device_id: checkpoint})

    before = past()
    assert prune(session, AGES, NOW)["conclusion_form"] == 4
    assert past() == before
    assert count(connection, "SELECT count(*) FROM conclusion_form") == 3


def test_plans_and_batches_stay_until_everybody_has_read_them(
    session: Session, connection: Connection, database_url: str
) -> None:
    register(connection, "van-1")
    with connection.transaction():
        save_trip(connection, 1, Trip("t1", "van-1", DAY, DAY + timedelta(hours=8), (), None, None, ()))
        batch = "INSERT INTO ingest_batch (stored_at, position_count, sensor_count, status_count, duplicate_count)"
        connection.execute(f"{batch} VALUES (%s, 0, 0, 0, 0)".encode(), (OLD,))
    assert prune(session, AGES, NOW + timedelta(days=60))["plan_change"] == 0, "no lane has read it"
    connection.execute("UPDATE geofence_lane SET plan_cursor = 9e15::bigint, batch_cursor = 9e15::bigint")
    assert prune(session, AGES, NOW + timedelta(days=60))["plan_change"] == 0, "own rules have not"
    own_rule_progress.move_cursors(connection, Cursors(9 * 10**15, 9 * 10**15))
    gone = prune(session, AGES, NOW + timedelta(days=60))
    assert gone["plan_change"] == 1
    assert gone["ingest_batch"] == 0, "sums have not, and clocks were not looked at"
    connection.execute("UPDATE rollup_cursor SET cursor = 9e15::bigint")
    connection.execute("UPDATE clock_watch SET batch_id = 9e15::bigint")
    assert prune(session, AGES, NOW + timedelta(days=60))["ingest_batch"] == 1


def test_a_night_comes_once_by_the_clock_of_the_organisation_whoever_sees_to_it(
    session: Session, connection: Connection, database_url: str
) -> None:
    with connection.transaction():
        define_parameters(connection)
    with open_pool(database_url, Role.api, max_size=1) as pool, pool.connection() as api:
        api.execute("SELECT set_config('app.org', '1', true)")
        api.execute("UPDATE organisation SET time_zone = 'Asia/Kolkata' WHERE org_id = 1")
    evening = datetime(2026, 3, 2, 20, 29, tzinfo=UTC)  # 01:59 there
    assert do_night(session, evening) == []
    at_two = evening + MINUTE
    other = open_session(database_url, Role.worker)
    done: list[tuple[str, str]] = []
    workers = [threading.Thread(target=lambda one=one: done.extend(do_night(one, at_two))) for one in (session, other)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    other.close()
    assert sorted(done) == [("default", "learn"), ("default", "weigh")]
    assert do_night(session, at_two + timedelta(hours=5)) == []
    assert len(do_night(session, at_two + timedelta(days=1))) == 2
    assert count(connection, "SELECT count(*) FROM night_task WHERE done_at IS NOT NULL AND outcome <> ''") == 4


def test_what_a_worker_began_and_never_finished_is_taken_again(session: Session, connection: Connection) -> None:
    with connection.transaction():
        define_parameters(connection)
    at = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    connection.execute("INSERT INTO night_task (org_id, task, day, taken_at) VALUES (1, 'learn', '2026-03-02', %s)", (at,))
    assert do_night(session, at + 30 * MINUTE) == [("default", "weigh")]
    assert do_night(session, at + 61 * MINUTE) == [("default", "learn")]
