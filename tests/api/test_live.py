from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from store.organisations import add_organisation
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)

Message = dict[str, Any]


@contextmanager
def listening(client: httpx.Client, last_event_id: str | None = None, **wanted: Any) -> Iterator[Iterator[Message]]:
    headers = {} if last_event_id is None else {"last-event-id": last_event_id}
    with client.stream("GET", "/live", headers=headers, params=wanted, timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield messages(response.iter_lines())


def messages(lines: Iterator[str]) -> Iterator[Message]:
    message: Message = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            message[name] = value
        elif message:
            yield {**message, "data": json.loads(message["data"])}
            message = {}


def until(stream: Iterator[Message], kind: str) -> Message:
    return next(message for message in stream if message["event"] == kind)


def test_what_is_stored_is_told(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW))
    with listening(client) as stream:
        assert next(stream)["event"] == "hello"
        yard.report(van, {"fix_time": NOW, "speed_mps": 7.0})
        (vehicle,) = until(stream, "positions")["data"]["positions"]
        assert (vehicle["vehicle_id"], vehicle["position"]["speed_mps"]) == ("van-1", 7.0)
        yard.visit(van, "T-1", "S-1", "serviced", NOW)
        assert until(stream, "visits")["data"]["visits"][0]["state"] == "serviced"
        event_id = yard.event(van, "missed_stop", NOW)
        assert until(stream, "events")["data"]["events"][0]["event_id"] == event_id
        number = yard.alert(event_id)
        assert until(stream, "alerts")["data"]["alerts"][0]["alert_id"] == number
        client.post(f"/alerts/{number}/acknowledge")
        assert until(stream, "alerts")["data"]["alerts"][0]["state"] == "acknowledged"


def test_whoever_comes_back_is_told_what_was_missed(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    with listening(client) as stream:
        next(stream)
        yard.event(van, "overspeed", NOW)
        last = until(stream, "events")["id"]
    missed = yard.event(van, "silent_device", NOW + timedelta(minutes=5))
    with listening(client, last) as stream:
        hello = next(stream)
        assert hello["data"] == {"resumed": True}
        told = until(stream, "events")["data"]["events"]
        assert missed in [event["event_id"] for event in told]


def test_nothing_is_told_twice_and_nothing_is_lost_when_transactions_end_out_of_order(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    with yard.pool.connection() as slow:
        slow.execute("SELECT pg_current_xact_id()")  # begun before the others, ends after them
        with listening(client) as stream:
            next(stream)
            told = []
            for minute in range(3):
                yard.event(van, "overspeed", NOW + timedelta(minutes=minute))
                told += until(stream, "events")["data"]["events"]
            slow.execute(
                "INSERT INTO event (org_id, event_id, rule, severity, device_id, started_at, detected_at, confidence)"
                " VALUES (%s, 'slow', 'overspeed', 'low', %s, %s, %s, 1)",
                (yard.org_id, van, NOW, NOW),
            )
            slow.execute("SELECT pg_notify('beatwatch_concluded', '')")
            slow.commit()
            told += until(stream, "events")["data"]["events"]
    assert [event["event_id"] for event in told[3:]] == ["slow"]
    assert len({event["event_id"] for event in told}) == 4


def test_one_organisation_does_not_hear_another(client: httpx.Client, database_url: str, yard: Yard) -> None:
    yard.owner.execute("INSERT INTO organisation (slug, name) VALUES ('rival', 'Rival')")
    rival = Yard(database_url, "rival")
    try:
        with listening(client) as stream:
            next(stream)
            rival.event(rival.van("secret"), "overspeed", NOW)
            own = yard.event(yard.van("van-1"), "overspeed", NOW)
            told = until(stream, "events")["data"]["events"]
    finally:
        rival.close()
    assert [event["event_id"] for event in told] == [own]


def test_a_foreign_mark_is_refused(client: httpx.Client) -> None:
    assert client.get("/live", headers={"last-event-id": "yesterday"}).status_code == 422


def test_many_streams_share_one_listening_connection(client: httpx.Client, address: str, yard: Yard) -> None:
    with httpx.Client(base_url=address, limits=httpx.Limits(max_connections=40), timeout=60) as many:
        streams = [many.stream("GET", "/live", timeout=60) for _ in range(30)]
        readers = [messages(stream.__enter__().iter_lines()) for stream in streams]
        assert all(next(reader)["event"] == "hello" for reader in readers)
        yard.report(yard.van("van-1"), {"fix_time": NOW})
        assert all(until(reader, "positions")["data"]["positions"] for reader in readers)
        counted = yard.owner.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'").fetchone()
        assert counted == (1,)
        for stream in streams:
            stream.__exit__(None, None, None)


def test_a_stream_shows_the_part_of_the_map_it_asks_for(client: httpx.Client, yard: Yard) -> None:
    vans = [yard.van("van-1"), yard.van("van-2")]
    with listening(client, bbox="77.5,12.9,77.7,13.1", zoom=10) as stream:
        next(stream)
        yard.report(vans[1], {"fix_time": NOW, "longitude_deg": 80.0})
        yard.report(vans[0], {"fix_time": NOW, "speed_mps": 7.0})
        assert _vehicles(until(stream, "positions")) == ["van-1"]
        yard.report(vans[0], {"fix_time": NOW + timedelta(seconds=5), "longitude_deg": 77.5947, "speed_mps": 7.0})  # no pixel
        yard.report(vans[0], {"fix_time": NOW + timedelta(seconds=9), "longitude_deg": 79.0, "speed_mps": 7.0})
        gone = until(stream, "positions")["data"]["positions"]
        assert [vehicle["position"]["longitude_deg"] for vehicle in gone] == [79.0]
        yard.event(vans[1], "overspeed", NOW + timedelta(minutes=1), facts={"longitude_deg": 80.0, "latitude_deg": 12.9})
        inside = yard.event(vans[1], "overspeed", NOW, facts={"longitude_deg": 77.6, "latitude_deg": 13.0})
        assert [event["event_id"] for event in until(stream, "events")["data"]["events"]] == [inside]


def test_a_stream_shows_a_part_of_the_tree(client: httpx.Client, yard: Yard, database_url: str) -> None:
    with yard.pool.connection() as connection:
        add_organisation(connection, slug="north", name="North", parent_id=yard.org_id)
    north = Yard(database_url, "north")
    try:
        with listening(client, organisation="north") as stream:
            next(stream)
            yard.report(yard.van("van-1"), {"fix_time": NOW})
            north.report(north.van("van-n"), {"fix_time": NOW})
            assert _vehicles(until(stream, "positions")) == ["van-n"]
    finally:
        north.close()


@pytest.mark.parametrize(
    ("wanted", "status"), [({"bbox": "1,2,3"}, 422), ({"bbox": "0,9,1,8"}, 422), ({"organisation": "x"}, 404)]
)
def test_a_stream_of_nowhere_is_refused(client: httpx.Client, wanted: dict[str, str], status: int) -> None:
    assert client.get("/live", params=wanted).status_code == status


def _vehicles(message: Message) -> list[str]:
    return [vehicle["vehicle_id"] for vehicle in message["data"]["positions"]]
