"""Events in, alerts and messages out, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from alerts.digest import Digests
from alerts.life_cycle import Told
from alerts.paging import Paging
from alerts.tailing import Rulebook, follow, take_in
from alerts.timers import escalate, wake
from domain.errors import ConflictError, NotFoundError
from domain.events import Severity
from domain.recipients import Recipient
from domain.zones import Zone, ZoneKind
from store.alerts import EventCursor, assign, comment, move_cursor, snooze
from store.conclusions import supersede_events
from store.planning import save_zone
from store.pool import Connection
from store.recipients import delete_recipient, recipients, save_duty, save_recipient
from store.session import Session
from tests.alerts.occurrences import DAY, MINUTE, NOW, conclude, occurrence

pytestmark = pytest.mark.server
RULEBOOK = Rulebook()


def drain(session: Session, now: datetime = NOW, rulebook: Rulebook = RULEBOOK) -> None:
    while True:
        with session.transaction() as connection:
            if not follow(connection, rulebook, now):
                return


def rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in connection.execute(sql.encode()).fetchall()]


def alerts(connection: Connection) -> list[tuple[Any, ...]]:
    return rows(connection, "SELECT subject, state, resolution FROM alert ORDER BY alert_id")


def stages(connection: Connection) -> list[tuple[Any, ...]]:
    return rows(connection, "SELECT stage, person FROM message ORDER BY message_id")


def test_an_alert_lives_from_event_to_end(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence())
    drain(session)
    assert alerts(connection) == [("device van-1", "open", None)]
    assert stages(connection) == [("opened", "duty")]
    conclude(connection, occurrence(ended_at=DAY + MINUTE))
    drain(session, NOW + MINUTE)
    assert alerts(connection) == [("device van-1", "resolved", "ended")]
    conclude(connection, occurrence("e2"))
    drain(session, NOW + 2 * MINUTE)
    assert alerts(connection) == [("device van-1", "open", None)]
    assert stages(connection) == [("opened", "duty"), ("reopened.1", "duty")]
    assert [row[0] for row in rows(connection, "SELECT action FROM alert_entry ORDER BY alert_entry_id")] == [
        "opened",
        "resolved.ended",
        "reopened",
    ]


def test_reading_the_log_again_adds_nothing(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence(), occurrence("e2", stop_id="s1"), occurrence("e3", stop_id="s2", severity=Severity.high))
    drain(session)
    before = (alerts(connection), stages(connection))
    assert len(before[0]) == 3
    move_cursor(connection, EventCursor(0, 0))
    drain(session)
    assert (alerts(connection), stages(connection)) == before


def test_who_has_a_territory_hears_only_of_what_happens_inside_it(session: Session, connection: Connection) -> None:
    north = {"type": "Polygon", "coordinates": [[[77, 13], [78, 13], [78, 14], [77, 14], [77, 13]]]}
    with connection.transaction():
        save_zone(connection, 1, Zone("north", "North", ZoneKind.territory, north))
        save_recipient(connection, 1, Recipient("asha", "log"))
        save_recipient(connection, 1, Recipient("neela", "log", territory="north"))
    for number, latitude_deg in enumerate((12.9, 13.1)):
        facts = {"longitude_deg": 77.5, "latitude_deg": latitude_deg}
        conclude(connection, occurrence(f"e{number}", device_id=f"van-{number}", facts=facts))
    conclude(connection, occurrence("e3", device_id="van-3"))
    drain(session)
    told = rows(connection, "SELECT alert_id, person FROM message ORDER BY alert_id, person")
    assert told == [(1, "asha"), (2, "asha"), (2, "neela"), (3, "asha")]


def test_an_overturned_event_takes_its_alert_along(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence())
    drain(session)
    supersede_events(connection, 1, ["e1"], "late_data")
    drain(session)
    assert alerts(connection) == [("device van-1", "resolved", "superseded")]
    conclude(connection, occurrence(late=True))
    drain(session)
    assert alerts(connection) == [("device van-1", "open", None)]
    assert stages(connection) == [("opened", "duty")]


def test_the_database_itself_refuses_a_second_open_alert(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence(), occurrence("e2", trip_id=None))
    drain(session)
    copied = "INSERT INTO alert (org_id, rule, subject, trip_id, severity, event_id, started_at, opened_at, changed_at) "
    for trip in ("trip_id = 't1'", "trip_id IS NULL"):
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                f"{copied} SELECT org_id, rule, subject, trip_id, severity, event_id, started_at, opened_at, changed_at "
                f"FROM alert WHERE {trip}".encode()
            )


def test_ten_thousand_events_lose_and_double_nothing(session: Session, connection: Connection) -> None:
    vans = [f"van-{number}" for number in range(500)]
    for first in range(20):
        conclude(
            connection,
            *(occurrence(f"{van}/{first}", trip_id=f"t{first}", device_id=van) for van in vans),
        )
    drain(session)
    assert rows(connection, "SELECT count(*) AS alerts, count(DISTINCT (subject, trip_id)) AS keys FROM alert") == [
        (10_000, 10_000)
    ]
    assert rows(connection, "SELECT count(*) FROM alert_event") == [(10_000,)]
    told = rows(
        connection, "SELECT count(*) AS messages, count(DISTINCT (alert_id, stage, person, channel)) AS tellings FROM message"
    )[0]
    assert told[0] == told[1]


def test_a_storm_is_told_of_as_one(session: Session, connection: Connection) -> None:
    conclude(connection, *(occurrence(f"e{n}", "silent_device", device_id=f"van-{n}") for n in range(14)))
    drain(session)
    assert len(alerts(connection)) == 14
    assert stages(connection) == [("opened", "duty")] * 5 + [("storm.0", "duty"), ("storm.1", "duty")]
    (body,) = rows(connection, "SELECT body FROM message WHERE stage = 'storm.1'")[0]
    assert body["text"].startswith("12 alerts of silent device")
    assert rows(connection, "SELECT count(*) FROM alert WHERE storm_id IS NOT NULL") == [(9,)]


def test_it_escalates_until_somebody_acknowledges(session: Session, connection: Connection) -> None:
    save_recipient(connection, 1, Recipient("asha", "log"))
    save_recipient(connection, 1, Recipient("ravi", "log", level=1))
    conclude(connection, occurrence(severity=Severity.critical))
    drain(session)
    for minutes in (4, 5, 9, 10):
        with session.transaction() as transaction:
            escalate(transaction, Paging(), NOW + minutes * MINUTE)
    assert stages(connection) == [
        ("opened", "asha"),
        ("escalated.1", "asha"),
        ("escalated.1", "ravi"),
        ("escalated.2", "asha"),
        ("escalated.2", "ravi"),
    ]
    connection.execute("UPDATE alert SET state = 'acknowledged', acknowledged_at = now(), escalate_at = NULL")
    with session.transaction() as transaction:
        assert escalate(transaction, Paging(), NOW + timedelta(days=1)) == 0


def test_escalation_ends_some_time(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence(severity=Severity.critical))
    drain(session)
    for number in range(1, 20):
        with session.transaction() as transaction:
            escalate(transaction, Paging(), NOW + number * timedelta(hours=1))
    assert rows(connection, "SELECT count(*) FROM message WHERE stage LIKE 'escalated.%'") == [(Paging().most_escalations,)]


def test_a_snoozed_alert_is_silent_and_comes_back(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence())
    drain(session)
    (alert_id,) = rows(connection, "SELECT alert_id FROM alert")[0]
    snooze(connection, alert_id, until=NOW + timedelta(hours=2), actor="asha", now=NOW)
    conclude(connection, occurrence(severity=Severity.high))
    drain(session, NOW + MINUTE)
    assert stages(connection) == [("opened", "duty")]
    with session.transaction() as transaction:
        assert wake(transaction, Paging(), NOW + MINUTE) == 0
        assert wake(transaction, Paging(), NOW + timedelta(hours=2)) == 1
    assert [stage for stage, _ in stages(connection)] == ["opened", "woken.20261122T100000"]


def test_what_people_do_is_on_record_and_wrong_steps_are_refused(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence())
    drain(session)
    (alert_id,) = rows(connection, "SELECT alert_id FROM alert")[0]
    assign(connection, alert_id, assignee="ravi", actor="asha", now=NOW)
    comment(connection, alert_id, text="called the driver", actor="ravi", now=NOW)
    with pytest.raises(ConflictError, match="to come"):
        snooze(connection, alert_id, until=NOW, actor="asha", now=NOW)
    connection.execute(
        "UPDATE alert SET state = 'resolved', resolved_at = now(), resolution = 'confirmed', resolved_by = 'asha'"
    )
    with pytest.raises(ConflictError, match="resolved"):
        assign(connection, alert_id, assignee="asha", actor="asha", now=NOW)
    with pytest.raises(NotFoundError):
        comment(connection, 999, text="", actor="asha", now=NOW)
    kept = rows(connection, "SELECT actor, action, note FROM alert_entry ORDER BY alert_entry_id")
    assert kept == [(None, "opened", None), ("asha", "assigned", "ravi"), ("ravi", "commented", "called the driver")]


def test_a_matrix_cell_is_kept_replaced_and_removed(connection: Connection) -> None:
    cell = Recipient("asha", "email", "overspeed", "asha@example.com", None, 2, "north", time_zone="Asia/Kolkata")
    save_recipient(connection, 1, replace(cell, address="old"))
    save_recipient(connection, 1, cell)
    assert recipients(connection, 1) == [cell]
    delete_recipient(connection, 1, "asha", "email", "overspeed")
    with pytest.raises(NotFoundError):
        delete_recipient(connection, 1, "asha", "email", "overspeed")


def test_only_those_on_duty_are_told(session: Session, connection: Connection) -> None:
    for person in ("asha", "ravi", "neela"):
        save_recipient(connection, 1, Recipient(person, "log"))
    save_duty(connection, 1, "asha", NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    save_duty(connection, 1, "ravi", NOW + timedelta(hours=1), NOW + timedelta(hours=9))
    conclude(connection, occurrence())
    drain(session)
    assert stages(connection) == [("opened", "asha"), ("opened", "neela")]


def test_an_event_of_no_concern_leaves_nothing(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence(rule="zone_enter", severity=Severity.info))
    drain(session)
    assert alerts(connection) == stages(connection) == rows(connection, "SELECT * FROM alert_event") == []


def test_many_events_of_one_alert_in_one_transaction(session: Session, connection: Connection) -> None:
    conclude(connection, *(occurrence(f"e{n}") for n in range(5)))
    drain(session)
    assert alerts(connection) == [("device van-1", "open", None)]
    conclude(connection, *(occurrence(f"e{n}", ended_at=DAY + MINUTE) for n in range(4)))
    drain(session)
    assert alerts(connection) == [("device van-1", "open", None)]
    with session.transaction() as transaction:
        row = transaction.execute("SELECT device_id FROM device").fetchone()
        assert row is not None
        told = Told(1, row["device_id"], occurrence("e4", ended_at=DAY + MINUTE), None)
        take_in(transaction, [told], RULEBOOK, NOW)
    assert alerts(connection) == [("device van-1", "resolved", "ended")]


def test_the_day_ends_with_a_digest_once(session: Session, connection: Connection) -> None:
    save_recipient(connection, 1, Recipient("asha", "log", least_severity=None, time_zone="Asia/Kolkata", wants_digest=True))
    conclude(
        connection, occurrence(), occurrence("e2", "missed_stop", stop_id="s1"), occurrence("e3", "missed_stop", stop_id="s2")
    )
    drain(session)
    connection.execute("UPDATE alert SET state = 'resolved', resolved_at = now(), resolution = 'false' WHERE stop_id = 's2'")
    digests = Digests()
    assert digests.post_due(connection, NOW + timedelta(hours=4, minutes=29)) == 0  # 17:59 in Kolkata
    assert digests.post_due(connection, NOW + timedelta(hours=4, minutes=30)) == 1
    assert digests.post_due(connection, NOW + timedelta(hours=5)) == 0
    Digests().post_due(connection, NOW + timedelta(hours=5))  # after a restart
    ((stage, body),) = rows(connection, "SELECT stage, body FROM message")
    assert stage == "digest.2026-11-22"
    assert body["text"].splitlines() == [
        "Sunday 22 November: 3 alerts, 2 still open.",
        "Missed stop: 1 false, 1 open, 2 opened",
        "Route deviation: 1 open, 1 opened",
    ]
    assert digests.post_due(connection, NOW + timedelta(hours=29)) == 1
