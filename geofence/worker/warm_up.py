"""Has the kernels compiled, or fetched from their cache, before there is anything to judge."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from domain.trips import Circle, PlannedStop, Trip
from domain.zones import Zone, ZoneKind
from geofence.parameters import Parameters
from geofence.rows import EPOCH, ROW, to_us
from geofence.worker.judge import MakeEngine
from geofence.world import World


def warm_up(make_engine: MakeEngine) -> None:
    """Judge a minute of a van that stands before a shop."""
    shop = Zone("shop", "Shop", ZoneKind.outlet, {"type": "Point", "coordinates": [0.0, 0.0]}, radius_m=100.0)
    stop = PlannedStop("stop", None, Circle(0.0, 0.0, 100.0), None, None, None, None)
    trip = Trip("trip", "van", EPOCH, EPOCH + timedelta(hours=1), ((0.0, 0.0), (0.01, 0.0)), None, None, (stop,))
    engine = make_engine(World((shop,), (trip,), {1: "van"}), Parameters())
    rows = np.zeros(7, ROW)
    rows["device"], rows["satellites"], rows["hdop"] = 1, 9, 1.0
    rows["fix_time_us"] = to_us(EPOCH) + 10_000_000 * np.arange(1, 8)
    engine.advance(rows)
    engine.tick(to_us(EPOCH + timedelta(hours=2)))
    engine.restore(1, engine.checkpoint(1))
