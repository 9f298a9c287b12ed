from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.delivery import Delivery
from ingest.throttle import Throttle


def message(topic: str, number: int, received_us: int = 0) -> Delivery:
    return Delivery(topic, str(number).encode(), received_us, False, None)


def test_a_topic_that_says_too_much_waits_and_the_others_do_not() -> None:
    throttle = Throttle(rate_per_s=10, burst=3, most_held=100)
    flood = [message("loud", number) for number in range(8)]
    first = throttle.admit([*flood, message("quiet", 0)], 0)
    assert [one.topic for one in first] == ["loud"] * 3 + ["quiet"]
    assert throttle.admit([], 99_999) == []
    assert [one.payload for one in throttle.admit([], 200_000)] == [b"3", b"4"]
    assert [one.payload for one in throttle.admit([], 10_000_000)] == [b"5", b"6", b"7"]
    assert len(throttle) == 0


def test_too_many_that_wait_are_let_through_oldest_first() -> None:
    throttle = Throttle(rate_per_s=1, burst=1, most_held=2)
    passed = throttle.admit(
        [message("a", 0, 1), message("a", 1, 2), message("b", 2, 3), message("b", 3, 4), message("a", 4, 5)], 5
    )
    assert [one.payload for one in passed] == [b"0", b"2", b"1"]
    assert len(throttle) == 2


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3_000_000)), max_size=60),
    st.floats(0.5, 20),
    st.integers(1, 5),
)
def test_nothing_is_lost_reordered_or_too_quick(arrivals: list[tuple[str, int]], rate: float, burst: int) -> None:
    throttle = Throttle(rate, burst, most_held=1000)
    now_us, passed = 0, list[tuple[int, Delivery]]()
    for number, (topic, gap_us) in enumerate(arrivals):
        now_us += gap_us
        passed += [(now_us, one) for one in throttle.admit([message(topic, number, now_us)], now_us)]
    while len(throttle):
        now_us += 1_000_000
        passed += [(now_us, one) for one in throttle.admit([], now_us)]
    assert len(passed) == len(arrivals)
    for topic in "abc":
        mine = [(at_us, int(one.payload)) for at_us, one in passed if one.topic == topic]
        assert [number for _, number in mine] == sorted(number for _, number in mine)
        for start in range(len(mine)):
            for end in range(start, len(mine)):
                span_s = (mine[end][0] - mine[start][0]) / 1e6
                assert end - start + 1 <= burst + rate * span_s + 1e-6
