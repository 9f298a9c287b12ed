"""What goes wrong, and what only looks like it: each kind rewrites a round's script before it is played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.incidents.case import Incident
from simulators.incidents.halting import unplanned_halt
from simulators.incidents.skipping import skip_and_sign, skip_stop

INCIDENTS: Final[Mapping[str, Incident]] = {
    "skip_stop": skip_stop,
    "skip_and_sign": skip_and_sign,
    "unplanned_halt": unplanned_halt,
}
"""By the name that scenarios use."""
