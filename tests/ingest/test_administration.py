"""The commands of an administrator against a real database, and what their files let devices do at a real broker."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from beatwatch.__main__ import build_app
from beatwatch.services.account import command_as, owned_folder, server_account
from beatwatch.services.ports import answers, free_port
from domain.errors import BeatwatchError, ConflictError, InvalidInputError, NotFoundError
from ingest.broker_accounts import access_file, hash_password
from ingest.pipeline import Pipeline
from store.device_admin import BrokerAccount
from store.devices import Identity
from tests.ingest.conftest import FIX, delivery
from tests.waiting import wait_until
from wire.topics import DEFAULT_PATTERNS

pytestmark = pytest.mark.server
Run = Callable[..., Any]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command with --json and returns what it printed, parsed."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BEATWATCH_STATE", str(tmp_path))

    def run_command(*arguments: str, as_json: bool = True) -> Any:
        result = CliRunner().invoke(build_app(), [*arguments, *(["--json"] if as_json else [])])
        if isinstance(result.exception, BeatwatchError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.output) if as_json else result.output

    return run_command


def test_a_tracker_that_has_told_no_place_was_heard(run: Run, make_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = make_pipeline()
    blind = {"fix_time": FIX["fix_time"], "fix_valid": False, "seq": 1}
    pipeline.store(pipeline.decoder.decode([delivery(blind)]))
    (listed,) = run("device", "list")
    assert listed["last_heard_at"] is not None


def test_a_device_is_registered_listed_rotated_and_disabled(run: Run) -> None:
    first = run("device", "add", "van-1", "--model", "FMB120", "--identity", "teltonika=352093081452251", "--vehicle", "KA-01")
    assert first["username"] == "default/van-1"
    (listed,) = run("device", "list")
    assert (listed["device_key"], listed["model"], listed["state"], listed["mounted_on"]) == (
        "van-1",
        "FMB120",
        "active",
        "KA-01",
    )
    assert listed["identities"] == ["teltonika 352093081452251"]
    assert first["password"] not in json.dumps(listed)
    assert run("device", "rotate", "van-1")["password"] != first["password"]
    run("device", "mount", "van-1", "--vehicle", "KA-02", as_json=False)
    run("device", "disable", "van-1", as_json=False)
    (listed,) = run("device", "list")
    assert (listed["state"], listed["mounted_on"]) == ("disabled", "KA-02")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("device", "add", "van-1"), ConflictError),
        (("device", "add", "van-2", "--identity", "owntracks=jo:ph"), ConflictError),
        (("device", "add", "van-2", "--org", "nobody"), NotFoundError),
        (("device", "add", "a/b"), InvalidInputError),
        (("device", "add", "a+"), InvalidInputError),
        (("device", "add", "van-2", "--identity", "carrier-pigeon=7"), InvalidInputError),
        (("device", "rotate", "van-9"), NotFoundError),
        (("deadletter", "show", "99"), NotFoundError),
        (("deadletter", "redrive"), InvalidInputError),
        (("deadletter", "redrive", "99"), NotFoundError),
        (("quarantine", "list", "--reason", "bored"), InvalidInputError),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    run: Run, arguments: tuple[str, ...], error: type[BeatwatchError]
) -> None:
    run("device", "add", "van-1", "--identity", "owntracks=jo:ph")
    before = run("device", "list")
    with pytest.raises(error):
        run(*arguments)
    assert run("device", "list") == before


def test_kept_messages_become_readings_when_their_device_is_registered(
    run: Run, make_pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, one_value: Callable[[str], Any]
) -> None:
    monkeypatch.setenv("ADOPT_UNKNOWN", "false")
    pipeline = make_pipeline(adopt=False)
    pipeline.store(pipeline.decoder.decode([delivery(FIX), delivery(FIX | {"seq": 2}), delivery(b"{")]))
    listed = run("deadletter", "list", "--reason", "unknown_device")
    assert len(listed) == 2
    shown = run("deadletter", "show", str(listed[0]["dead_letter_id"]))
    assert json.loads(bytes.fromhex(shown["payload_hex"]))["longitude_deg"] == FIX["longitude_deg"]
    assert run("deadletter", "redrive", "--all") == {"redriven": 0, "still_dead": 3}
    run("device", "add", "van")
    assert run("deadletter", "redrive", "--reason", "unknown_device") == {"redriven": 2, "still_dead": 0}
    assert one_value("SELECT count(*) FROM position") == 2
    assert one_value("SELECT count(DISTINCT received_at) FROM position") == 1
    assert [(letter["reason"], letter["deliveries"]) for letter in run("deadletter", "list")] == [("not_json", 1)]
    assert len(run("deadletter", "list", "--all")) == 3


def test_quarantined_readings_are_listed_with_their_reason(run: Run, make_pipeline: Callable[..., Any]) -> None:
    pipeline = make_pipeline(adopt=True)
    pipeline.store(pipeline.decoder.decode([delivery(FIX), delivery(FIX | {"fix_time": "2035-01-01T00:00:00Z"})]))
    (found,) = run("quarantine", "list")
    assert (found["device"], found["kind"], found["reason"], found["time"][:4]) == ("van", "position", "clock_ahead", "2035")
    assert run("quarantine", "list", "--reason", "clock_behind") == []


def test_access_is_narrowed_to_the_topics_of_each_identity() -> None:
    identities = [
        Identity(None, "teltonika", "352093"),
        Identity(None, "owntracks", "jo:ph"),
        Identity(None, "owntracks", "+:#"),
    ]
    text = access_file([BrokerAccount("default/van", "x", identities)], [], DEFAULT_PATTERNS)
    block = text.split("user default/van\n")[1].split("\n\n")[0].splitlines()
    assert "topic readwrite 352093/data" in block
    assert "topic readwrite owntracks/jo/ph" in block
    assert "topic readwrite owntracks/jo/ph/event" in block
    assert not [line for line in block if "+" in line or "#" in line]


def test_passwords_are_hashed_as_mosquitto_does(tmp_path: Path) -> None:
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed")
    subprocess.run([tool, "-b", "-c", str(tmp_path / "p"), "someone", "secret"], check=True, capture_output=True)
    _, scheme, iterations, salt, digest = (tmp_path / "p").read_text().strip().split(":")[1].split("$")
    import base64

    assert hash_password("secret", base64.b64decode(salt)) == f"${scheme}${iterations}${salt}${digest}"


class Client:
    """A device's connection, with what it was let to do."""

    def __init__(self, port: int, username: str, password: str, ca_file: Path | None = None) -> None:
        self.received: list[str] = []
        self.answers: dict[int, bool] = {}
        self.subscribed: set[int] = set()
        self.refused: str | None = None
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.username_pw_set(username, password)
        if ca_file is not None:
            self._client.tls_set(ca_certs=str(ca_file))
        self._client.on_message = lambda _, __, message: self.received.append(message.topic)
        self._client.on_publish = lambda _, __, mid, reason, ___: self.answers.update({mid: not reason.is_failure})
        self._client.on_subscribe = lambda _, __, mid, ___, ____: self.subscribed.add(mid)
        self._client.on_connect = self._on_connect
        self._up = False
        self._client.connect("localhost", port)
        self._client.loop_start()
        wait_until(lambda: self._up or self.refused is not None)

    def _on_connect(self, _: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            self._client.disconnect()
        self._up = not reason.is_failure

    def may_publish(self, topic: str) -> bool:
        mid = self._client.publish(topic, b"x", qos=1).mid
        wait_until(lambda: mid in self.answers)
        return self.answers[mid]

    def subscribe(self, topic_filter: str) -> None:
        mid = self._client.subscribe(topic_filter, qos=1)[1]
        wait_until(lambda: mid in self.subscribed)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def is_admitted(port: int, username: str, password: str, ca_file: Path | None = None) -> bool:
    client = Client(port, username, password, ca_file)
    client.close()
    return client.refused is None


@contextmanager
def guarded_broker(extra: str = "", place: Callable[[Path], None] = lambda _: None) -> Iterator[tuple[Path, int]]:
    """A broker that admits only who is in the files of its folder; that folder, and its port."""
    with tempfile.TemporaryDirectory(prefix="beatwatch-") as name:
        Path(name).chmod(0o755)
        folder = owned_folder(Path(name) / "broker", server_account())
        port = free_port()
        settings = f"allow_anonymous false\npassword_file {folder}/passwords\nacl_file {folder}/access\npid_file {folder}/pid\n"
        (folder / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\n{extra.format(folder=folder)}{settings}")
        (folder / "mosquitto.conf").chmod(0o644)
        place(folder)
        for file in ("passwords", "access"):
            (folder / file).touch()
            (folder / file).chmod(0o644)
        binary = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        assert binary is not None
        process = subprocess.Popen(
            command_as(server_account(), [binary, "-c", str(folder / "mosquitto.conf")]), stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: answers(port) and (folder / "pid").exists())
            yield folder, port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def test_a_device_speaks_and_listens_only_under_its_own_name(run: Run) -> None:
    with guarded_broker() as (folder, port):
        one, two = run("device", "add", "van-1"), run("device", "add", "van-2")
        files = ("device", "accounts", str(folder), "--service-password", "s3rvice", "--pid-file", str(folder / "pid"))
        run(*files, as_json=False)
        wait_until(lambda: is_admitted(port, **two))  # the broker reads the files again
        service = Client(port, "beatwatch", "s3rvice")
        van, other = Client(port, **one), Client(port, **two)
        other.subscribe("bw/1/#")
        service.subscribe("bw/1/+/+/pos")
        assert van.may_publish("bw/1/default/van-1/pos")
        assert not van.may_publish("bw/1/default/van-2/pos")
        assert not van.may_publish("bw/1/default/van-1x/pos")
        assert not van.may_publish("owntracks/jo/ph")
        assert service.may_publish("bw/1/default/van-2/cmd")
        wait_until(lambda: other.received == ["bw/1/default/van-2/cmd"] and service.received == ["bw/1/default/van-1/pos"])
        run("device", "rotate", "van-1")
        run("device", "disable", "van-2", as_json=False)
        run(*files, as_json=False)
        wait_until(lambda: not is_admitted(port, **one) and not is_admitted(port, **two))
        for client in (service, van, other):
            client.close()


def test_devices_connect_over_tls(run: Run) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    tls = "cafile {folder}/ca.pem\ncertfile {folder}/ca.pem\nkeyfile {folder}/key.pem\ntls_version tlsv1.2\n"
    with tempfile.TemporaryDirectory() as name:
        make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        make += ["-addext", "subjectAltName=DNS:localhost", "-keyout", f"{name}/key.pem", "-out", f"{name}/ca.pem"]
        subprocess.run(make, check=True, capture_output=True)

        def place(folder: Path) -> None:
            for file in ("key.pem", "ca.pem"):
                shutil.copy(f"{name}/{file}", folder / file)
                (folder / file).chmod(0o644)

        with guarded_broker(tls, place) as (folder, port):
            one = run("device", "add", "van-1")
            run("device", "accounts", str(folder), "--service-password", "s", "--pid-file", str(folder / "pid"), as_json=False)
            wait_until(lambda: is_admitted(port, **one, ca_file=folder / "ca.pem"))
            van = Client(port, **one, ca_file=folder / "ca.pem")
            assert van.may_publish("bw/1/default/van-1/pos")
            van.close()
            with pytest.raises(ssl.SSLCertVerificationError), socket.create_connection(("localhost", port)) as plain:
                ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
