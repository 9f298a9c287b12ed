"""What the devices of a load say by default: positions of vans on a ring road, every one later than the one before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from simulators.load.packets import text
from wire.own_channels import own_topic

Payloads = Callable[[int, int], tuple[bytes, bytes]]
"""The topic (as `packets.text` encodes it) and payload of message `number` of `device`."""

_TOWN: Final = (-1.6244, 6.6885)  # longitude, latitude
_RADIUS_M: Final = 6_000.0
_DEGREE_M: Final = 111_195.0
_METRE_MS: Final = 100  # 10 m/s
_APART_M: Final = 37  # from a van to the next
_TURNS_M: Final = 10**9  # an odometer begins again
_REST: Final = '"hdop":0.9,"satellites":12,"fix_valid":true,"ignition":true,"external_v":13.9'


def own_json(tenant: str, prefix: str, devices: int, batch: int) -> Payloads:
    """Our own JSON, `batch` readings to a message, made at the moment of sending.

    A message holds what its van did since the one before, at least a millisecond and at most a second to a reading. Vans
    drive on between two loads, and number their readings anew as after a boot. Made to cost little: what does not change
    from message to message is text already.
    """
    topics = [text(own_topic(tenant, f"{prefix}-{device:05d}", "pos")) for device in range(devices)]
    places = _ring()
    began_ms = time.time_ns() // 1_000_000
    said_ms = [began_ms - 1_000] * devices
    rest = f'{_REST},"boot_id":{began_ms}'

    def payload(device: int, number: int) -> tuple[bytes, bytes]:
        last_ms = said_ms[device]
        now_ms = said_ms[device] = max(time.time_ns() // 1_000_000, last_ms + batch)
        step_ms = min((now_ms - last_ms) // batch, 1_000)
        readings = []
        for index in range(1 - batch, 1):
            at_ms, seq = now_ms + index * step_ms, (number + 1) * batch + index
            along_m = device * _APART_M + at_ms // _METRE_MS
            place = places[along_m % len(places)]
            readings.append(f'{{"fix_time":{at_ms},{place},"odometer_m":{along_m % _TURNS_M},{rest},"seq":{seq}}}')
        body = readings[0] if batch == 1 else "[" + ",".join(readings) + "]"
        return topics[device], body.encode()

    return payload


def _ring() -> list[str]:
    """Place, speed and course at every metre of a winding road that ends where it begins."""
    angle = np.linspace(0.0, 2.0 * np.pi, 200_001)
    radius_m = _RADIUS_M * (1.0 + 0.2 * np.cos(5.0 * angle))
    fine = radius_m * np.array([np.cos(angle), np.sin(angle)])
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(fine)))))
    east_m, north_m = (np.interp(np.arange(int(along[-1])), along, axis) for axis in fine)
    longitude = _TOWN[0] + east_m / (_DEGREE_M * np.cos(np.radians(_TOWN[1])))
    latitude = _TOWN[1] + north_m / _DEGREE_M
    course = np.degrees(np.arctan2(np.roll(east_m, -1) - east_m, np.roll(north_m, -1) - north_m)) % 360.0
    return [
        f'"longitude_deg":{x:.7f},"latitude_deg":{y:.7f},"speed_mps":10.0,"course_deg":{degrees:.1f}'
        for x, y, degrees in zip(longitude.tolist(), latitude.tolist(), course.tolist(), strict=True)
    ]
