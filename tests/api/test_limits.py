from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.limits import Limits, Rate
from api.sizes import LARGEST_BODY
from domain.errors import TooManyRequestsError
from tests.api.conftest import serving


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(waits=st.lists(st.floats(0, 3), max_size=60), rate=st.floats(0.1, 20), burst=st.integers(1, 10))
def test_nobody_gets_more_than_the_burst_and_the_rate(waits: list[float], rate: float, burst: int) -> None:
    clock = Clock()
    limits = Limits(Rate(rate, burst), clock)
    taken: list[float] = []
    for wait in waits:
        clock.now += wait
        try:
            limits.take("one")
            taken.append(clock.now)
        except TooManyRequestsError as refused:
            clock.now += refused.wait_s * 1.000001
            limits.take("one")  # what was promised holds
            taken.append(clock.now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - start) * rate + 1e-3


def test_callers_have_buckets_of_their_own() -> None:
    limits = Limits(Rate(1, 2), Clock())
    for caller in ("one", "other"):
        limits.take(caller)
        limits.take(caller)
        with pytest.raises(TooManyRequestsError):
            limits.take(caller)


@pytest.mark.server
def test_who_asks_too_much_is_told_when_to_come_back(database_url: str) -> None:
    with serving(database_url, rate=Rate(0.5, 3)) as address, httpx.Client(base_url=address, timeout=60) as client:
        answers = [client.get("/vehicles") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert (answers[3].json()["code"], answers[3].headers["retry-after"]) == ("too_many_requests", "2")
        assert client.get("/healthz").status_code == 200
        assert (
            client.post("/oauth2/token", data={"grant_type": "password", "username": "a", "password": "b"}).status_code == 429
        )


@pytest.mark.server
def test_a_request_is_read_no_further_than_its_largest_size(database_url: str) -> None:
    half = b" " * (LARGEST_BODY // 2)
    json_type = {"content-type": "application/json"}
    with serving(database_url) as address, httpx.Client(base_url=address, timeout=60) as client:
        told = client.post("/outlets", content=half + half + b"{", headers=json_type)
        found = client.post("/outlets", content=iter([half, half, b"{"]), headers=json_type)
        assert [(answer.status_code, answer.json()["code"]) for answer in (told, found)] == [(413, "too_large")] * 2
        assert client.post("/outlets", content=half + b"{}", headers=json_type).json()["code"] == "invalid_input"
