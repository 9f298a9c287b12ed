from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from typing import Any

import httpx
import pytest

from beatwatch.seeding.distributor import Shop, draw_distributor
from tests.api.conftest import serving

MONDAY = date(2026, 3, 2)
SHOPS = [Shop(f"shop-{n:03d}", -1.62 + n / 1e4, 6.68, 60.0, n * 0.4235) for n in range(850)]


def test_every_shop_is_called_at_twice_a_week_by_one_van() -> None:
    drawn = draw_distributor(SHOPS, 10, MONDAY, 1)
    calls = Counter(one["outlet_id"] for beat in drawn.beats for one in beat["outlets"])
    assert set(calls.values()) == {2}
    assert len(calls) == 850
    assert all(25 <= len(beat["outlets"]) <= 60 for beat in drawn.beats)
    vans: dict[str, set[str]] = {}
    for beat in drawn.beats:
        for one in beat["outlets"]:
            vans.setdefault(one["outlet_id"], set()).add(beat["vehicle_id"])
    assert all(len(those) == 1 for those in vans.values())


def test_orders_are_those_of_the_day_by_the_case_and_add_up() -> None:
    drawn = draw_distributor(SHOPS, 10, MONDAY, 1)
    cases = {product["product_id"]: product["units"][0]["pieces"] for product in drawn.products}
    called = {one["outlet_id"] for beat in drawn.beats if 1 in beat["weekdays"] for one in beat["outlets"]}
    assert {order["outlet_id"] for order in drawn.orders} == called
    for order in drawn.orders:
        assert order["net_value"] == sum(line["ordered"] * line["price"] for line in order["lines"])
        assert all(line["ordered"] % cases[line["product_id"]] == 0 for line in order["lines"])


def test_the_same_seed_draws_the_same_distributor_and_another_does_not() -> None:
    assert draw_distributor(SHOPS, 5, MONDAY, 3) == draw_distributor(SHOPS, 5, MONDAY, 3)
    assert draw_distributor(SHOPS, 5, MONDAY, 3) != draw_distributor(SHOPS, 5, MONDAY, 4)


def test_nobody_calls_on_a_sunday() -> None:
    assert {order["due_on"] for order in draw_distributor(SHOPS, 5, date(2026, 3, 1), 1).orders} == {MONDAY}


def run(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": database_url}
    command = [sys.executable, "-m", "beatwatch", "seed", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.server
@pytest.mark.acceptance
def test_a_seeded_distributor_is_there_to_be_used_and_seeding_again_adds_nothing(database_url: str) -> None:
    arguments = ("--vans", "3", "--outlets", "60", "--day", MONDAY.isoformat(), "--json")
    first = run(database_url, *arguments)
    assert first.returncode == 0, first.stderr
    added = _added(first)
    assert (added["outlet"], added["vehicle"], added["driver"], added["beat"]) == (60, 3, 3, 18)
    assert set(_added(run(database_url, *arguments)).values()) == {0}
    with serving(database_url) as address:
        orders = httpx.get(f"{address}/orders", params={"limit": 1000}, timeout=60).json()["items"]
    assert len(orders) == added["order"] > 10
    assert {order["state"] for order in orders} == {"confirmed"}
    refused = run(database_url, "--day", "Monday")
    assert (refused.returncode, refused.stderr.startswith("error: invalid_input: --day")) == (1, True)


def _added(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return {row["record"]: row["added"] for row in json.loads(done.stdout)}
