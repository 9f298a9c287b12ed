"""Coolers and crates with locators: they stand in shops, drift on paper, move with orders, and sometimes without."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from domain.equipment import Asset, Transfer
from domain.truth import Incident
from simulators.fleet.fixes import FIX, Fixes
from simulators.fleet.tracker import put, wander
from simulators.moments import to_unix_us
from simulators.scenario import SensorsPlan
from simulators.streams import stream
from simulators.town.places import Place, Town

REPORT_S = 900
INDOOR_DRIFT_M = 16.0


def simulate_asset(
    device_id: str, outlet: Place, town: Town, plan: SensorsPlan, start: datetime, days: int, seed: int
) -> tuple[Asset, Fixes, list[Incident]]:
    """A locator that tells its place every quarter of an hour, from inside a building."""
    rng = stream(seed, "asset", device_id)
    second = np.arange(int(rng.integers(REPORT_S)), days * 86_400, REPORT_S).astype(np.int64)
    x_m, y_m = np.full(len(second), outlet.x_m), np.full(len(second), outlet.y_m)
    transfers: list[Transfer] = []
    incidents: list[Incident] = []
    theft, moved = rng.random(2)
    if theft < plan.asset_theft * days or moved < plan.asset_transfer * days:
        at_s = 86_400 * int(rng.integers(days)) + 3600 * float(rng.uniform(8, 17))  # while the shop is open
        place = town.outlets[int(rng.integers(len(town.outlets)))]
        gone = second >= at_s
        x_m[gone], y_m[gone] = place.x_m, place.y_m
        far = np.hypot(place.x_m - outlet.x_m, place.y_m - outlet.y_m) > 200
        moment = (start + timedelta(seconds=at_s)).replace(microsecond=0)
        if theft < plan.asset_theft * days and far:
            incidents.append(Incident("asset_out", device_id, None, None, moment, start + timedelta(days=days)))
        else:
            longitude, latitude = town.network.plane.to_degrees(place.x_m, place.y_m)
            transfers.append(Transfer(moment, round(float(longitude), 7), round(float(latitude), 7)))
    fixes = _fixes(second, x_m, y_m, town, start, rng)
    longitude, latitude = town.network.plane.to_degrees(outlet.x_m, outlet.y_m)
    home = round(float(longitude), 7), round(float(latitude), 7)
    return Asset(device_id, outlet.place_id, *home, tuple(transfers)), fixes, incidents


def _fixes(
    second: np.ndarray, x_m: np.ndarray, y_m: np.ndarray, town: Town, start: datetime, rng: np.random.Generator
) -> Fixes:
    normals = rng.standard_normal((3, len(second)))
    rows = np.zeros(len(second), FIX)
    rows["fix_us"] = to_unix_us(start) + second * 1_000_000
    rows["received_us"] = rows["fix_us"] + (1e6 * rng.uniform(1, 8, len(second))).astype(np.int64) // 1000 * 1000
    east_m, north_m = (INDOOR_DRIFT_M * wander(second, normal, 3600.0) for normal in normals[:2])
    put(rows, town.network.plane, x_m + east_m, y_m + north_m)
    rows["hdop"], rows["satellites"] = np.round(2.2 + 0.6 * np.abs(normals[2]), 2), 6
    rows["accuracy_m"] = np.round(18 + 8 * np.abs(normals[2]), 1)
    rows["fix_valid"] = 1
    rows["ignition"] = rows["door_open"] = -1
    for name in ("course_deg", "cargo_kg", "fuel_l", "odometer_m", "external_v"):
        rows[name] = np.nan
    rows["seq"], rows["boot_id"] = np.arange(1, len(second) + 1), 1
    return rows
