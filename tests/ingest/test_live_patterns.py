"""Topic patterns are data: a running ingest subscribes to a new one, and leaves one that is gone, without a restart."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from beatwatch.services.program import Program
from tests.ingest.conftest import IngestProcess
from tests.ingest.test_redelivery import publish
from tests.waiting import wait_until

pytestmark = pytest.mark.server
Ask = Callable[[str], Any]
UPLINK = '{"end_device_ids": {"device_id": "door"}, "uplink_message": {"f_cnt": 3, "decoded_payload": {"temperature": %d}}}'


def save(database_url: str, name: str, pattern: str, *, device: str, tenant: str | None = None) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO topic_pattern (name, pattern, format, device, tenant) VALUES (%s, %s, 'ttn', %s, %s)",
            (name, pattern, device, tenant),
        )


def test_a_running_ingest_takes_up_new_patterns_and_leaves_old_ones(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask, database_url: str
) -> None:
    ingest.start()
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("INSERT INTO organisation (slug, name) VALUES ('north', 'North')")
    save(database_url, "one", "lora/north/{device}", device="{device}", tenant="north")
    save(database_url, "two", "lora/two/{app}/{device}", device="{app}:{device}")
    wait_until(lambda: "patterns=28" in ingest.log())
    time.sleep(1.0)  # the broker's answer to the subscription
    publish(own_broker[1], "lora/north/door", UPLINK % 1)
    publish(own_broker[1], "lora/two/east/door", UPLINK % 2)
    publish(own_broker[1], "lora/two/west/door", UPLINK % 3)
    publish(own_broker[1], "v3/any@ttn/devices/door/up", UPLINK % 4)
    wait_until(lambda: one_value("SELECT count(*) FROM sensor_reading") == 4)
    told = one_value(
        "SELECT array_agg(slug || ' ' || device_key ORDER BY temperature_c)"
        " FROM sensor_reading JOIN device USING (device_id) JOIN organisation ON organisation.org_id = device.org_id"
    )
    assert told == ["north door", "default east:door", "default west:door", "default door"]
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("DELETE FROM topic_pattern WHERE name = 'two'")
    wait_until(lambda: ingest.log().count("patterns=27") > 1)
    time.sleep(1.0)
    publish(own_broker[1], "lora/two/east/door", UPLINK % 5)
    publish(own_broker[1], "lora/north/door", UPLINK.replace("3", "4") % 6)
    wait_until(lambda: one_value("SELECT count(*) FROM sensor_reading") == 5)
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT count(*) FROM dead_letter") == 0


def test_a_pattern_removed_while_ingest_was_down_is_left_when_it_is_back(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask, database_url: str
) -> None:
    save(database_url, "two", "lora/two/{app}/{device}", device="{app}:{device}")
    ingest.start()
    assert ingest.end(signal.SIGTERM) == 0
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("DELETE FROM topic_pattern WHERE name = 'two'")
    ingest.start()
    publish(own_broker[1], "lora/two/east/door", UPLINK % 5)
    publish(own_broker[1], "v3/any@ttn/devices/door/up", UPLINK % 4)
    wait_until(lambda: one_value("SELECT count(*) FROM sensor_reading") == 1)
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT count(*) FROM dead_letter") == 0


def test_a_message_that_two_patterns_want_comes_once(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask, database_url: str
) -> None:
    """Brokers send it once for each filter, and without a time of its own the second would be another reading."""
    save(database_url, "wide", "lora/{app}/{device}", device="{app}:{device}")
    ingest.start()
    publish(own_broker[1], "lora/north/door", UPLINK % 1)
    wait_until(lambda: one_value("SELECT count(*) FROM sensor_reading") == 1)
    save(database_url, "narrow", "lora/north/{device}", device="{device}")
    wait_until(lambda: "patterns=28" in ingest.log())
    time.sleep(1.0)  # the broker's answer to the subscription
    for degrees in range(2, 12):
        publish(own_broker[1], "lora/north/door", UPLINK % degrees)
    wait_until(lambda: one_value("SELECT count(*) FROM sensor_reading") >= 11)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("DELETE FROM topic_pattern WHERE name = 'wide'")
    wait_until(lambda: ingest.log().count("patterns=27") > 1)
    time.sleep(1.0)
    publish(own_broker[1], "lora/north/door", UPLINK % 12)
    publish(own_broker[1], "lora/south/door", UPLINK % 13)
    wait_until(lambda: one_value("SELECT count(*) FROM sensor_reading") >= 12)
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT array_agg(temperature_c::int ORDER BY measured_at) FROM sensor_reading") == list(range(1, 13))
    assert one_value("SELECT sum(duplicate_count)::int FROM ingest_batch") == 0
