"""OwnTracks, the drivers' phones: JSON on `owntracks/{user}/{device}`, and the few trackers that speak the same."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Literal

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading
from wire.codec import Codec, Encoder, Message, Profiles
from wire.instants import from_unix_ms, to_unix_ms
from wire.json_payload import Degrees, Quantity, Word, decode_json

_MPS_PER_KMH: Final = 1 / 3.6
_TRIGGERS: Final[Mapping[str, tuple[str, ...]]] = {
    "9": ("low_battery",),
    "E": ("power_restored",),
    "e": ("power_cut",),
    "!": ("tow",),
    "s": ("overspeed",),
}
_HARSH: Final = ("harsh_braking", "harsh_acceleration", "harsh_cornering")
_IGNITION: Final = {"i": True, "I": False}
_TRANSITIONS: Final = {"enter": "geofence_enter", "leave": "geofence_exit"}
_SILENT: Final = frozenset({"beacon", "card", "cmd", "configuration", "dump", "request", "steps", "waypoint", "waypoints"})


@dataclass(frozen=True, slots=True)
class OwntracksProfile:
    """How a phone is set up; `secret` is the encryption key as typed into the app."""

    secret: str | None = None


class _Kind(msgspec.Struct):
    type: str = msgspec.field(name="_type")


class _Location(msgspec.Struct):
    lat: Degrees
    lon: Degrees
    tst: Quantity
    created_at: Quantity | None = None
    sent: Quantity | None = None  # what trackers say for it
    id: Word | None = msgspec.field(default=None, name="_id")
    acc: Quantity | None = None
    alt: Quantity | None = None
    vel: Quantity | None = None
    cog: Quantity | None = None
    batt: Quantity | None = None
    t: Word | None = None
    rty: Quantity | None = None
    ign: bool | None = None
    motion: bool | None = None
    odometer: Quantity | None = None
    uext: Quantity | None = None
    ubatt: Quantity | None = None
    flvl: Quantity | None = None
    probe_0: Quantity | None = msgspec.field(default=None, name="temp_c-00")
    probe_1: Quantity | None = msgspec.field(default=None, name="temp_c-01")
    probe_2: Quantity | None = msgspec.field(default=None, name="temp_c-02")
    probe_3: Quantity | None = msgspec.field(default=None, name="temp_c-03")


class _Transition(msgspec.Struct):
    tst: Quantity
    event: Literal["enter", "leave"]
    lat: Degrees | None = None
    lon: Degrees | None = None
    acc: Quantity | None = None


class _Encrypted(msgspec.Struct):
    data: str


_KIND: Final = msgspec.json.Decoder(_Kind)
_LOCATION: Final = msgspec.json.Decoder(_Location)
_TRANSITION: Final = msgspec.json.Decoder(_Transition)
_ENCRYPTED: Final = msgspec.json.Decoder(_Encrypted)


class Owntracks(Codec, Encoder):
    """Locations, region transitions, and the will that says that a phone is gone."""

    def __init__(self, profiles: Profiles[OwntracksProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(OwntracksProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The one reading of a message; definitions of waypoints, commands and the like hold none."""
        kind = decode_json(_KIND, payload).type
        if kind == "encrypted":
            payload = self._decrypt(decode_json(_ENCRYPTED, payload).data, device)
            kind = decode_json(_KIND, payload).type
        if kind == "location":
            return [_position(decode_json(_LOCATION, payload, numbers_as_text=True), received_at, device)]
        if kind == "transition":
            return [_crossing(decode_json(_TRANSITION, payload, numbers_as_text=True), received_at, device)]
        if kind == "lwt":  # its time is that of the connection, long before the end
            return [DeviceStatus(device, received_at, received_at, online=False)]
        if kind == "status":
            return [DeviceStatus(device, received_at, received_at, online=True)]
        if kind in _SILENT:
            return []
        raise DecodeError("unknown_type", f"_type {kind[:40]!r} is none of OwnTracks'")

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """The location message of one position, as a phone sends it: whole units, zeros left out."""
        (reading,) = readings
        if not isinstance(reading, Position) or reading.fix_time is None or reading.latitude_deg is None:
            raise InvalidInputError("reading", "OwnTracks only tells positions with a time and a place")
        user, _, phone = reading.device.rpartition(":")
        return Message(f"owntracks/{user or tenant}/{phone}", msgspec.json.encode(_members(reading)))

    def _decrypt(self, data: str, device: str) -> bytes:
        secret = self._profiles.of(device).secret
        if secret is None:
            raise DecodeError("no_key", "the payload is encrypted and no secret is set for the phone")
        try:
            box = SecretBox(secret.encode().ljust(SecretBox.KEY_SIZE, b"\0")[: SecretBox.KEY_SIZE])
            return box.decrypt(base64.b64decode(data, validate=True))
        except (CryptoError, binascii.Error, ValueError) as error:
            raise DecodeError("bad_cipher", f"cannot be decrypted with the phone's secret: {error}") from error


