"""Commands on their way to a device, through the real broker and the ingest process, and back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from beatwatch.services.program import Program
from store import device_admin, downlink
from store.pool import Role, open_pool
from tests.ingest.conftest import FIX, IngestProcess, delivery
from tests.waiting import wait_until


class Van:
    """A device: answers what it is told, once it is there."""

    def __init__(self, url: str) -> None:
        self.told: list[dict[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        host, port = url.removeprefix("mqtt://").split(":")
        self._client.connect(host, int(port))
        self._client.subscribe([("bw/1/default/van/cmd", 1), ("bw/1/default/van/cfg", 1)])
        self._client.publish("bw/1/default/van/status", b'{"online":true}', qos=1, retain=True)
        self._client.loop_start()

    def _on_message(self, _: Any, __: Any, message: paho.MQTTMessage) -> None:
        content = json.loads(message.payload)
        self.told.append(content)
        refused = content.get("command") == "explode"
        answer = {"id": content["id"], "regarding": "cmd", "accepted": not refused, "reason": "unknown" if refused else ""}
        self._client.publish("bw/1/default/van/ack", json.dumps(answer), qos=1)

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.mark.server
@pytest.mark.acceptance
def test_a_device_gets_its_messages_when_it_comes_back(
    ingest: IngestProcess, own_broker: tuple[Program, str], database_url: str, one_value: Callable[[str], Any]
) -> None:
    def queue(channel: downlink.Channel, payload: dict[str, Any], lives: timedelta) -> int:
        with pool.connection() as connection:
            device = device_admin.device_named(connection, "default", "van")
            return downlink.queue_message(connection, device, channel, payload, datetime.now(UTC) + lives)

    def state(number: int) -> Any:
        return one_value(f"SELECT concat_ws(' ', state, accepted, reason) FROM downlink WHERE downlink_id = {number}")

    with open_pool(database_url, Role.worker, max_size=1) as pool:
        with pool.connection() as connection:
            device_admin.add_device(connection, "default", "van", None)
            device_admin.add_device(connection, "default", "other", None)
        hour = timedelta(hours=1)
        first = queue("cmd", {"command": "report"}, hour)
        ingest.start()
        wait_until(lambda: state(first) == "sent")
        stale = queue("cmd", {"command": "restart"}, timedelta(seconds=1))
        time.sleep(2.5)
        van = Van(own_broker[1])
        wait_until(lambda: state(first) == "acknowledged t")
        second, third = queue("cfg", {"version": "4", "period_s": 30}, hour), queue("cmd", {"command": "explode"}, hour)
        wait_until(lambda: state(second) == "acknowledged t")
        wait_until(lambda: state(third) == "acknowledged f unknown")
        assert state(stale) == "expired"
        assert {message["id"] for message in van.told} == {str(first), str(second), str(third)}
        assert one_value("SELECT count(*) FROM dead_letter") == 0
        van.leave()


@pytest.mark.server
def test_nobody_answers_for_another_device(database_url: str) -> None:
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        van = device_admin.add_device(connection, "default", "van", None)
        device_admin.add_device(connection, "default", "other", None)
        number = downlink.queue_message(connection, van, "cmd", {"command": "report"}, datetime.now(UTC) + timedelta(hours=1))
        downlink.record_answers(connection, [downlink.DeviceAnswer("default", "other", number, True, None, datetime.now(UTC))])
        assert downlink.list_messages(connection, van, 1)[0]["state"] == "queued"
        downlink.record_answers(connection, [downlink.DeviceAnswer("default", "van", number, True, None, datetime.now(UTC))])
        assert downlink.list_messages(connection, van, 1)[0]["state"] == "acknowledged"


@pytest.mark.server
def test_a_device_that_never_tells_its_status_is_told_again_when_it_was_heard(
    database_url: str, one_value: Callable[[str], Any], make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline()
    pipeline.store(pipeline.decoder.decode([delivery(FIX)]))
    with open_pool(database_url, Role.worker, max_size=1) as pool, psycopg.connect(database_url, autocommit=True) as owner:

        def state_after(seconds: float, sendings: int, *, heard: bool) -> Any:
            ago = timedelta(seconds=seconds)
            owner.execute("UPDATE downlink SET state = 'sent', sendings = %s, sent_at = now() - %s", (sendings, ago))
            since = timedelta(0) if heard else 2 * ago
            owner.execute("UPDATE latest_position SET received_at = now() - %s", (since,))
            with pool.connection() as connection:
                downlink.expire_and_requeue(connection)
            return one_value("SELECT state FROM downlink")

        with pool.connection() as connection:
            van = device_admin.device_named(connection, "default", "van")
            downlink.queue_message(connection, van, "cmd", {"command": "report"}, datetime.now(UTC) + timedelta(hours=1))
        assert state_after(20, 1, heard=True) == "sent"
        assert state_after(40, 1, heard=True) == "queued"
        assert state_after(40, 1, heard=False) == "sent"
        assert state_after(40, 2, heard=True) == "sent"
        assert state_after(70, 2, heard=True) == "queued"
