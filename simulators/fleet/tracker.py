"""What a tracker reports of the signals: when, and with which errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel
from simulators.fleet.fixes import FIX, Fixes
from simulators.fleet.signals import MOVING_MPS, Flags, Floats, Signals
from simulators.scenario import Scenario, TrackerPlan
from simulators.streams import stream
from simulators.town.plane import Plane


@dataclass(frozen=True, slots=True)
class Fitting:
    """What is mounted on a van, the same on all days."""

    door: bool
    cargo: bool
    fuel: bool
    accuracy: bool
    newest_first: bool
    odometer_m: float


def fit(scenario: Scenario, seed: int, device_id: str) -> Fitting:
    """Draw a van's equipment."""
    rng = stream(seed, "fitting", device_id)
    share = scenario.equipment
    door, cargo, fuel, accuracy, newest = rng.random(5)
    return Fitting(
        bool(door < share.door),
        bool(cargo < share.cargo),
        bool(fuel < share.fuel),
        bool(accuracy < share.accuracy),
        bool(newest < scenario.faults.newest_first),
        float(rng.uniform(5e6, 2e8).__round__()),
    )


def observe(
    signals: Signals,
    fitting: Fitting,
    tracker: TrackerPlan,
    plane: Plane,
    epoch_us: int,
    rng: np.random.Generator,
) -> tuple[Fixes, NDArray[np.int64]]:
    """Rows as an unfailing tracker would report them, received a moment later; and the second of the day of each."""
    second = report_seconds(
        signals.speed_mps > MOVING_MPS,
        signals.course_deg,
        signals.ignition,
        signals.door_open & fitting.door,
        tracker.moving_s,
        tracker.idle_s,
        tracker.angle_deg,
        int(rng.integers(tracker.idle_s)),
    )
    rows = np.zeros(len(second), FIX)
    rows["fix_us"] = epoch_us + second * 1_000_000
    _place(rows, second, signals, tracker, plane, rng)
    _instruments(rows, second, signals, fitting, rng)
    rows["fix_valid"], rows["buffered"] = 1, 0
    latency_us = (1e6 * tracker.latency_s * np.exp(rng.normal(0, 0.5, len(second)))).astype(np.int64) // 1000 * 1000
    rows["received_us"] = np.maximum.accumulate(rows["fix_us"] + latency_us)
    rows["seq"], rows["boot_id"] = np.arange(1, len(second) + 1), 1
    return rows, second


@kernel
def report_seconds(
    moving: Flags,
    course_deg: Floats,
    ignition: Flags,
    door_open: Flags,
    moving_s: int,
    idle_s: int,
    angle_deg: float,
    phase_s: int,
) -> NDArray[np.int64]:
    """Seconds at which a tracker reports: by interval, on a turn, and whenever moving, ignition or door change."""
    out = np.empty(len(moving), np.int64)
    count, last = 0, phase_s - idle_s
    reported_deg = 0.0
    for i in range(len(moving)):
        interval = moving_s if moving[i] else idle_s
        due = i - last >= interval
        if i > 0:
            due = due or ignition[i] != ignition[i - 1] or door_open[i] != door_open[i - 1] or moving[i] != moving[i - 1]
            swing = abs((course_deg[i] - reported_deg + 180.0) % 360.0 - 180.0)
            due = due or (moving[i] and swing > angle_deg and i - last >= 3)
        if due:
            out[count] = i
            count += 1
            last = i
            reported_deg = course_deg[i]
    return out[:count]


@kernel
def wander(second: NDArray[np.int64], normals: Floats, memory_s: float) -> Floats:
    """A stationary first-order Gauss-Markov process of unit variance at irregular seconds, from standard normals."""
    value = np.empty(len(second))
    for i in range(len(second)):
        if i == 0:
            value[i] = normals[i]
        else:
            keep = np.exp(-(second[i] - second[i - 1]) / memory_s)
            value[i] = keep * value[i - 1] + np.sqrt(1.0 - keep * keep) * normals[i]
    return value


def _place(
    rows: Fixes, second: NDArray[np.int64], signals: Signals, tracker: TrackerPlan, plane: Plane, rng: np.random.Generator
) -> None:
    """Position with a slow drift and a little white noise; HDOP and satellites wander with the sky."""
    count = len(second)
    normals = rng.standard_normal((6, count))
    sky = wander(second, normals[0], 600.0)
    hdop = np.round(np.clip(0.85 + 0.22 * np.abs(sky) + 0.05 * normals[1], 0.6, 3.0), 2)
    scale = hdop / 0.95
    east_m = tracker.drift_m * scale * wander(second, normals[2], tracker.drift_memory_s) + tracker.white_m * normals[3]
    north_m = tracker.drift_m * scale * wander(second, normals[4], tracker.drift_memory_s) + tracker.white_m * normals[5]
    put(rows, plane, signals.x_m[second] + east_m, signals.y_m[second] + north_m)
    speed = signals.speed_mps[second]
    moving = speed > MOVING_MPS
    rows["speed_mps"] = np.round(np.where(moving, np.maximum(speed + 0.15 * rng.standard_normal(count), 0.0), 0.0), 2)
    rows["course_deg"] = (
        np.round((signals.course_deg[second] + np.where(moving, 2.0 * rng.standard_normal(count), 0.0)) % 360.0, 1) % 360.0
    )
    rows["hdop"] = hdop
    rows["satellites"] = np.clip(np.round(17 - 4.5 * hdop + 0.8 * normals[1]), 4, 18)


def put(rows: Fixes, plane: Plane, x_m: Floats, y_m: Floats) -> None:
    """Write places in metres as 1e-7 degrees."""
    longitude_deg, latitude_deg = plane.to_degrees(x_m, y_m)
    rows["longitude_e7"] = np.round(longitude_deg * 1e7)
    rows["latitude_e7"] = np.round(latitude_deg * 1e7)


def _instruments(rows: Fixes, second: NDArray[np.int64], signals: Signals, fitting: Fitting, rng: np.random.Generator) -> None:
    count = len(second)
    noise = rng.standard_normal((5, count))
    moving = signals.speed_mps[second] > MOVING_MPS
    ignition = signals.ignition[second]
    rows["ignition"] = ignition
    rows["door_open"] = signals.door_open[second] if fitting.door else -1
    cargo = signals.cargo_kg[second]
    shaken = cargo * (1 + 0.03 * noise[0]) + 6 * noise[0]
    still = cargo + 1.5 * noise[0]
    rows["cargo_kg"] = np.round(np.maximum(np.where(moving, shaken, still), 0.0)) if fitting.cargo else np.nan
    slosh = np.where(moving, 1.1, 0.12) * wander(second, noise[1], 20.0)
    rows["fuel_l"] = np.round(np.clip(signals.fuel_l[second] + slosh, 0.0, 60.0), 1) if fitting.fuel else np.nan
    rows["odometer_m"] = np.round(fitting.odometer_m + 1.004 * signals.driven_m[second])
    rows["external_v"] = np.round(np.where(ignition, 13.9 + 0.12 * noise[2], 12.6 + 0.04 * noise[3]), 2)
    rows["accuracy_m"] = (
        np.round(np.clip(3.6 * rows["hdop"] * (1 + 0.08 * noise[4]), 1.5, None), 1) if fitting.accuracy else np.nan
    )
