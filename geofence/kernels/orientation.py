"""On which side of a line does a point lie: the predicate under every containment test.

Filter and fallback are those of GEOS (`CGAlgorithmsDD::orientationIndex`), operation for operation, so that the sign is
the one shapely works with on every input. The filter is that of Ozaki et al., "Simple floating-point filters for the
two-dimensional orientation problem", BIT 56 (2016); the fallback is double-double arithmetic after Dekker (1971).
"""

from __future__ import annotations

from geofence.kernels.compiler import inner_kernel, kernel

_FILTER = 3.3306690621773724e-16
_SPLIT = 134217729.0  # 2**27 + 1: splits a float64 into two halves of 26 bits


@inner_kernel
def add_double_double(a_hi: float, a_lo: float, b_hi: float, b_lo: float) -> tuple[float, float]:
    """Sum of two double-doubles, each an unevaluated `hi + lo`."""
    big = a_hi + b_hi
    small = a_lo + b_lo
    big_part = big - a_hi
    small_part = small - a_lo
    big_error = (b_hi - big_part) + (a_hi - (big - big_part))
    small_error = (b_lo - small_part) + (a_lo - (small - small_part))
    carried = big_error + small
    high = big + carried
    low = small_error + (carried + (big - high))
    total = high + low
    return total, low + (high - total)


@inner_kernel
def multiply_double_double(a_hi: float, a_lo: float, b_hi: float, b_lo: float) -> tuple[float, float]:
    """Product of two double-doubles, each an unevaluated `hi + lo`."""
    a_scaled = _SPLIT * a_hi
    a_head = a_scaled - (a_scaled - a_hi)
    a_tail = a_hi - a_head
    b_scaled = _SPLIT * b_hi
    b_head = b_scaled - (b_scaled - b_hi)
    b_tail = b_hi - b_head
    product = a_hi * b_hi
    error = ((((a_head * b_head - product) + a_head * b_tail) + a_tail * b_head) + a_tail * b_tail) + (
        a_hi * b_lo + a_lo * b_hi
    )
    total = product + error
    return total, error + (product - total)


@kernel
def orientation_in_double_double(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """The sign of `orientation`, computed with 106 bits throughout."""
    x1, x1_low = add_double_double(bx, 0.0, -ax, 0.0)
    y1, y1_low = add_double_double(by, 0.0, -ay, 0.0)
    x2, x2_low = add_double_double(px, 0.0, -bx, 0.0)
    y2, y2_low = add_double_double(py, 0.0, -by, 0.0)
    left, left_low = multiply_double_double(x1, x1_low, y2, y2_low)
    right, right_low = multiply_double_double(y1, y1_low, x2, x2_low)
    sign, sign_low = add_double_double(left, left_low, -right, -right_low)
    if sign > 0.0 or (sign == 0.0 and sign_low > 0.0):
        return 1
    if sign < 0.0 or (sign == 0.0 and sign_low < 0.0):
        return -1
    return 0


@kernel
def orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """1 if (px, py) is to the left of the line from (ax, ay) to (bx, by), -1 if to the right, 0 if on it."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    determinant = left - right
    if abs(determinant) >= abs(left + right) * _FILTER:
        return 1 if determinant > 0.0 else (-1 if determinant < 0.0 else 0)
    return orientation_in_double_double(ax, ay, bx, by, px, py)
