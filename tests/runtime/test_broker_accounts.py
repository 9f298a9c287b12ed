"""The embedded broker with its accounts, as `beatwatch up` runs it: real broker, real database, real clients."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from beatwatch.broker_files import BrokerFiles
from beatwatch.services.account import command_as
from beatwatch.services.broker import EmbeddedBroker, embedded_broker
from beatwatch.services.mosquitto import broker_folder
from beatwatch.services.ports import answers, free_port
from beatwatch.settings import Settings
from domain.errors import SettingsError
from ingest.broker_accounts import hash_password
from ingest.sources.broker_client import session_name
from ingest.sources.mqtt import MqttSource
from ingest.sources.quick_client import QuickClient
from store.device_admin import add_device, add_identity, put_credential
from store.pool import Role, open_pool
from tests.waiting import wait_until

pytestmark = pytest.mark.server
REPOSITORY = Path(__file__).parents[2]


@contextmanager
def running(state: Path, database_url: str, **settings: Any) -> Iterator[EmbeddedBroker]:
    broker = embedded_broker(Settings(beatwatch_state=state, **settings))
    broker.program.start()
    broker.keep_accounts(database_url)
    try:
        yield broker
    finally:
        broker.release()
        broker.program.stop()


def registered(database_url: str, key: str, **identities: str) -> tuple[str, str]:
    """A device's user name and password."""
    password = secrets.token_urlsafe(12)
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        device = add_device(connection, "default", key, None)
        for format_name, external_id in identities.items():
            add_identity(connection, device, format_name, external_id)
        put_credential(connection, device, f"default/{key}", hash_password(password, secrets.token_bytes(12)))
    return f"default/{key}", password


def may_publish(
    broker: EmbeddedBroker | None, topic: str, log_in: tuple[str, str] | None = None, *more: str, text: str = "x"
) -> bool:
    user = ["-u", log_in[0], "-P", log_in[1]] if log_in else []
    address = more if broker is None or more else ("-h", "127.0.0.1", "-p", broker.gateway_url.rpartition(":")[2])
    command = ["mosquitto_pub", *address, "-V", "5", "-q", "1", "-t", topic, "-m", text, *user]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode == 0 and "Not authorized" not in done.stderr and "refused" not in done.stderr


def heard(broker: EmbeddedBroker, seconds: int, log_in: tuple[str, str] | None = None) -> list[str]:
    port = broker.gateway_url.rpartition(":")[2]
    user = ["-u", log_in[0], "-P", log_in[1]] if log_in else []
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-t", "#", "-W", str(seconds), "-F", "%t", *user]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.split()


def test_a_device_with_a_log_in_is_itself_and_nobody_else_is(open_folder: Path, database_url: str) -> None:
    van = registered(database_url, "van-1", teltonika="352093081452251")
    with running(open_folder, database_url) as broker:
        wait_until(lambda: may_publish(broker, "bw/1/default/van-1/pos", van))
        assert may_publish(broker, "352093081452251/data", van)
        assert not may_publish(broker, "bw/1/default/van-2/pos", van)
        assert not may_publish(broker, "bw/1/default/van-1/pos", ("default/van-1", "guessed"))
        assert not may_publish(broker, "bw/1/default/van-1/pos")
        assert not may_publish(broker, "352093081452251/data")
        assert may_publish(broker, "bw/1/default/unheard-of/pos")  # to be adopted
        gateway = ("gateway", broker.gateway_url.split(":")[2].split("@")[0])
        for topic in (
            "bw/1/default/van-1/status",
            "bw/1/default/other/status",
            "bw/1/default/van-1/cmd",
            "bw/1/default/other/cmd",
        ):
            subprocess.run(_retained(broker, topic, gateway), check=True, timeout=60)
        assert heard(broker, 1) == ["bw/1/default/other/cmd"]
        assert sorted(heard(broker, 1, van)) == ["bw/1/default/van-1/cmd", "bw/1/default/van-1/status"]


