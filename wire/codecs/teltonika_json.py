"""Teltonika's JSON over MQTT: one record under `state.reported`, its values under AVL ids, numbers maybe as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.errors import DecodeError, InvalidInputError
from domain.observations import Position, Reading
from wire.avl import MPS_PER_KMH, Place, TeltonikaProfile, avl_position, avl_values
from wire.codec import Codec, Encoder, Message, Profiles, refuse_too_many
from wire.inputs import Input, number_from
from wire.instants import to_unix_ms
from wire.json_payload import decode_json, moment

Record = dict[str, Any]


class _State(msgspec.Struct):
    reported: Record | list[Record]


class _Envelope(msgspec.Struct):
    state: _State


_DECODER: Final = msgspec.json.Decoder(_Envelope)
_LONGITUDE: Final = Input("longitude_deg")
_LATITUDE: Final = Input("latitude_deg")
_ALTITUDE: Final = Input("altitude_m")
_COURSE: Final = Input("course_deg")
_SATELLITES: Final = Input("satellites")
_SPEED_KMH: Final = Input("speed_mps")


class TeltonikaJson(Codec, Encoder):
    """The same values as in the binary records, under the same ids."""

    def __init__(self, profiles: Profiles[TeltonikaProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(TeltonikaProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The record, or the records of a list."""
        reported = decode_json(_DECODER, payload).state.reported
        records = reported if isinstance(reported, list) else [reported]
        refuse_too_many(records)
        if not all(records) or not records:
            raise DecodeError("empty", "there is a record without any value")
        profile = self._profiles.of(device)
        return [_position(record, received_at, device, profile) for record in records]

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """The message of one position."""
        (reading,) = readings
        if not isinstance(reading, Position) or reading.fix_time is None:
            raise InvalidInputError("reading", "Teltonika only tells positions with a time")
        values = {str(avl_id): raw for avl_id, _, raw in avl_values(reading)}
        payload = msgspec.json.encode({"state": {"reported": _members(reading) | values}})
        return Message(f"{reading.device}/data", payload)


def _position(record: Mapping[str, Any], received_at: datetime, device: str, profile: TeltonikaProfile) -> Position:
    longitude, latitude = _lon_lat(record.get("latlng"))
    place = Place(
        longitude,
        latitude,
        _ALTITUDE.read(record.get("alt")),
        _COURSE.read(record.get("ang")),
        _SATELLITES.read(record.get("sat")),
        _SPEED_KMH.read(record.get("sp")),
    )
    ids = {int(key): value for key, value in record.items() if key.isascii() and key.isdigit() and len(key) <= 5}
    return avl_position(device, _time(record.get("ts")), received_at, place, ids, profile)


def _time(raw: Any) -> datetime | None:
    return None if raw is None or raw == "" else moment(round(number_from(raw)))


def _lon_lat(text: Any) -> tuple[float | None, float | None]:
    """`"lat,lon"`, in this order."""
    if text is None or text == "":
        return None, None
    parts = text.split(",") if isinstance(text, str) else ()
    if len(parts) != 2:
        raise DecodeError("wrong_type", f'latlng must be "latitude,longitude" and is {str(text)[:40]!r}')
    return _LONGITUDE.read(parts[1]), _LATITUDE.read(parts[0])


def _members(position: Position) -> dict[str, Any]:
    fix_time = position.fix_time
    members = {
        "ts": None if fix_time is None else to_unix_ms(fix_time),
        "pr": 0,
        "latlng": f"{position.latitude_deg or 0:.7f},{position.longitude_deg or 0:.7f}",
        "alt": position.altitude_m,
        "ang": position.course_deg,
        "sat": position.satellites,
        "sp": None if position.speed_mps is None else position.speed_mps / MPS_PER_KMH,
        "evt": 0,
    }
    return {name: round(value) if isinstance(value, float) else value for name, value in members.items() if value is not None}
