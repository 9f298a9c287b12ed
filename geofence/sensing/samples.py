"""What sensors said, as one array: weights, temperatures and doors, and the places of things that ought not to move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.observations import Position, SensorReading
from geofence.rows import MISSING_E7, MISSING_US, to_us

SAMPLE: Final = np.dtype(
    [
        ("device", "<i4"),
        ("at_us", "<i8"),  # microseconds since 1970, UTC: when it was measured
        ("source", "<i2"),  # READING or FIX
        ("seq", "<i8"),  # the device's own number, or a negative hash of the content
        ("weight_g", "<f4"),  # NaN = missing, here and in every float below
        ("temperature_c", "<f4"),
        ("door_open", "<i2"),  # 0, 1, or -1 = missing
        ("longitude_e7", "<i4"),  # MISSING_E7 = none that counts
        ("latitude_e7", "<i4"),
        ("sigma_m", "<f4"),
        ("received_us", "<i8"),
    ]
)
Samples = NDArray[np.void]
"""Shape (n,) of SAMPLE."""
READING, FIX = 0, 1
_UNNUMBERED: Final = -(2**63)
_HIGH_HDOP, _FEW_SATELLITES, _POOR_M, _LEAST_SIGMA_M, _HDOP_M = 4.0, 4, 75.0, 10.0, 5.0
_CONTENT: Final = tuple(name for name in SAMPLE.names or () if name not in {"seq", "received_us"})
_AHEAD_US, _OLD_US = 120 * 1_000_000, 30 * 86_400 * 1_000_000


class Sample(NamedTuple):
    """One row of SAMPLE."""

    device: int
    at_us: int
    source: int
    seq: int
    weight_g: float
    temperature_c: float
    door_open: int
    longitude_e7: int
    latitude_e7: int
    sigma_m: float
    received_us: int


def samples_of(readings: Iterable[SensorReading], numbers: Mapping[str, int]) -> Samples:
    """Readings of the devices that have a number, in the same order; those without a time are left out."""
    nan = float("nan")
    packed = [
        (
            numbers[one.device],
            to_us(one.measured_at),
            READING,
            _UNNUMBERED if one.seq is None else one.seq,
            nan if one.weight_g is None else one.weight_g,
            nan if one.temperature_c is None else one.temperature_c,
            -1 if one.door_open is None else int(one.door_open),
            MISSING_E7,
            MISSING_E7,
            nan,
            MISSING_US if one.received_at is None else to_us(one.received_at),
        )
        for one in readings
        if one.measured_at is not None and one.device in numbers
        if not (one.weight_g is None and one.temperature_c is None and one.door_open is None)
    ]
    return _numbered(packed)


def samples_of_positions(positions: Iterable[Position], numbers: Mapping[str, int]) -> Samples:
    """Positions of the devices that have a number, in the same order: where an asset is, and what a tracker's first probe says.

    A fix that is not good has no place; one that says nothing else either is left out.
    """
    packed = [_of_position(one, numbers[one.device]) for one in positions if one.fix_time is not None and one.device in numbers]
    return _numbered([row for row in packed if row[7] != MISSING_E7 or row[5] == row[5] or row[6] >= 0])


def _of_position(one: Position, number: int) -> tuple[float, ...]:
    nan, is_good = float("nan"), _is_good(one)
    return (
        number,
        MISSING_US if one.fix_time is None else to_us(one.fix_time),
        FIX,
        _UNNUMBERED if one.seq is None else one.seq,
        nan,
        next((value for value in one.temperature_c if value is not None), nan),
        -1 if one.door_open is None else int(one.door_open),
        round((one.longitude_deg or 0.0) * 1e7) if is_good else MISSING_E7,
        round((one.latitude_deg or 0.0) * 1e7) if is_good else MISSING_E7,
        sigma_m(one.accuracy_m, one.hdop) if is_good else nan,
        MISSING_US if one.received_at is None else to_us(one.received_at),
    )


def _numbered(packed: Sequence[tuple[float, ...]]) -> Samples:
    """Samples without a number get a negative one from their content: repeated they are the same, otherwise two."""
    samples = np.array(packed, SAMPLE)
    for index in np.flatnonzero(samples["seq"] == _UNNUMBERED):
        content = samples[index : index + 1][list(_CONTENT)].tolist()
        digest = blake2b(repr(content).encode(), digest_size=8).digest()
        samples["seq"][index] = -(int.from_bytes(digest) >> 1) - 1
    return samples


def sigma_m(accuracy_m: float | None, hdop: float | None) -> float:
    """Uncertainty of a fix in metres, as the positions' engine has it by default."""
    return max(accuracy_m or 0.0, _HDOP_M * (hdop or 0.0), _LEAST_SIGMA_M)


def _is_good(one: Position) -> bool:
    if one.longitude_deg is None or one.latitude_deg is None or one.fix_valid is False:
        return False
    if (one.longitude_deg, one.latitude_deg) == (0.0, 0.0) or abs(one.longitude_deg) > 180 or abs(one.latitude_deg) > 90:
        return False
    few = one.satellites is not None and one.satellites < _FEW_SATELLITES
    return not few and (one.hdop or 0.0) <= _HIGH_HDOP and (one.accuracy_m or 0.0) <= _POOR_M


def in_order(samples: Samples) -> Samples:
    """Sorted by (device, time, source, seq), each sample once: of copies the one received first."""
    keys = [samples[name] for name in reversed(_CONTENT) if name not in {"device", "at_us", "source"}]
    order = np.lexsort([*keys, samples["received_us"], samples["seq"], samples["source"], samples["at_us"], samples["device"]])
    ordered = samples[order]
    if len(ordered) < 2:
        return ordered
    key = ordered[["device", "at_us", "source", "seq"]]
    return ordered[np.concatenate(([True], key[1:] != key[:-1]))]


def sound_samples(samples: Samples) -> Samples:
    """Samples with a believable clock, in order and each once."""
    ahead_us = samples["at_us"] - samples["received_us"]
    known = samples["received_us"] != MISSING_US
    return in_order(samples[~known | ((ahead_us <= _AHEAD_US) & (ahead_us >= -_OLD_US))])
