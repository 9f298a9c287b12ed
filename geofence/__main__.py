"""`python -m geofence`: compile the kernels, so that nobody waits for it later."""

from __future__ import annotations

from geofence.engine import Engine
from geofence.worker.warm_up import warm_up

warm_up(Engine)