def _retained(broker: EmbeddedBroker, topic: str, log_in: tuple[str, str]) -> list[str]:
    port = broker.gateway_url.rpartition(":")[2]
    return [
        "mosquitto_pub",
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-r",
        "-q",
        "1",
        "-t",
        topic,
        "-m",
        "x",
        "-u",
        log_in[0],
        "-P",
        log_in[1],
    ]


def test_changes_of_the_registry_reach_the_running_broker(open_folder: Path, database_url: str) -> None:
    with running(open_folder, database_url) as broker:
        assert may_publish(broker, "bw/1/default/van-1/pos")
        van = registered(database_url, "van-1")
        wait_until(lambda: may_publish(broker, "bw/1/default/van-1/pos", van))
        assert not may_publish(broker, "bw/1/default/van-1/pos")
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute("UPDATE device SET state = 'disabled'")
        wait_until(lambda: not may_publish(broker, "bw/1/default/van-1/pos", van))


def test_without_anonymous_clients_nobody_unknown_gets_in(open_folder: Path, database_url: str) -> None:
    van = registered(database_url, "van-1")
    with running(open_folder, database_url, mqtt_anonymous=False) as broker:
        wait_until(lambda: may_publish(broker, "bw/1/default/van-1/pos", van))
        assert not may_publish(broker, "bw/1/default/van-2/pos")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_what_comes_while_ingest_is_away_waits_for_it_through_restarts_and_new_accounts(
    open_folder: Path, database_url: str, end: signal.Signals
) -> None:
    with running(open_folder, database_url) as broker:
        ingest = MqttSource(broker.service_url, "beatwatch-ingest", ["bw/1/+/+/pos"])
        ingest.start()
        assert ingest.subscribed.wait(20)
        ingest.close()
        _end(broker, end)
        broker.program.start()
        assert may_publish(broker, "bw/1/default/one/pos")
        van = registered(database_url, "van-1")
        wait_until(lambda: may_publish(broker, "bw/1/default/van-1/pos", van))  # so it has read its files again
        assert may_publish(broker, "bw/1/default/two/pos")
    with running(open_folder, database_url) as broker:
        wait_until(lambda: may_publish(broker, "bw/1/default/van-1/pos", van))
        ingest = MqttSource(broker.service_url, "beatwatch-ingest", ["bw/1/+/+/pos"])
        ingest.start()
        topics: list[str] = []
        wait_until(lambda: topics.extend(one.topic for one in ingest.take(100, 0.2)) or len(topics) >= 4)  # type: ignore[func-returns-value]
        ingest.close()
    names = [topic.split("/")[3] for topic in topics]
    assert names == ["one", "van-1", "two", "van-1"]


def test_nobody_throws_away_what_waits_for_ingest(open_folder: Path, database_url: str) -> None:
    with running(open_folder, database_url) as broker:
        name = session_name(broker.service_url)
        ingest = MqttSource(broker.service_url, name, ["bw/1/+/+/pos"])
        ingest.start()
        assert ingest.subscribed.wait(20)
        ingest.close()
        assert may_publish(broker, "bw/1/default/one/pos")
        thief = paho.Client(CallbackAPIVersion.VERSION2, "beatwatch-ingest", clean_session=True)
        thief.connect("127.0.0.1", int(broker.gateway_url.rpartition(":")[2]))
        thief.loop_start()
        wait_until(thief.is_connected)
        thief.disconnect()
        thief.loop_stop()
        ingest = MqttSource(broker.service_url, name, ["bw/1/+/+/pos"])
        ingest.start()
        taken: list[str] = []
        wait_until(lambda: bool(taken.extend(one.topic for one in ingest.take(9, 0.2)) or taken))  # type: ignore[func-returns-value]
        ingest.close()
        assert taken == ["bw/1/default/one/pos"]


