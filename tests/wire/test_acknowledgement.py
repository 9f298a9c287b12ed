from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError
from wire.acknowledgement import Acknowledgement, decode_acknowledgement

REFUSED = Acknowledgement(
    accepted=False,
    regarding="cfg",
    message_id="c-1",
    reason="invalid: window",
    version="8",
    boot_id=3,
    at=datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC),
)


def test_an_answer_in_both_forms() -> None:
    text = (
        b'{"id":"c-1","regarding":"cfg","accepted":false,"reason":"invalid: window","version":"8","boot_id":3,'
        b'"time":"2026-05-01T05:59:58.000Z"}'
    )
    numbered = {44: "c-1", 60: "cfg", 61: False, 62: "invalid: window", 43: "8", 1: 3, 3: 1777615198000, 99: "later firmware's"}
    assert decode_acknowledgement(text) == decode_acknowledgement(cbor2.dumps(numbered)) == REFUSED
    assert decode_acknowledgement(b'{"id":"7","accepted":true,"reason":""}') == Acknowledgement(accepted=True, message_id="7")
    assert decode_acknowledgement(cbor2.dumps({60: "ota", 61: True, 63: 512})) == Acknowledgement(
        accepted=True, regarding="ota", offset=512
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"{}", "missing_field"),
        (cbor2.dumps([1]), "wrong_type"),
        (cbor2.dumps({61: 1, 60: "cfg"}), "wrong_type"),
        (cbor2.dumps({60: "cfg"}), "missing_field"),
        (b'{"accepted":true,"regarding":"cfg","time":"noon"}', "bad_time"),
    ],
)
def test_what_is_no_answer_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        decode_acknowledgement(payload)
    assert refusal.value.reason == reason


@given(st.binary(max_size=60))
def test_arbitrary_bytes(payload: bytes) -> None:
    with suppress(DecodeError):
        decode_acknowledgement(payload)
