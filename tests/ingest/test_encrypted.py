"""Ingest's session with a broker that speaks TLS, and with one that is not to be trusted."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import SettingsError
from ingest.sources.mqtt import MqttSource
from simulators.load.generator import LoadPlan, run_load
from tests.tls import certify, tls_broker

# paho leaves a socket whose handshake failed to the collector
pytestmark = [pytest.mark.server, pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


def test_what_comes_encrypted_is_read_and_a_strange_authority_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certify(tmp_path)
    with tls_broker() as (url, folder):
        trusting = MqttSource(url, "trusting", ["bw/1/+/+/pos"], ca_file=str(folder / "ca.pem"))
        doubting = MqttSource(url, "doubting", ["bw/1/+/+/pos"], ca_file=str(tmp_path / "ca.pem"))
        trusting.start()
        doubting.start()
        try:
            assert trusting.subscribed.wait(20)
            run_load(url, LoadPlan(connections=2, messages=10), ca_file=str(folder / "ca.pem"))
            taken, until_s = 0, time.monotonic() + 20
            while taken < 10 and time.monotonic() < until_s:
                found = trusting.take(100, 0.2)
                assert all(json.loads(one.payload) for one in found)
                trusting.acknowledge(found)
                taken += len(found)
            assert taken == 10
            assert not doubting.connected.is_set()
        finally:
            trusting.close()
            doubting.close()
    said = capsys.readouterr()
    assert "the broker is not trusted, MQTT_CA_FILE names its authority" in said.out + said.err


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_a_file_without_certificates_is_refused_at_the_start(tmp_path: Path, content: str | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    with pytest.raises(SettingsError, match=r"MQTT_CA_FILE: .*ca\.pem has no certificates"):
        MqttSource("mqtts://127.0.0.1:1", "ingest", ca_file=str(ca_file))