def _time(seconds: float) -> datetime:
    try:
        return from_unix_ms(round(seconds * 1000))
    except ValueError as error:
        raise DecodeError("bad_time", str(error)) from error


def _known(value: float | None) -> float | None:
    """The value, unless it is one of the negative numbers that phones send for unknown."""
    return None if value is None or value < 0 else value


def _position(location: _Location, received_at: datetime, device: str) -> Position:
    spoken = location.sent if location.created_at is None else location.created_at
    speed_kmh, odometer_km = _known(location.vel), _known(location.odometer)
    probes = (location.probe_0, location.probe_1, location.probe_2, location.probe_3)
    used = max((index for index, value in enumerate(probes, start=1) if value is not None), default=0)
    return Position(
        device,
        fix_time=_time(location.tst),
        received_at=received_at,
        longitude_deg=location.lon,
        latitude_deg=location.lat,
        speed_mps=None if speed_kmh is None else speed_kmh * _MPS_PER_KMH,
        course_deg=_known(location.cog),
        altitude_m=location.alt,
        accuracy_m=_known(location.acc),
        ignition=_IGNITION.get(location.t or "", location.ign),
        in_motion=location.motion,
        fuel_pct=_known(location.flvl),
        external_v=_known(location.uext),
        battery_v=_known(location.ubatt),
        battery_pct=_known(location.batt),
        odometer_m=None if odometer_km is None else odometer_km * 1000,
        temperature_c=probes[:used],
        alarms=_alarms(location),
        seq=None if location.id is None else _number(location.id),
        device_time=None if spoken is None else _time(spoken),
    )


def _alarms(location: _Location) -> tuple[str, ...]:
    """What a tracker's trigger letter means; case matters. `rty` says which kind of harsh driving, in two numberings."""
    if location.t == "h" and location.rty is not None and location.rty in range(6):
        return (_HARSH[int(location.rty) % 3],)
    return _TRIGGERS.get(location.t or "", ())


def _crossing(transition: _Transition, received_at: datetime, device: str) -> Position:
    return Position(
        device,
        fix_time=_time(transition.tst),
        received_at=received_at,
        longitude_deg=transition.lon,
        latitude_deg=transition.lat,
        accuracy_m=_known(transition.acc),
        alarms=(_TRANSITIONS[transition.event],),
    )


def _number(message_id: str) -> int:
    """A negative sequence number for the identifier by which OwnTracks lets consumers recognise a repeated message."""
    return -(int.from_bytes(blake2b(message_id.encode(), digest_size=8).digest(), "little") >> 1) - 1


def _message_id(position: Position) -> str:
    """Two fixes of one second in one place differ in what whole seconds cannot tell."""
    return blake2b(repr(position._replace(received_at=None)).encode(), digest_size=4).hexdigest()


def _members(position: Position) -> dict[str, Any]:
    measured = {
        "acc": position.accuracy_m,
        "alt": position.altitude_m,
        "vel": None if position.speed_mps is None else position.speed_mps / _MPS_PER_KMH,
        "cog": position.course_deg,
        "batt": position.battery_pct,
    }
    rounded = {name: round(value) for name, value in measured.items() if value is not None}
    fix_time = position.fix_time
    return {
        "_type": "location",
        "_id": _message_id(position),
        "tid": position.device[-2:],
        "lat": position.latitude_deg,
        "lon": position.longitude_deg,
        "tst": None if fix_time is None else to_unix_ms(fix_time) // 1000,
        **{name: value for name, value in rounded.items() if value or name == "batt"},
        "t": "u",
    }
