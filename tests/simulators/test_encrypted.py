"""Simulated devices, recorded tracks and the load on a broker that speaks TLS; and one that is not to be trusted."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from beatwatch.__main__ import main
from domain.errors import InvalidInputError, UnavailableError
from simulators.folder import write_folder
from simulators.load.generator import LoadPlan, run_load
from simulators.playback import Player
from simulators.publisher import play
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.world import generate
from tests.tls import certify, tls_broker

# paho leaves a socket whose handshake failed to the collector
pytestmark = [pytest.mark.server, pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="module")
def broker() -> Iterator[tuple[str, str]]:
    """Its URL, and the file of its authority."""
    with tls_broker() as (url, folder):
        yield url, str(folder / "ca.pem")


@pytest.fixture(scope="module")
def small() -> Simulation:
    plan = msgspec.structs.replace(load().trips, stops=(2, 3))
    return generate(msgspec.structs.replace(load(), trips=plan, incidents=(), day_h=0.5), seed=3, vehicles=2)


@pytest.fixture
def another(tmp_path: Path) -> str:
    """The file of another authority of the same name."""
    certify(tmp_path)
    return str(tmp_path / "ca.pem")


def test_vans_and_load_come_encrypted(broker: tuple[str, str], small: Simulation) -> None:
    url, ca_file = broker
    report = play(small, url, math.inf, ca_file=ca_file)
    assert report.acknowledged == report.published == len(small.fixes) > 0
    done = run_load(url, LoadPlan(connections=4, rate=math.inf, messages=200), ca_file=ca_file)
    assert (done.published, done.acknowledged, done.reconnections) == (200, 200, 0)


def test_the_commands_take_the_authority_of_the_settings(
    broker: tuple[str, str],
    small: Simulation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    another: str,
) -> None:
    url, ca_file = broker
    write_folder(small, tmp_path)
    tracks = str(tmp_path / "tracks.csv")
    for authority, status in ((ca_file, 0), (another, 1)):
        monkeypatch.setenv("MQTT_URL", url)
        monkeypatch.setenv("MQTT_CA_FILE", authority)
        for arguments in (
            ("publish", tracks, "--as", "owntracks"),
            ("load", "--mqtt", url, "--messages", "20", "--connections", "2"),
            ("simulate", "--mqtt", url, "--vehicles", "1", "--speed", "1000000"),
        ):
            monkeypatch.setattr("sys.argv", ["beatwatch", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
            told = capsys.readouterr()
            assert (ended.value.code or 0) == status, told.err
            if status:
                assert "error: unavailable: the broker at localhost:" in told.err
                assert "is not trusted: " in told.err


def test_a_broker_of_a_strange_authority_is_said_at_once(broker: tuple[str, str], small: Simulation, another: str) -> None:
    url, _ = broker
    for authority in (another, None):
        with pytest.raises(UnavailableError, match=r"is not trusted: .*MQTT_CA_FILE"):
            play(small, url, math.inf, ca_file=authority)
        with pytest.raises(UnavailableError, match="is not trusted"):
            run_load(url, LoadPlan(connections=2, messages=2), ca_file=authority)
        with pytest.raises(UnavailableError, match="is not trusted"), Player(url, ca_file=authority):
            pass


def test_a_name_that_the_certificate_does_not_have(broker: tuple[str, str], small: Simulation) -> None:
    url, ca_file = broker
    with pytest.raises(UnavailableError, match=r"is not trusted: .*127\.0\.0\.1"):
        play(small, url.replace("localhost", "127.0.0.1"), math.inf, ca_file=ca_file)


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_a_file_without_certificates_is_refused(tmp_path: Path, small: Simulation, content: str | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    with pytest.raises(InvalidInputError, match=r"MQTT_CA_FILE.*has no certificates"):
        play(small, "mqtts://127.0.0.1:1", ca_file=str(ca_file))
    with pytest.raises(InvalidInputError, match="MQTT_CA_FILE"):
        run_load("mqtts://127.0.0.1:1", LoadPlan(), ca_file=str(ca_file))
    with pytest.raises(InvalidInputError, match="MQTT_CA_FILE"):
        Player("mqtts://127.0.0.1:1", ca_file=str(ca_file))
