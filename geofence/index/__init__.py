"""Zones by place: build, change and ask."""

from geofence.index.outlines import Repair
from geofence.index.zone_index import ZoneIndex

__all__ = ["Repair", "ZoneIndex"]
