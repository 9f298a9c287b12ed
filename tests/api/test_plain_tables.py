"""Zones, devices and route plans in and out as tables."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from domain.people import Role
from tests.api.conftest import serving
from tests.api.persons import register, signed_in
from tests.api.test_catalogue_story import approved_outlet
from tests.api.test_tables import bring
from tests.api.yard import Yard

pytestmark = pytest.mark.server
AREA = json.dumps({"type": "Polygon", "coordinates": [[[77.0, 12.0], [77.1, 12.0], [77.1, 12.1], [77.0, 12.0]]]})
ZONES = f"""zone_id;name;kind;longitude_deg;latitude_deg;radius_m;speed_limit_mps;geometry
depot-1;Depot;depot;77.59;12.97;150;;
slow;School;speed;;;;8.3;{AREA}
"""


def outcome(report: dict[str, Any]) -> tuple[bool, int, int, int]:
    return report["kept"], report["added"], report["changed"], report["unchanged"]


def told(report: dict[str, Any]) -> list[tuple[int, str | None]]:
    return [(error["row"], error["column"]) for error in report["errors"]]


def test_zones_come_in_and_go_out_as_a_table(client: httpx.Client) -> None:
    assert outcome(bring(client, "zones", ZONES)) == (True, 2, 0, 0)
    assert client.get("/zones/slow").json()["properties"]["speed_limit_mps"] == 8.3
    assert outcome(bring(client, "zones", client.get("/exports/zones").content)) == (True, 0, 0, 2)
    book = client.get("/exports/zones?form=xlsx").content
    assert outcome(bring(client, "zones", book, form="xlsx")) == (True, 0, 0, 2)
    assert outcome(bring(client, "zones", ZONES.replace("150", "200"))) == (True, 0, 1, 1)
    assert client.get("/zones/depot-1").json()["properties"]["radius_m"] == 200


def test_wrong_zones_are_told_row_by_row(client: httpx.Client) -> None:
    head = "zone_id,kind,longitude_deg,latitude_deg,radius_m,geometry\n"
    rows = "a,depot,77,12,150,\nb,depot,east,12,150,\nc,depot,77,,150,\n,depot,77,12,1,\ne,castle,77,12,150,\nf,depot,,,,{x\n"
    report = bring(client, "zones", head + rows)
    assert (report["kept"], report["added"], report["error_count"]) == (False, 1, 5)
    assert [row for row, _ in told(report)] == [3, 4, 5, 6, 7]
    assert [column for _, column in told(report)][:3] == ["longitude_deg", "latitude_deg", "zone_id"]
    assert client.get("/zones").json()["features"] == []
    assert told(bring(client, "zones", "zone_id,colour\na,red\n")) == [(2, "colour")]


def test_devices_come_in_and_go_out_as_a_table(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    text = "device_key,model,state,vehicle_id\nT-1,FMB920,,van-1\nT-2,,disabled,\n"
    assert outcome(bring(client, "devices", text)) == (True, 2, 0, 0)
    device = client.get("/devices/T-1").json()
    assert (device["model"], device["state"], device["vehicle_id"]) == ("FMB920", "active", "van-1")
    assert client.get("/devices/T-2").json()["state"] == "disabled"
    assert outcome(bring(client, "devices", client.get("/exports/devices").content)) == (True, 0, 0, 3)
    assert outcome(bring(client, "devices", "device_key,state\nT-2,active\n")) == (True, 0, 1, 0)
    wrong = bring(client, "devices", "device_key,state,vehicle_id\nT-3,asleep,\nT-4,,van-9\nT-5,,\n")
    assert (wrong["kept"], told(wrong)) == (False, [(2, "state"), (3, "vehicle_id")])
    assert client.get("/devices/T-5").status_code == 404


def test_route_plans_come_in_as_a_table(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    approved_outlet(client, "O-1")
    stops = json.dumps([{"outlet_id": "O-1", "cases": 12}]).replace('"', '""')
    head = "route_plan_id,vehicle_id,planned_start,planned_end,stops\n"
    row = f'R-1,van-1,2030-03-02T08:00:00+05:30,2030-03-02T16:00:00+05:30,"{stops}"\n'
    assert outcome(bring(client, "route-plans", head + row)) == (True, 1, 0, 0)
    plan = client.get("/route-plans/R-1").json()
    assert (plan["vehicle_id"], [stop["outlet_id"] for stop in plan["stops"]]) == ("van-1", ["O-1"])
    wrong = bring(client, "route-plans", head + row.replace("R-1", "R-2") + "R-3,van-1,x,y,\n")
    assert (wrong["kept"], {number for number, _ in told(wrong)}) == (False, {3})
    assert client.get("/route-plans/R-2").status_code == 404
    assert "R-1" in client.get("/exports/route-plans").text


PEOPLE = """login,name,role,state,password
asha@example.org,Asha,logistics_manager,,a long password
ravi@example.org,Ravi,driver,disabled,another password
"""


def test_people_come_in_and_go_out_as_a_table_without_their_passwords(client: httpx.Client) -> None:
    assert outcome(bring(client, "people", PEOPLE)) == (True, 2, 0, 0)
    ravi = client.get("/people/ravi@example.org").json()
    assert (ravi["name"], ravi["role"], ravi["state"]) == ("Ravi", "driver", "disabled")
    taken = client.get("/exports/people").text
    assert "password" not in taken.replace("state,password", "")
    assert outcome(bring(client, "people", taken)) == (True, 0, 0, 2)
    assert outcome(bring(client, "people", PEOPLE)) == (True, 0, 0, 2)
    assert outcome(bring(client, "people", PEOPLE.replace(",Asha,", ",Asha Rao,"))) == (True, 0, 1, 1)
    added = [one for one in client.get("/audit").json()["items"] if one["action"] == "person.add"]
    assert len(added) == 2
    assert "password" not in str(added)


def test_wrong_people_are_told_row_by_row_and_nobody_is_kept(client: httpx.Client) -> None:
    rows = (
        "a,A,driver,,short\nb,B,king,,a long password\nc,C,driver,,\n,D,driver,,a long password\ne,E,driver,,a long password\n"
    )
    report = bring(client, "people", "login,name,role,state,password\n" + rows)
    assert (report["kept"], report["added"], report["error_count"]) == (False, 1, 4)
    assert told(report) == [(2, "password"), (3, "role"), (4, "password"), (5, "login")]
    assert client.get("/people").json()["items"] == []


def test_nobody_brings_in_more_than_they_may(database_url: str, yard: Yard) -> None:
    register(yard, "manager", Role.distributor_manager)
    register(yard, "planner", Role.logistics_manager)
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        planner, manager = signed_in(client, "planner"), signed_in(client, "manager")
        assert client.get("/exports/people", headers=planner).status_code == 403
        assert client.post("/imports/people", content=PEOPLE, headers=planner).status_code == 403
        raised = "login,role\nplanner,platform_administrator\n"
        report = client.post("/imports/people", params={"dry_run": False}, content=raised, headers=manager).json()
        assert (report["kept"], report["error_count"]) == (False, 1)
        lowered = "login,role\nmanager,driver\n"
        report = client.post("/imports/people", params={"dry_run": False}, content=lowered, headers=manager).json()
        assert (report["kept"], report["error_count"]) == (False, 1)
        assert "planner," in client.get("/exports/people", headers=manager).text
