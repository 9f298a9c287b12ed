"""Payload profiles of the database reach the codecs, and change what the next messages mean."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.types.json import Jsonb

from ingest.configuration import Configuration
from ingest.decoding import Decoder
from ingest.pipeline import Pipeline
from ingest.profiles import DeviceProfiles
from ingest.registry import Registry
from ingest.screening import Screening
from store.telemetry_writer import TelemetryWriter
from tests.ingest.conftest import NOW_US, delivery
from tests.waiting import wait_until
from wire.topics import Route, Router

pytestmark = pytest.mark.server
IMEI = "352093081429150"
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


class NobodySubscribes:
    def follow(self, filters: list[str], dropped: list[str]) -> None:
        """There is no broker here."""


@pytest.fixture
def pipeline(database_url: str) -> Iterator[Pipeline]:
    writer, router, profiles, stop = TelemetryWriter(database_url), Router(), DeviceProfiles(), threading.Event()
    configuration = Configuration(router, profiles, NobodySubscribes())
    following = threading.Thread(target=configuration.follow, args=(database_url, stop))
    following.start()
    assert configuration.loaded.wait(20)
    registry = Registry(writer, adopt=True, default_slug="default")
    yield Pipeline(Decoder(router, profiles.codec), registry, writer, Screening())
    stop.set()
    following.join()
    writer.close()


def save(owner: psycopg.Connection, scope: str, name: str, settings: dict[str, Any], format_name: str = "teltonika") -> None:
    owner.execute(
        "INSERT INTO payload_profile (org_id, format, scope, name, settings)"
        " SELECT org_id, %s, %s, %s, %s FROM organisation WHERE slug = 'default'",
        (format_name, scope, name, Jsonb(settings)),
    )


class Door:
    """A tracker that says again and again that its digital input 1 is on."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._seconds = count()

    def heard(self) -> Any:
        """What its next message says of the door."""
        record = {"ts": NOW_US // 1000 + next(self._seconds) * 1000, "latlng": "12.9,77.5", "sat": 9, "1": 1}
        message = delivery(msgspec.json.encode({"state": {"reported": record}}), f"{IMEI}/data")
        decoded = self._pipeline.decoder.decode([message])
        self._pipeline.store(decoded)
        (reading,) = decoded.positions.readings
        return reading.door_open

    def comes_to_say(self, expected: bool | None) -> bool:
        """Whether it says so within a few messages, as the database's word of a change takes a moment."""
        wait_until(lambda: self.heard() is expected, timeout_s=20)
        return True


def wired(*, inverted: bool) -> dict[str, Any]:
    return {"inputs": {"1": {"field": "door_open", "inverted": inverted}}}


def test_a_model_is_wired_and_one_of_its_devices_otherwise(pipeline: Pipeline, owner: psycopg.Connection) -> None:
    door = Door(pipeline)
    assert door.heard() is None
    owner.execute("UPDATE device SET model = 'FMB920' WHERE device_key = %s", (IMEI,))
    save(owner, "model", "FMB920", wired(inverted=False))
    assert door.comes_to_say(True)
    save(owner, "device", IMEI, wired(inverted=True))
    assert door.comes_to_say(False)
    owner.execute("DELETE FROM payload_profile")
    assert door.comes_to_say(None)


def test_a_profile_that_does_not_fit_is_left_out(pipeline: Pipeline, owner: psycopg.Connection) -> None:
    door = Door(pipeline)
    assert door.heard() is None
    save(owner, "device", IMEI, {"inputs": {"1": {"field": "hatch"}}}, "teltonika-json")
    save(owner, "device", IMEI, {"secret": "s"}, "owntracks")
    save(owner, "device", IMEI, wired(inverted=False))
    assert door.comes_to_say(True)


def cooler(tenant: str, name: str) -> Route:
    return Route("zigbee2mqtt", name, tenant)


def test_devices_of_one_name_in_two_organisations_have_their_own_profiles(
    pipeline: Pipeline, owner: psycopg.Connection, database_url: str
) -> None:
    owner.execute("INSERT INTO organisation (slug, name) VALUES ('north', 'North')")
    owner.execute("INSERT INTO device (org_id, device_key) SELECT org_id, 'door' FROM organisation")
    owner.execute(
        "INSERT INTO payload_profile (org_id, format, scope, name, settings)"
        " SELECT org_id, 'zigbee2mqtt', 'device', 'door', %s FROM organisation WHERE slug = 'north'",
        (Jsonb({"inputs": {"reed": {"field": "door_open"}}}),),
    )
    profiles = DeviceProfiles()
    writer = TelemetryWriter(database_url)
    profiles.replace(writer.profiled_devices())
    writer.close()
    told = {
        tenant: profiles.codec(cooler(tenant, "door")).decode("t", b'{"reed": 1, "temperature": 4}', NOW, "door")
        for tenant in ("north", "default")
    }
    assert [readings[0].door_open for readings in told.values()] == [True, None]  # type: ignore[union-attr]
