from codecs import BOM_UTF8

import pytest

from domain.errors import InvalidInputError
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
