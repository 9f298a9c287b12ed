"""The firmware's golden files are what its C encoder writes; both forms of each must say the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.wire.codecs.examples import RECEIVED_AT
from wire.acknowledgement import decode_acknowledgement
from wire.codecs.beatwatch_cbor import BeatwatchCbor
from wire.codecs.beatwatch_json import BeatwatchJson

VECTORS = Path(__file__).parents[3] / "firmware_stubs" / "vectors"
CHANNELS: dict[str, tuple[str, type[Reading]]] = {
    "position": ("pos", Position),
    "event": ("event", Position),
    "sensor": ("sensor", SensorReading),
    "status": ("status", DeviceStatus),
}
FILES = sorted(file for file in VECTORS.glob("*.json") if file.stem.partition("_")[0] in CHANNELS)
ANSWERS = sorted(VECTORS.glob("ack_*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_both_forms_are_the_same_readings(file: Path) -> None:
    channel, kind = CHANNELS[file.stem.partition("_")[0]]
    topic = f"bw/1/acme/van-1/{channel}"
    named = BeatwatchJson().decode(topic, file.read_bytes(), RECEIVED_AT, "van-1")
    numbered = BeatwatchCbor().decode(topic, file.with_suffix(".cbor").read_bytes(), RECEIVED_AT, "van-1")
    assert named == numbered
    assert {type(reading) for reading in named} == {kind}
    content = msgspec.json.decode(file.read_bytes())
    members = [set(item) for item in (content if isinstance(content, list) else [content])]
    for reading, said in zip(named, members, strict=True):
        missing = {name for name, value in reading._asdict().items() if value in (None, ())}
        assert not missing & said


@pytest.mark.parametrize("file", ANSWERS, ids=lambda file: file.stem)
def test_both_forms_are_the_same_answer(file: Path) -> None:
    assert decode_acknowledgement(file.read_bytes()) == decode_acknowledgement(file.with_suffix(".cbor").read_bytes())


def test_there_are_vectors() -> None:
    if not VECTORS.is_dir():
        pytest.skip(f"no golden files: {VECTORS} is absent")
    assert FILES
    assert ANSWERS
