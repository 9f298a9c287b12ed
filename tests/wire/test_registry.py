from codecs import BOM_UTF8

import pytest

from domain.errors import DecodeError, InvalidInputError
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from wire.codecs.owntracks import OwntracksProfile
from wire.registry import codec, encoder, profile


def test_an_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(InvalidInputError, match="beatwatch-json"):
        codec("morse")


def test_one_topic_two_forms() -> None:
    both = codec("beatwatch")
    for name in ("beatwatch-json", "beatwatch-cbor"):
        for topic, payload in EXAMPLES[name]:
            assert both.decode(topic, payload, RECEIVED_AT, "v") == codec(name).decode(topic, payload, RECEIVED_AT, "v")


@pytest.mark.parametrize("name", ["beatwatch", "beatwatch-json", "traccar", "owntracks", "teltonika-any", "senml"])
def test_a_byte_order_mark_before_json_is_passed_over(name: str) -> None:
    form = {"beatwatch": "beatwatch-json", "teltonika-any": "teltonika-json", "senml": "senml-json"}.get(name, name)
    topic, payload = EXAMPLES[form][0]
    assert codec(name).decode(topic, BOM_UTF8 + payload, RECEIVED_AT, "v") == codec(name).decode(
        topic, payload, RECEIVED_AT, "v"
    )


def test_profiles_come_from_settings() -> None:
    assert profile("owntracks", {"secret": "s3cret"}) == OwntracksProfile(secret="s3cret")
    with pytest.raises(InvalidInputError, match=r"secret"):
        profile("owntracks", {"secret": 7})
    with pytest.raises(InvalidInputError, match="nothing to set"):
        profile("beatwatch-json", {})


def test_only_some_formats_are_written() -> None:
    assert encoder("beatwatch").batches
    assert not encoder("owntracks").batches


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        *((text, "wrong_type") for text in (b"null", b"5", b"-3", b'"x"', b"true", b" 7")),
        *((text, "not_json") for text in (b"hello", b"}")),
    ],
)
@pytest.mark.parametrize("name", ["beatwatch", "senml", "teltonika-any"])
def test_text_that_is_no_reading_is_refused_as_text(name: str, payload: bytes, reason: str) -> None:
    topic, _ = EXAMPLES[{"beatwatch": "beatwatch-json", "senml": "senml-json"}.get(name, "teltonika-json")][0]
    with pytest.raises(DecodeError) as refused:
        codec(name).decode(topic, payload, RECEIVED_AT, "v")
    assert refused.value.reason == reason


def test_a_binary_value_that_is_no_reading_is_refused_as_such() -> None:
    with pytest.raises(DecodeError, match="a map is wanted"):
        codec("beatwatch").decode("bw/1/acme/v/pos", b"\x05", RECEIVED_AT, "v")
