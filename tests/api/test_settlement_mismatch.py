from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.test_settlement import evening, hand_in
from tests.api.yard import Yard

pytestmark = pytest.mark.server


def mismatches(yard: Yard) -> list[Any]:
    return yard.owner.execute(
        "SELECT severity, facts -> 'variance', superseded_at IS NULL FROM event WHERE rule = 'settlement_mismatch'"
    ).fetchall()


def test_a_settlement_that_adds_up_is_not_told(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    hand_in(client).raise_for_status()
    assert mismatches(yard) == []


def test_a_variance_is_told_until_a_new_count_overturns_it(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    hand_in(client, cola=28).raise_for_status()
    assert mismatches(yard) == [("high", -12.0, True)]
    hand_in(client, cola=40).raise_for_status()  # twelve were found under the seat
    assert mismatches(yard) == [("high", -12.0, False)]
    hand_in(client, cola=28).raise_for_status()
    assert mismatches(yard) == [("high", -12.0, True)]


def test_an_organisation_sets_its_own_thresholds(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    for name, value in (("share", 0.5), ("value", 1000)):
        yard.owner.execute(
            "INSERT INTO parameter (org_id, scope, scope_key, name, since, value, set_by)"
            " VALUES (%s, 'organisation', '', %s, now() - interval '1 hour', %s, 'asha')",
            (yard.org_id, f"settlement_mismatch.{name}", value),
        )
    hand_in(client, cola=28).raise_for_status()
    assert mismatches(yard) == []  # twelve of sixty, worth 240
    yard.owner.execute("UPDATE parameter SET value = NULL WHERE name = 'settlement_mismatch.share'")
    hand_in(client, cola=28).raise_for_status()
    assert len(mismatches(yard)) == 1  # the default again


def test_money_that_is_missing_is_told_too(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    assert float(hand_in(client, cash="355.20").json()["cash_gap"]) == -400
    assert len(mismatches(yard)) == 1
