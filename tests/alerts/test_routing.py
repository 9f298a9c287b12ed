from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from alerts.routing import routed, send_at
from domain.events import Severity
from domain.recipients import Recipient

ASHA = Recipient("asha", "log", least_severity=Severity.medium)


def people(*cells: Recipient, rule: str = "missed_stop", severity: Severity = Severity.high, level: int = 0) -> list[str]:
    return [f"{cell.person} {cell.channel}" for cell in routed(cells, rule, severity, level=level)]


def test_severity_decides() -> None:
    assert people(ASHA, severity=Severity.low) == []
    assert people(ASHA, severity=Severity.medium) == ["asha log"]


def test_the_cell_of_the_rule_wins_in_either_order() -> None:
    muted = Recipient("asha", "log", "missed_stop", least_severity=None)
    assert people(ASHA, muted) == people(muted, ASHA) == []
    assert people(ASHA, muted, rule="overspeed") == ["asha log"]


def test_each_channel_has_its_own_cell() -> None:
    by_mail = Recipient("asha", "email", "overspeed")
    assert people(ASHA, by_mail, rule="overspeed") == ["asha log", "asha email"]
    assert people(ASHA, by_mail) == ["asha log"]


def test_higher_levels_hear_when_it_escalates() -> None:
    boss = Recipient("ravi", "log", level=1)
    assert people(ASHA, boss) == ["asha log"]
    assert people(ASHA, boss, level=1) == ["asha log", "ravi log"]


def test_who_is_off_duty_or_of_another_territory_is_left_out() -> None:
    north = Recipient("neela", "log", territory="north")
    cells = (ASHA, north)
    assert [cell.person for cell in routed(cells, "towed", Severity.high, off_duty={"asha"})] == []
    assert [cell.person for cell in routed(cells, "towed", Severity.high, territories={"north"})] == ["asha", "neela"]


NIGHT = Recipient("asha", "log", quiet_from=time(22), quiet_until=time(6, 30), time_zone="Asia/Kolkata")


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        (datetime(2026, 3, 2, 16, 29, tzinfo=UTC), datetime(2026, 3, 2, 16, 29, tzinfo=UTC)),  # 21:59 in Kolkata
        (datetime(2026, 3, 2, 16, 30, tzinfo=UTC), datetime(2026, 3, 3, 1, 0, tzinfo=UTC)),  # 22:00
        (datetime(2026, 3, 2, 20, 0, tzinfo=UTC), datetime(2026, 3, 3, 1, 0, tzinfo=UTC)),  # 01:30, the day after
        (datetime(2026, 3, 3, 1, 0, tzinfo=UTC), datetime(2026, 3, 3, 1, 0, tzinfo=UTC)),  # 06:30
    ],
)
def test_quiet_hours_hold_back_until_they_end(now: datetime, sent: datetime) -> None:
    assert send_at(NIGHT, Severity.high, now) == sent
    assert send_at(NIGHT, Severity.critical, now) == now


def test_quiet_hours_within_a_day() -> None:
    siesta = Recipient("asha", "log", quiet_from=time(13), quiet_until=time(15))
    assert send_at(siesta, Severity.low, datetime(2026, 3, 2, 14, tzinfo=UTC)) == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert send_at(siesta, Severity.low, datetime(2026, 3, 2, 15, tzinfo=UTC)) == datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_a_time_zone_that_is_none_is_utc() -> None:
    odd = Recipient("asha", "log", quiet_from=time(13), quiet_until=time(15), time_zone="Nowhere/At all")
    assert send_at(odd, Severity.low, datetime(2026, 3, 2, 14, tzinfo=UTC)) == datetime(2026, 3, 2, 15, tzinfo=UTC)
