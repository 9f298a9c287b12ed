"""Whatever happens at a shelf in whatever order, its rules say what was true, by counting it another way."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geofence.sensing.shelf_scene import HOUR, Scale

KINDS = ("sell", "steal", "receive", "hand", "reface", "lift", "drift", "wait")
ACTIONS = st.tuples(st.sampled_from(KINDS), st.integers(1, 12), st.integers(1, 40))
BUSY = (("sell", 3, 30), ("hand", 5, 7), ("reface", 6, 20), ("steal", 2, 30), ("sell", 40, 50), ("receive", 12, 9))


@dataclass
class Told:
    """A shelf's day as it was played, with what was really there by the second."""

    scale: Scale = field(default_factory=lambda: Scale(25))
    there: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 25)])
    missing: int = 0

    def act(self, what: str, units: int, minutes: int) -> None:
        getattr(self, what)(units)
        self.there.append((self.scale.second, self.scale.pieces))
        self.scale.wait(60 * minutes)

    def sell(self, units: int) -> None:
        self.scale.sell(min(units, self.scale.pieces))

    def steal(self, units: int) -> None:
        taken = min(1 + units % 3, self.scale.pieces)
        self.scale.put(-taken)
        self.missing += taken

    def receive(self, units: int) -> None:
        self.scale.receive(min(units, 40 - self.scale.pieces))

    def hand(self, units: int) -> None:
        self.scale.put(0, 170.0 * units)
        self.scale.second += 8
        self.scale.put(0, -170.0 * units)

    def reface(self, units: int) -> None:
        lifted = min(units, self.scale.pieces)
        self.scale.put(0, -100.0 * lifted).wait(10 * units)
        self.scale.put(0, 100.0 * lifted)

    def lift(self, units: int) -> None:
        before_g = self.scale.other_g
        self.scale.put(0, -1e9).wait(13 * units)
        self.scale.other_g = before_g
        self.scale.put(0)

    def drift(self, units: int) -> None:
        self.scale.other_g += units - 6

    def wait(self, _units: int) -> None:
        return

    def empty_spans_s(self, until_s: float) -> list[tuple[float, float]]:
        """When nothing was there for a quarter of an hour of the opening hours."""
        spans: list[tuple[float, float]] = []
        for (since_s, pieces), (end_s, _) in zip(self.there, [*self.there[1:], (until_s, 0)], strict=True):
            if pieces == 0:
                begin_s, finish_s = max(since_s, 7 * HOUR), min(end_s, 21 * HOUR)
                joined = bool(spans) and spans[-1][1] == begin_s
                spans[-1:] = [(spans[-1][0], finish_s)] if joined else [*spans[-1:], (begin_s, finish_s)]
        return [(begin_s, finish_s) for begin_s, finish_s in spans if finish_s - begin_s >= 900]


@settings(max_examples=120, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
def test_the_rules_say_what_was_true(actions: list[tuple[str, int, int]]) -> None:
    told = Told()
    told.scale.until(7.5)
    for what, units, minutes in actions:
        if told.scale.second < 20 * HOUR:
            told.act(what, units, minutes)
    told.scale.until(22.5)
    judged = told.scale.judged()
    assert judged.faults == []
    last = max(judged.observed.values(), key=lambda seen: seen.at)
    assert last.pieces == told.scale.pieces
    events = list(judged.events.values())
    assert sum(event.rule == "shelf_sweep" for event in events) == 0  # nobody took six at once and kept them unsold
    outs = [event for event in events if event.rule == "shelf_stock_out"]
    assert len(outs) == len(told.empty_spans_s(22.5 * HOUR))
    came = sum(one.units for one in told.scale.shelf.received)
    shrunk = told.missing > max(2, 0.03 * (25 + came))
    assert sum(event.rule == "shelf_shrink" for event in events) == int(shrunk)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.03))
def test_noise_changes_nothing(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    told = Told()
    told.scale.until(9)
    for what, units, minutes in BUSY:
        told.act(what, units, minutes)
    told.scale.until(22.5)
    quiet = told.scale.judged()
    told.scale.readings = [
        one._replace(weight_g=max(0.0, (one.weight_g or 0.0) + float(rng.normal(0, share * 100))))
        for one in told.scale.readings
    ]
    assert told.scale.judged().events == quiet.events
