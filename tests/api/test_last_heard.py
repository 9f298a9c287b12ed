"""When a device was last heard: also one that has never told a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.api.yard import Yard

pytestmark = pytest.mark.server
NOW = datetime(2026, 5, 1, 6, tzinfo=UTC)
IMPLAUSIBLE = 2


def test_a_tracker_without_a_place_of_use_was_heard_all_the_same(client: httpx.Client, yard: Yard) -> None:
    blind, placed, _mute = yard.device("blind"), yard.device("placed"), yard.device("mute")
    for number, received_at in enumerate((NOW, NOW + timedelta(minutes=5))):
        at = NOW + timedelta(minutes=number)
        yard.report(blind, {"fix_time": at, "seq": number, "grade": IMPLAUSIBLE, "received_at": received_at})
        yard.report(placed, {"fix_time": at, "seq": number, "received_at": received_at})
    last = {one["device_key"]: one["last_heard_at"] for one in client.get("/devices").json()["items"]}
    assert last == {"blind": "2026-05-01T06:05:00Z", "placed": "2026-05-01T06:05:00Z", "mute": None}
    assert client.get("/devices/blind").json()["last_heard_at"] == "2026-05-01T06:05:00Z"
