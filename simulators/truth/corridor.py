"""How far off its planned route a van really was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel
from simulators.fleet.planning import Round

Floats = NDArray[np.float64]


def cross_track_m(x_m: Floats, y_m: Floats, planned: Round) -> Floats:
    """Distance of each point to the nearest piece of the whole planned route."""
    network = planned.town.network
    nodes = network.nodes_of(np.concatenate(planned.legs), planned.town.depot.node)
    return distance_to_line_m(np.asarray(x_m), np.asarray(y_m), network.x_m[nodes], network.y_m[nodes])


@kernel
def distance_to_line_m(x_m: Floats, y_m: Floats, line_x_m: Floats, line_y_m: Floats) -> Floats:
    """Distance of points (n,) to a polyline (m,)."""
    least = np.empty(len(x_m))
    for i in range(len(x_m)):
        best = np.inf
        for j in range(len(line_x_m) - 1):
            dx, dy = line_x_m[j + 1] - line_x_m[j], line_y_m[j + 1] - line_y_m[j]
            squared = dx * dx + dy * dy
            along = 0.0
            if squared > 0.0:
                along = min(1.0, max(0.0, ((x_m[i] - line_x_m[j]) * dx + (y_m[i] - line_y_m[j]) * dy) / squared))
            px, py = line_x_m[j] + along * dx - x_m[i], line_y_m[j] + along * dy - y_m[i]
            best = min(best, px * px + py * py)
        least[i] = np.sqrt(best)
    return least
