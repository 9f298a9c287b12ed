"""Going on in a changed world is the same as restoring every device from its checkpoint in an engine of that world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import numpy as np
import pytest

from domain.errors import InvalidInputError
from domain.zones import ZoneKind
from geofence.engine import Engine
from geofence.history import Judgement
from geofence.parameters import Parameters
from geofence.world import World
from tests.geofence.scene import START, proof, round_zone, stop, trip
from tests.geofence.test_invariance import busy_day

_SCENE, _ROWS = busy_day()
_LATER = START + timedelta(hours=30)


def _changed_worlds() -> dict[str, World]:
    one, two = _SCENE.trips
    third = trip([stop(9, 500, 500)], trip_id="t3", planned_start=_LATER, planned_end=_LATER + timedelta(hours=1))
    return {
        "a trip more": replace(_SCENE, trips=(third, two, one)),
        "a proof more": replace(_SCENE, trips=(one, replace(two, proofs=(proof(4, 3000, 1500, 2600),)))),
        "a trip less": replace(_SCENE, trips=(two,)),
        "a zone less": replace(_SCENE, zones=_SCENE.zones[1:]),
        "a zone more": replace(_SCENE, zones=(round_zone("fuel", 5000, 900, 90, ZoneKind.fuel), *_SCENE.zones)),
        "other devices": replace(_SCENE, devices={7: "new", **dict(list(_SCENE.devices.items())[::-1])}),
    }


def _rest(engine: Engine, after_us: int) -> bytes:
    judgement = Judgement()
    judgement.take(engine.advance(_ROWS[_ROWS["fix_time_us"] > after_us]))
    judgement.take(engine.tick(int(_ROWS["fix_time_us"].max()) + 40 * 3_600_000_000))
    assert judgement.faults == []
    return msgspec.json.encode(judgement.in_order())


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("change", list(_changed_worlds()))
def test_a_renewed_engine_goes_on_as_one_restored_in_the_new_world(change: str, share: float) -> None:
    world, parameters = _changed_worlds()[change], Parameters()
    until_us = int(np.quantile(_ROWS["fix_time_us"], share))
    engine = Engine(_SCENE, parameters)
    engine.advance(_ROWS[_ROWS["fix_time_us"] <= until_us])
    restored = Engine(world, parameters)
    for number in engine.devices:
        restored.restore(number, engine.checkpoint(number))
    engine.renew(world)
    assert _rest(engine, until_us) == _rest(restored, until_us)


def test_other_parameters_hold_from_the_renewal_on() -> None:
    stricter = Parameters({"overspeed.limit_mps": 10.0})
    engine, always = Engine(_SCENE), Engine(_SCENE, stricter)
    engine.renew(_SCENE, stricter)
    assert _rest(engine, 0) == _rest(always, 0)


def test_a_running_trip_that_has_got_more_stops_is_refused_and_nothing_is_moved() -> None:
    until_us = int(np.quantile(_ROWS["fix_time_us"], 0.5))
    engine, untouched = Engine(_SCENE), Engine(_SCENE)
    for either in (engine, untouched):
        either.advance(_ROWS[_ROWS["fix_time_us"] <= until_us])
    one, two = _SCENE.trips
    longer = replace(one, stops=(*one.stops, stop(77, 4000, 0)))
    with pytest.raises(InvalidInputError, match="other stops"):
        engine.renew(replace(_SCENE, trips=(longer, two)))
    assert _rest(engine, until_us) == _rest(untouched, until_us)