def test_who_is_refused_or_pushed_off_does_not_storm_the_broker(
    open_folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: dict[str, int] = {}
    reconnect = QuickClient.reconnect

    def counting(self: QuickClient) -> MQTTErrorCode:
        name = bytes(self._client_id).decode()
        attempts[name] = attempts.get(name, 0) + 1
        return reconnect(self)

    monkeypatch.setattr(QuickClient, "reconnect", counting)
    with running(open_folder, database_url) as broker:
        urls = {"refused": broker.service_url.replace("beatwatch:", "beatwatch:not-")}
        sources = [MqttSource(urls.get(name, broker.service_url), name) for name in ("refused", "namesake", "namesake")]
        for source in sources:
            source.start()
        time.sleep(3)
        for source in sources:
            source.close()
    assert 3 <= attempts["refused"] < 10
    assert 3 <= attempts["namesake"] < 20


def test_the_name_of_the_session_follows_the_password_alone() -> None:
    names = [session_name(url) for url in ("mqtt://h:1", "mqtt://u:p@h:1", "mqtts://v:p@i", "mqtt://u:q@h:1", "mqtt://u@h:1")]
    assert names[0] == names[4] == "beatwatch-ingest"
    assert names[1] == names[2] != names[3]
    assert all(name.startswith("beatwatch-ingest-") for name in names[1:4])


@pytest.mark.parametrize("url", ["http://u:s3cret@h:1", "mqtt:///", "mqtt://u:s3cret@:1", "h:1883"])
def test_a_url_that_names_no_broker_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="MQTT_URL must be") as refusal:
        MqttSource(url, "x")
    assert "s3cret" not in str(refusal.value)


def _end(broker: EmbeddedBroker, number: signal.Signals) -> None:
    time.sleep(6)  # the broker writes its sessions down every five seconds
    os.kill(broker.program.pid, number)
    wait_until(lambda: not broker.program.running())


def test_devices_of_the_network_come_encrypted_and_with_a_log_in(open_folder: Path, database_url: str) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    certificate, key, port = open_folder / "own.pem", open_folder / "own.key", free_port()
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    van = registered(database_url, "van-1")
    files = {"mqtt_tls_certificate": str(certificate), "mqtt_tls_key": str(key)}
    with running(open_folder, database_url, mqtt_tls_port=port, **files) as broker:
        secure = ("-h", "localhost", "-p", str(port), "--cafile", str(certificate))
        wait_until(lambda: may_publish(broker, "bw/1/default/van-1/pos", van, *secure))
        assert not may_publish(broker, "bw/1/default/van-2/pos", van, *secure)
        assert not may_publish(broker, "bw/1/default/unheard-of/pos", None, *secure)
        assert not may_publish(broker, "bw/1/default/van-1/pos", van, "-h", "localhost", "-p", str(port))


def test_the_composed_broker_admits_devices_by_their_log_in_alone(open_folder: Path, database_url: str) -> None:
    folder, account = broker_folder(open_folder)
    services, devices = free_port(), free_port()
    text = (REPOSITORY / "deploy" / "mosquitto" / "mosquitto.conf").read_text()
    for theirs, ours in (("/mosquitto/data", folder), ("/mosquitto/accounts", folder), (" 1884", services), (" 1883", devices)):
        assert str(theirs) in text
        text = text.replace(theirs, f" {ours} 127.0.0.1" if isinstance(ours, int) else str(ours))
    (folder / "mosquitto.conf").write_text(text)
    files = BrokerFiles(folder, [], lambda: None)
    van = registered(database_url, "van-1")
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        files.update(connection)
    binary = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    assert binary is not None
    broker = subprocess.Popen(command_as(account, [binary, "-c", str(folder / "mosquitto.conf")]), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(devices) and answers(services))
        assert may_publish(None, "bw/1/default/van-1/pos", van, "-h", "127.0.0.1", "-p", str(devices))
        assert not may_publish(None, "bw/1/default/van-2/pos", van, "-h", "127.0.0.1", "-p", str(devices))
        assert not may_publish(None, "bw/1/default/van-2/pos", None, "-h", "127.0.0.1", "-p", str(devices))
        assert may_publish(None, "bw/1/default/van-1/cmd", None, "-h", "127.0.0.1", "-p", str(services))
    finally:
        broker.terminate()
        broker.wait(20)
