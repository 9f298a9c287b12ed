"""The kernels are plain Python too: with the compiler off they give the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json
import numpy as np
import shapely
from geofence.index import ZoneIndex
from geofence.kernels.zone_batches import covering_pairs
from tests.index.crossing import crossed
from tests.index.places import circle, zone
from tests.index.test_changes import some_zone

generator = np.random.default_rng(11)
index = ZoneIndex([some_zone(seed) for seed in range(12)])
index.add_all([circle(77.1, 13.0, 9000.0), zone(shapely.box(76.0, 12.0, 78.0, 14.0)), circle(10.0, 89.9, 20000.0)])
index.remove(3)
x, y = generator.uniform(77.0, 77.3, 300), generator.uniform(12.9, 13.2, 300)
held = index.arrays
answers = {
    "compiled": hasattr(covering_pairs, "py_func"),
    "covers": index.covers(x, y),
    "near": index.near(x[:20], y[:20], 500.0),
    "crossed": crossed(index, x[:20], y[:20], x[20:40], y[20:40]),
    "signed": index.signed_distance_m(5, x[:20], y[:20]),
    "cells": [int(held.root.astype(np.int64).sum()), int(held.nodes[: index._used[0] * 65].astype(np.int64).sum())],
}
print(json.dumps(answers, default=lambda value: value.tolist()))
"""


def answers(compiler: str) -> dict[str, Any]:
    """What the program prints with NUMBA_DISABLE_JIT so."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": compiler, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_compiler_on_and_off_agree() -> None:
    on, off = answers("0"), answers("1")
    assert (on.pop("compiled"), off.pop("compiled")) == (True, False)
    assert off["signed"] == pytest.approx(on.pop("signed"), abs=1e-6)
    assert off["near"][2] == pytest.approx(on["near"].pop(), abs=1e-6)
    off.pop("signed")
    off["near"].pop()
    assert on == off
    assert len(on["covers"][0]) > 300
