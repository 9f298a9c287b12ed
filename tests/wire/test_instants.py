from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.instants import EPOCH, format_instant, from_unix_ms, parse_instant, to_unix_ms

NOON = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01T12:00:00Z",
        "2024-03-01T12:00:00+00:00",
        "2024-03-01T12:00:00+0000",
        "2024-03-01T17:30:00+0530",
        "2024-03-01T17:30:00+05:30",
        "2024-03-01T12:00:00.000Z",
        "2024-03-01T12:00:00.000000000Z",
        "2024-03-01 12:00:00Z",
        "20240301T120000Z",
        "2024-03-01t12:00:00z",
    ],
)
def test_many_ways_to_write_the_same_moment(text: str) -> None:
    moment = parse_instant(text)
    assert moment == NOON
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("20161231T235960.25Z", datetime(2017, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("2017-01-01T05:29:60+05:30", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2024-02-28T24:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-12-31 24:00:00.000+00:00", datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_second_after_the_last_and_the_end_of_a_day(text: str, moment: datetime) -> None:
    assert parse_instant(text) == moment


@pytest.mark.parametrize(
    "text",
    ["2024-03-01T24:00:01Z", "2024-03-01T24:30:00Z", "2024-03-01T12:00:61Z", "2024-02-30T23:59:60Z", "9999-12-31T24:00:00Z"],
)
def test_what_lies_further_beyond_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text}' is no ISO 8601 time"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text", ["", "2024-03-01T12:00:00", "2024-03-01", "noon", "1709294400", "0001-01-01T00:00:00+14:00", "2024-13-01T00:00:00Z"]
)
def test_a_time_without_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


@pytest.mark.parametrize("text", ["1709294400000", "2024-13-01T00:00:00Z", "noon"])
def test_what_is_refused_is_shown(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text}' is no ISO 8601 time"):
        parse_instant(text)


@given(st.integers(-62_000_000_000_000_000, 253_000_000_000_000_000), st.integers(-840, 840))
def test_text_carries_a_moment_exactly(microseconds: int, offset_min: int) -> None:
    moment = (EPOCH + timedelta(microseconds=microseconds)).astimezone(timezone(timedelta(minutes=offset_min)))
    assert parse_instant(format_instant(moment)) == moment


def test_text_is_as_short_as_it_can_be() -> None:
    assert format_instant(NOON) == "2024-03-01T12:00:00Z"
    assert format_instant(NOON + timedelta(milliseconds=7)) == "2024-03-01T12:00:00.007Z"
    assert format_instant(NOON + timedelta(microseconds=7)) == "2024-03-01T12:00:00.000007Z"


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_milliseconds_there_and_back(milliseconds: int) -> None:
    assert to_unix_ms(from_unix_ms(milliseconds)) == milliseconds


@pytest.mark.parametrize("milliseconds", [10**18, -(10**18), 253_402_300_800_000])
def test_milliseconds_beyond_the_calendar_are_refused(milliseconds: int) -> None:
    with pytest.raises(ValueError, match="years"):
        from_unix_ms(milliseconds)


def test_milliseconds_of_the_epoch() -> None:
    assert from_unix_ms(0) == EPOCH
    assert to_unix_ms(EPOCH - timedelta(microseconds=1)) == -1
