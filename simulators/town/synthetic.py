"""A town drawn from a seed: jittered blocks, arterials, one-way streets, missing links, and a river with few bridges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulators.scenario import TownPlan
from simulators.streams import stream
from simulators.town.network import Ints, Streets

LOCAL_MPS, ARTERIAL_MPS, RING_MPS = 8.6, 13.4, 15.3  # 31, 48 and 55 km/h


def draw_streets(plan: TownPlan, seed: int) -> Streets:
    """Streets of a town of `plan.columns` by `plan.rows` crossings about `plan.block_m` apart, centred on the origin."""
    rng = stream(seed, "town", "streets")
    x_m, y_m = _crossings(plan, rng)
    ends, rank = _grid(plan)
    kept = _links_kept(plan, rng, x_m, y_m, ends, rank)
    ends, rank = ends[kept], rank[kept]
    one_way = (rank == 0) & _central(x_m, y_m, ends) & (rng.random(len(ends)) < plan.one_way)
    flipped = one_way & (rng.random(len(ends)) < 0.5)
    ends[flipped] = ends[flipped][:, ::-1]
    speed_mps = np.choose(rank, [LOCAL_MPS, ARTERIAL_MPS, RING_MPS]) * rng.uniform(0.95, 1.05, len(ends))
    return Streets(x_m, y_m, ends, speed_mps, one_way, _lights(len(x_m), ends, rank, rng))


def _crossings(plan: TownPlan, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns, rows = np.meshgrid(np.arange(plan.columns), np.arange(plan.rows), indexing="ij")
    # A gentle bend of the whole grid on top of each crossing's own jitter: no town is a chessboard.
    bend = (
        0.35 * np.sin(rows / plan.rows * 3.0 + rng.uniform(0, 6)),
        0.35 * np.sin(columns / plan.columns * 3.0 + rng.uniform(0, 6)),
    )
    x_m = (columns - (plan.columns - 1) / 2 + bend[0] + rng.normal(0, 0.09, columns.shape)) * plan.block_m
    y_m = (rows - (plan.rows - 1) / 2 + bend[1] + rng.normal(0, 0.09, rows.shape)) * plan.block_m * 0.82
    return x_m.ravel(), y_m.ravel()


def _grid(plan: TownPlan) -> tuple[Ints, Ints]:
    """Links along both axes, ranked 0 local, 1 arterial (every fifth line), 2 ring (the rim)."""
    number = np.arange(plan.columns * plan.rows).reshape(plan.columns, plan.rows)
    along = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    row_rank = _line_rank(plan.rows)
    column_rank = _line_rank(plan.columns)
    along_rank = np.broadcast_to(row_rank, (plan.columns - 1, plan.rows)).ravel()
    across_rank = np.broadcast_to(column_rank[:, None], (plan.columns, plan.rows - 1)).ravel()
    return np.concatenate([along, across]).astype(np.int64), np.concatenate([along_rank, across_rank]).astype(np.int64)


def _line_rank(count: int) -> Ints:
    rank = np.where(np.arange(count) % 5 == 2, 1, 0)
    rank[[0, -1]] = 2
    return rank.astype(np.int64)


def _links_kept(
    plan: TownPlan, rng: np.random.Generator, x_m: NDArray[np.float64], y_m: NDArray[np.float64], ends: Ints, rank: Ints
) -> NDArray[np.bool_]:
    missing = (rank == 0) & (rng.random(len(ends)) < plan.missing_links)
    width_m = plan.columns * plan.block_m
    phase, tilt = rng.uniform(0, 6), rng.uniform(-0.2, 0.2)

    def north_of_river(nodes: Ints) -> NDArray[np.bool_]:
        course_m = 0.12 * width_m * np.sin(x_m[nodes] / width_m * 7 + phase) + tilt * x_m[nodes] + 0.13 * width_m
        return y_m[nodes] > course_m

    wet = north_of_river(ends[:, 0]) != north_of_river(ends[:, 1])
    kept: NDArray[np.bool_] = ~missing & (~wet | (rank > 0))
    return kept


def _central(x_m: NDArray[np.float64], y_m: NDArray[np.float64], ends: Ints) -> NDArray[np.bool_]:
    reach_m = 0.3 * float(x_m.max() - x_m.min())
    central: NDArray[np.bool_] = np.hypot(x_m[ends].mean(axis=1), y_m[ends].mean(axis=1)) < reach_m
    return central


def _lights(count: int, ends: Ints, rank: Ints, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Lights stand where two arterials meet, and at a quarter of the places where a local street meets one."""
    major = np.bincount(ends[rank > 0].ravel(), minlength=count)
    degree = np.bincount(ends.ravel(), minlength=count)
    lights: NDArray[np.bool_] = (major >= 4) | ((major >= 2) & (degree >= 4) & (rng.random(count) < 0.25))
    return lights
