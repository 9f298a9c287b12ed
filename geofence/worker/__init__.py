"""The engine's only I/O: reads stored positions, judges them and stores what that concludes."""

from geofence.worker.service import run

__all__ = ["run"]
