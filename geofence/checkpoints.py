"""A device's state as bytes: the kernels' records as they are, references by name, the rest as MessagePack."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInputError
from domain.events import Severity
from geofence.journal import Episode
from geofence.names import Names
from geofence.rows import ROW
from geofence.state import STATE, SUSPECTS, VISIT, fresh_suspects
from geofence.tracking import Device

_VERSION: Final = 2
_LAYOUT: Final = zlib.crc32(f"{_VERSION}{STATE}{VISIT}{ROW}".encode())
"""Changes with the layout, so that a checkpoint of another version is refused instead of misread."""
ZONE_FIELDS: Final = ("nearest_allowed", "nearest_red", "limit_zone", "st_allowed")
"""Fields of STATE that are a zone's number where they are not negative."""


@dataclass(slots=True)
class Snapshot:
    """All that is known of a device."""

    state: NDArray[np.void]  # shape (1,) of STATE
    suspects: NDArray[np.void]  # shape (SUSPECTS,) of ROW
    visits: NDArray[np.void]  # of VISIT, of the trip in hand
    device: Device
    decided_us: int


def pack(snapshot: Snapshot, names: Names) -> bytes:
    """A snapshot as bytes."""
    state = snapshot.state.copy()
    used = [j for j in range(len(state[0]["zn_id"])) if state[0]["zn_phase"][j] > 0]
    device = snapshot.device
    document = {
        "layout": _LAYOUT,
        "state": zlib.compress(state.tobytes(), 1),
        "suspects": snapshot.suspects[: int(state[0]["suspects"])].tobytes(),
        "visits": zlib.compress(snapshot.visits.tobytes(), 1),
        "zones": {j: names.zone(int(state[0]["zn_id"][j])) for j in used},
        "places": {name: names.zone(int(state[0][name])) for name in ZONE_FIELDS if state[0][name] >= 0},
        "kernel_trip": names.trip(int(state[0]["trip"])),
        "trip": names.trip(device.trip_number),
        "decided_us": snapshot.decided_us,
        "device": device.dump(),
        "episodes": {key: asdict(episode) for key, episode in device.episodes.items()},
    }
    return msgspec.msgpack.encode(document)


def unpack(content: bytes, names: Names) -> Snapshot:
    """The snapshot of some bytes, in a world of these names. Raises InvalidInputError when they are not one of this version."""
    try:
        document = msgspec.msgpack.decode(content)
        layout = document["layout"]
    except (msgspec.DecodeError, TypeError, KeyError) as error:
        raise InvalidInputError("checkpoint", "is not a checkpoint") from error
    if layout != _LAYOUT:
        raise InvalidInputError("checkpoint", "is of another version")
    state = np.frombuffer(zlib.decompress(document["state"]), STATE).copy()
    visits = np.frombuffer(zlib.decompress(document["visits"]), VISIT).copy()
    suspects = fresh_suspects(1)[0]
    kept = np.frombuffer(document["suspects"], ROW)
    suspects[: min(len(kept), SUSPECTS)] = kept
    _rename_zones(state[0], document, names)
    state[0]["trip"] = names.trip_numbers.get(document["kernel_trip"], -1)
    episodes = {key: _episode(fields) for key, fields in document["episodes"].items()}
    trip_number = names.trip_numbers.get(document["trip"], -1)
    if trip_number >= 0 and len(names.trips[trip_number].stops) > len(visits):
        raise InvalidInputError("checkpoint", f"trip {document['trip']!r} has other stops by now")
    device = Device.load(document["device"], trip_number, episodes)
    return Snapshot(state, suspects, visits, device, document["decided_us"])


def _rename_zones(state: Any, document: dict[str, Any], names: Names) -> None:
    for j in range(len(state["zn_id"])):
        name = document["zones"].get(j)
        number = names.zone_numbers.get(name, -1) if name is not None else -1
        state["zn_id"][j] = number
        if number < 0:
            state["zn_phase"][j] = 0
    for field in ZONE_FIELDS:
        if state[field] >= 0:
            state[field] = names.zone_numbers.get(document["places"][field], -1)


def _episode(fields: dict[str, Any]) -> Episode:
    return Episode(**{**fields, "severity": Severity(fields["severity"])})
