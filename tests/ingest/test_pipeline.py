"""Decoded messages into a real database: every message is accounted for, and no message can stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg
import pytest

from benchmarks import fuzz
from domain.errors import InvalidInputError
from domain.observations import Position, Reading
from store.telemetry_writer import TelemetryWriter
from tests.ingest.conftest import FIX, NOW_US, delivery
from wire.codec import Codec

pytestmark = pytest.mark.server


@pytest.fixture
def ask(database_url: str) -> Iterator[Callable[[str], Sequence[Any]]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield lambda query: connection.execute(query.encode()).fetchall()


def test_what_cannot_be_read_is_kept_with_its_bytes_and_the_rest_is_stored(make_pipeline: Any, ask: Any) -> None:
    pipeline = make_pipeline()
    batch = [delivery(b"\xff{"), delivery(FIX), delivery(b"", "nobody/knows/this"), delivery(b"\xff{")]
    pipeline.store(pipeline.decoder.decode(batch))
    assert ask("SELECT device_key, adopted FROM device JOIN position USING (device_id)") == [("van", True)]
    letters = ask("SELECT topic, payload, reason, deliveries, org_id FROM dead_letter ORDER BY topic")
    assert [(row[0], bytes(row[1]), *row[3:]) for row in letters] == [
        ("bw/1/default/van/pos", b"\xff{", 2, 1),
        ("nobody/knows/this", b"", 1, None),
    ]
    assert letters[1][2] == "no_route"


class Poisoned(Codec):
    """Reads a payload's first byte; has a bug that `?` meets."""

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        if payload == b"?":
            raise RuntimeError("a bug")
        return [Position(device, received_at, received_at, 1.0, 1.0, seq=payload[0])]


def test_one_message_that_the_database_refuses_does_not_stop_the_others(
    make_pipeline: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(codec_of=lambda _: Poisoned())
    store = TelemetryWriter.store

    def refusing(self: TelemetryWriter, batch: Any, *rest: Any) -> Any:
        if (batch.positions["seq"] == ord("!")).any():
            raise InvalidInputError("values", "the server does not like it")
        return store(self, batch, *rest)

    monkeypatch.setattr(TelemetryWriter, "store", refusing)
    pipeline.store(pipeline.decoder.decode([delivery(bytes([byte])) for byte in b"abc!def?g!"]))
    assert ask("SELECT chr(seq::int) FROM position ORDER BY seq") == [(letter,) for letter in "abcdefg"]
    assert ask("SELECT reason, sum(deliveries)::int FROM dead_letter GROUP BY reason ORDER BY 1") == [
        ("internal_error", 1),
        ("unstorable", 2),
    ]


def test_unknown_devices_are_kept_aside_when_they_are_not_adopted(make_pipeline: Any, ask: Any) -> None:
    pipeline = make_pipeline(adopt=False)
    ask_write = "INSERT INTO device (org_id, device_key) VALUES (1, 'van') RETURNING device_id"
    ask(ask_write)
    batch = [delivery(FIX), delivery(FIX, "bw/1/default/stranger/pos"), delivery(FIX, "bw/1/nowhere/van/pos")]
    pipeline.store(pipeline.decoder.decode(batch))
    assert ask("SELECT count(*) FROM position") == [(1,)]
    assert ask("SELECT DISTINCT reason FROM dead_letter") == [("unknown_device",)]
    assert ask("SELECT count(*) FROM dead_letter") == [(2,)]


def test_a_device_disabled_meanwhile_is_quarantined_from_then_on(make_pipeline: Any, ask: Any) -> None:
    pipeline = make_pipeline()
    pipeline.store(pipeline.decoder.decode([delivery(FIX)]))
    ask("UPDATE device SET state = 'disabled' RETURNING 1")
    pipeline.store(pipeline.decoder.decode([delivery(FIX | {"seq": 2})]))
    assert ask("SELECT seq, grade, grade_reason FROM position ORDER BY seq") == [(1, 0, 0), (2, 3, 24)]


def test_one_name_is_one_device_in_every_format(make_pipeline: Any, ask: Any) -> None:
    pipeline = make_pipeline()
    phone = {"_type": "location", "lat": 12.9, "lon": 77.5, "tst": NOW_US // 1_000_000}
    pipeline.store(
        pipeline.decoder.decode([delivery(FIX), delivery(phone, "owntracks/default/van"), delivery(phone, "owntracks/jo/ph")])
    )
    assert ask("SELECT device_key FROM device ORDER BY 1") == [("jo:ph",), ("van",)]
    assert ask("SELECT external_id FROM device_identity ORDER BY 1") == [("default:van",), ("jo:ph",)]


def test_an_answer_about_a_piece_of_an_image_is_no_dead_letter(make_pipeline: Any, ask: Any) -> None:
    pipeline = make_pipeline()
    answer = {"regarding": "ota", "accepted": True, "offset": 512, "boot_id": 3, "time": "2026-05-01T05:59:58Z"}
    decoded = pipeline.decoder.decode([delivery(answer, "bw/1/default/van/ack")])
    pipeline.store(decoded)
    assert (decoded.answers, decoded.silent) == ([], 1)
    assert ask("SELECT count(*) FROM dead_letter") == [(0,)]


def test_mutated_messages_of_every_format_are_each_stored_or_kept_and_the_counts_add_up(database_url: str) -> None:
    figures = fuzz.run(database_url, messages=6_000, seed=4)
    assert figures["with_readings"] > 500
    assert figures["dead_letters"] > 500
    assert figures["unaccounted"] == 0
    assert figures["internal_errors"] == 0
    assert figures["dead_letters_kept"] == figures["dead_letters"]
