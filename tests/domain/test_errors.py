from domain.errors import BeatwatchError, DecodeError


def test_a_decode_error_says_its_reason_first() -> None:
    error = DecodeError("truncated", "12 of 40 bytes")
    assert isinstance(error, BeatwatchError)
    assert str(error) == "truncated: 12 of 40 bytes"
