"""Events say where, to the metre and better."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geofence.journal import rounded
from geofence.kernels.ground import metres


@given(st.floats(-180, 180), st.floats(-85, 85))
def test_a_place_keeps_its_centimetre(longitude: float, latitude: float) -> None:
    shown = rounded({"longitude_deg": longitude, "latitude_deg": latitude, "away_m": 12.34567})
    assert metres(1e7 * longitude, 1e7 * latitude, 1e7 * shown["longitude_deg"], 1e7 * shown["latitude_deg"]) < 0.02
    assert shown["away_m"] == 12.346
