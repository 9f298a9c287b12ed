"""The kernels give the same conclusions as machine code and as plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.geofence.test_invariance import expected

_PROGRAM = """
import sys
import numba
assert numba.config.DISABLE_JIT
from tests.geofence.test_invariance import expected
sys.stdout.buffer.write(expected())
"""


def test_compiled_and_uncompiled_agree_to_the_byte() -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root), "PYTHONWARNINGS": "error"}
    program = [sys.executable, "-c", _PROGRAM]
    plain = subprocess.run(program, capture_output=True, env=environment, cwd=root, check=False)
    assert plain.stderr == b""
    assert plain.stdout == expected()
