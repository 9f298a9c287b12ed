"""How far off its planned route a van really was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel
from simulators.fleet.planning import Round

Floats = NDArray[np.float64]


def cross_track_m(x_m: Floats, y_m: Floats, planned: Round) -> Floats:
    """Distance of each point to the nearest piece of the whole planned route."""
    return off_route(x_m, y_m, planned)[0]


def off_route(x_m: Floats, y_m: Floats, planned: Round) -> tuple[Floats, Floats]:
    """Distance of each point to the nearest piece of the whole planned route, and that piece's course in degrees."""
    network = planned.town.network
    nodes = network.nodes_of(np.concatenate(planned.legs), planned.town.depot.node)
    line_x_m, line_y_m = network.x_m[nodes], network.y_m[nodes]
    apart_m, piece = nearest_piece(np.asarray(x_m), np.asarray(y_m), line_x_m, line_y_m)
    courses = np.degrees(np.arctan2(np.diff(line_x_m), np.diff(line_y_m))) % 360
    return apart_m, courses[piece]


@kernel
def nearest_piece(x_m: Floats, y_m: Floats, line_x_m: Floats, line_y_m: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Distance of points (n,) to a polyline (m,), and the number of the nearest of its pieces."""
    least, piece = np.empty(len(x_m)), np.zeros(len(x_m), np.int64)
    for i in range(len(x_m)):
        best = np.inf
        for j in range(len(line_x_m) - 1):
            dx, dy = line_x_m[j + 1] - line_x_m[j], line_y_m[j + 1] - line_y_m[j]
            squared = dx * dx + dy * dy
            along = 0.0
            if squared > 0.0:
                along = min(1.0, max(0.0, ((x_m[i] - line_x_m[j]) * dx + (y_m[i] - line_y_m[j]) * dy) / squared))
            px, py = line_x_m[j] + along * dx - x_m[i], line_y_m[j] + along * dy - y_m[i]
            if px * px + py * py < best:
                best = px * px + py * py
                piece[i] = j
        least[i] = np.sqrt(best)
    return least, piece


ON_A_WAY_M = 40.0


def on_a_way(x_m: Floats, y_m: Floats, planned: Round, ways: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Which points lie on any of some ways, give or take, each given by its nodes."""
    network, found = planned.town.network, np.zeros(len(x_m), np.bool_)
    for nodes in ways:
        found |= nearest_piece(np.asarray(x_m), np.asarray(y_m), network.x_m[nodes], network.y_m[nodes])[0] < ON_A_WAY_M
    return found
