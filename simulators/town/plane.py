"""A town is small enough to be flat: metres east and north of its origin."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 6.694_379_990_14e-3


@dataclass(frozen=True, slots=True)
class Plane:
    """The tangent plane of WGS 84 at an origin, good to centimetres a kilometre within a town."""

    longitude_deg: float
    latitude_deg: float

    @property
    def metres_per_degree(self) -> tuple[float, float]:
        """Metres east per degree of longitude, and north per degree of latitude."""
        phi = radians(self.latitude_deg)
        w = 1 - _ECCENTRICITY_SQUARED * sin(phi) ** 2
        north_m = radians(_SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / (w * sqrt(w)))
        return radians(_SEMI_MAJOR_M * cos(phi) / sqrt(w)), north_m

    def to_degrees(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitudes and latitudes of points given in metres."""
        east_m, north_m = self.metres_per_degree
        return self.longitude_deg + np.asarray(x_m) / east_m, self.latitude_deg + np.asarray(y_m) / north_m

    def to_metres(self, longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres east and north of points given in degrees."""
        east_m, north_m = self.metres_per_degree
        x_m = (np.asarray(longitude_deg) - self.longitude_deg) * east_m
        return x_m, (np.asarray(latitude_deg) - self.latitude_deg) * north_m
