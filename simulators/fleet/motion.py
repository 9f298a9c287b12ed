"""How a van moves along a path: accelerates, brakes for corners and lights, and never breaks its limits. Compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel

Floats = NDArray[np.float64]

ACCELERATION_MPS2 = 1.3
BRAKING_MPS2 = 1.7
CORNERING_MPS2 = 2.3
CORNER_CUT_M = 8.0  # how far before a corner the turn begins
BEND_M = 24.0  # and how much further where the street only bends
STEP_M = 12.0


@kernel
def corner_speed_mps(ux: float, uy: float, vx: float, vy: float) -> float:
    """Speed at which a van turns from unit direction u to v: lateral acceleration on the arc that cuts the corner."""
    cosine = min(1.0, max(-1.0, ux * vx + uy * vy))
    half_tangent = np.sqrt((1.0 - cosine) / max(1.0 + cosine, 1e-6))
    if half_tangent < 0.06:
        return 99.0
    cut_m = CORNER_CUT_M + BEND_M * max(0.0, 1.0 - 4.0 * half_tangent)
    return max(1.6, float(np.sqrt(CORNERING_MPS2 * cut_m / half_tangent)))


@kernel
def profile(
    x_m: Floats, y_m: Floats, limit_mps: Floats, wait_s: Floats, start_s: float, vigour: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Drive a path from standing to standing.

    `x_m`, `y_m`, `wait_s` are (n,) for its vertices, `limit_mps` is (n - 1,) for the pieces between them; a vertex with a
    positive wait is a halt at a light. `vigour` scales acceleration and braking. Returns the knots' times in seconds,
    x, y and speeds, beginning at `start_s`; between knots the acceleration is constant.
    """
    pieces = len(limit_mps)
    steps = np.empty(pieces, np.int64)
    for i in range(pieces):
        steps[i] = max(2, int(np.ceil(np.hypot(x_m[i + 1] - x_m[i], y_m[i + 1] - y_m[i]) / STEP_M)))
    count = steps.sum() + 1
    kx, ky, cap, wait = np.empty(count), np.empty(count), np.empty(count), np.zeros(count)
    k = 0
    for i in range(pieces):
        for j in range(steps[i]):
            share = j / steps[i]
            kx[k] = x_m[i] + share * (x_m[i + 1] - x_m[i])
            ky[k] = y_m[i] + share * (y_m[i + 1] - y_m[i])
            cap[k] = limit_mps[i]
            if j == 0 and i > 0:
                cap[k] = min(cap[k], limit_mps[i - 1], _corner(x_m, y_m, i))
                wait[k] = wait_s[i]
            k += 1
    kx[k], ky[k], cap[k] = x_m[pieces], y_m[pieces], 0.0
    cap[0] = 0.0
    _respect_acceleration(kx, ky, cap, wait, vigour)
    return _clock(kx, ky, cap, wait, start_s)


@kernel
def _corner(x_m: Floats, y_m: Floats, i: int) -> float:
    ax, ay = x_m[i] - x_m[i - 1], y_m[i] - y_m[i - 1]
    bx, by = x_m[i + 1] - x_m[i], y_m[i + 1] - y_m[i]
    a, b = max(np.hypot(ax, ay), 1e-9), max(np.hypot(bx, by), 1e-9)
    return corner_speed_mps(ax / a, ay / a, bx / b, by / b)


@kernel
def _respect_acceleration(kx: Floats, ky: Floats, speed: Floats, wait: Floats, vigour: float) -> None:
    """Lower the caps, in place, until no knot needs more than the van can: one pass forward, one backward."""
    for k in range(len(speed)):
        if wait[k] > 0.0:
            speed[k] = 0.0
    for k in range(1, len(speed)):
        gap = np.hypot(kx[k] - kx[k - 1], ky[k] - ky[k - 1])
        speed[k] = min(speed[k], np.sqrt(speed[k - 1] ** 2 + 2 * ACCELERATION_MPS2 * vigour * gap))
    for k in range(len(speed) - 2, -1, -1):
        gap = np.hypot(kx[k + 1] - kx[k], ky[k + 1] - ky[k])
        speed[k] = min(speed[k], np.sqrt(speed[k + 1] ** 2 + 2 * BRAKING_MPS2 * vigour * gap))


@kernel
def _clock(kx: Floats, ky: Floats, speed: Floats, wait: Floats, start_s: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Times of the knots, with a second knot at the end of each wait."""
    total = len(speed) + int((wait > 0.0).sum())
    t, x, y, v = np.empty(total), np.empty(total), np.empty(total), np.empty(total)
    now, out = start_s, 0
    for k in range(len(speed)):
        if k > 0:
            gap = np.hypot(kx[k] - kx[k - 1], ky[k] - ky[k - 1])
            now += 2.0 * gap / max(speed[k] + speed[k - 1], 0.2)
        t[out], x[out], y[out], v[out] = now, kx[k], ky[k], speed[k]
        out += 1
        if wait[k] > 0.0:
            now += wait[k]
            t[out], x[out], y[out], v[out] = now, kx[k], ky[k], speed[k]
            out += 1
    return t, x, y, v
