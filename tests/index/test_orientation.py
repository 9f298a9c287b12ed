"""The side of a line: right wherever coordinates are those of a map, and the sign GEOS has."""

from __future__ import annotations

from fractions import Fraction

import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geofence.kernels.orientation import orientation, orientation_in_double_double

degrees = st.integers(-1_800_000_000, 1_800_000_000).map(lambda e7: e7 / 1e7)
STEP = 2.0**-40  # degrees: a tenth of a micrometre; differences of such numbers are exact, and so are products in 106 bits
fine = st.integers(round(-360 / STEP), round(360 / STEP)).map(lambda steps: steps * STEP)
numbers = st.floats(-360.0, 360.0).filter(lambda value: value == 0.0 or abs(value) > 1e-9)


def snapped(value: float) -> float:
    """The nearest multiple of STEP."""
    return round(value / STEP) * STEP


def exact(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """The sign without rounding."""
    a, b, p = ((Fraction(x), Fraction(y)) for x, y in ((ax, ay), (bx, by), (px, py)))
    determinant = (a[0] - p[0]) * (b[1] - p[1]) - (a[1] - p[1]) * (b[0] - p[0])
    return (determinant > 0) - (determinant < 0)


@settings(max_examples=500, deadline=None)
@given(degrees, degrees, degrees, degrees, degrees, degrees)
@example(0.1, 0.1, 0.3, 0.3, 0.2, 0.2)
@example(77.1, 13.1, 77.3, 13.3, 77.2, 13.2)
def test_it_is_right_on_the_lattice_of_a_map(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> None:
    assert orientation(ax, ay, bx, by, px, py) == exact(ax, ay, bx, by, px, py)


@settings(max_examples=500, deadline=None)
@given(fine, fine, fine, fine, st.integers(-3, 3), st.floats(-1.0, 2.0))
def test_next_to_a_line_it_is_right(ax: float, ay: float, bx: float, by: float, steps: int, share: float) -> None:
    px, py = snapped(ax + share * (bx - ax)), snapped(ay + share * (by - ay)) + steps * STEP
    expected = exact(ax, ay, bx, by, px, py)
    assert orientation(ax, ay, bx, by, px, py) == expected
    assert orientation_in_double_double(ax, ay, bx, by, px, py) == expected


@settings(max_examples=300, deadline=None)
@given(numbers, numbers, numbers, numbers, st.floats(0.0, 1.0))
def test_geos_sees_the_same_points_on_a_segment(ax: float, ay: float, bx: float, by: float, share: float) -> None:
    px, py = ax + share * (bx - ax), ay + share * (by - ay)
    within = min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by)
    if (ax, ay) == (bx, by):
        return
    seen = bool(shapely.intersects(shapely.LineString([(ax, ay), (bx, by)]), shapely.Point(px, py)))
    assert seen == (within and orientation(ax, ay, bx, by, px, py) == 0)
