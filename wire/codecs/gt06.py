"""GT06 of Concox and its many relatives: binary frames that a gateway passes on as they come from the tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading
from wire.bcd import bcd_digits
from wire.codec import Codec, Encoder, Message, Profiles, check_size
from wire.cursor import Cursor
from wire.gt06_frames import Frame, framed, frames
from wire.gt06_positions import POSITIONS, battery_pct, written_location
from wire.identity import imei_identity

_MOST_CONNECTIONS: Final = 50_000
_LOGIN: Final = 0x01
_HEARTBEATS: Final = frozenset({0x13, 0x23})
_PLACELESS: Final = frozenset(
    {0x14, 0x15, 0x17, 0x18, 0x21, 0x24, 0x28, 0x2A, 0x2C, 0x2E, 0x69, 0x80, 0x81, 0x82, 0x84, 0x8A, 0x94, 0x97, 0x9B, 0xA1}
)
"""Kinds that never tell a place of the receiver's: satellites, text, cells and access points, questions, voltages."""


@dataclass(frozen=True, slots=True)
class Gt06Profile:
    """A tracker's habits: how far its clock is set ahead of UTC, as some are; and whether its login says so itself."""

    ahead_of_utc_s: int = 0
    zone_from_login: bool = False


@dataclass(frozen=True, slots=True)
class _Login:
    imei: str
    ahead_of_utc_s: int


class Gt06(Codec, Encoder):
    """Locations and alarms become positions, logins and heartbeats the device's status.

    Only the login names the tracker, so without an identity in the topic the codec remembers who logged in on which topic.
    """

    def __init__(self, profiles: Profiles[Gt06Profile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(Gt06Profile())
        self._logins: dict[str, _Login] = {}

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of all frames in a message; frames without a place are counted and left.

        One of a kind that nobody knows is left as well beside others, and by itself a `DecodeError`.
        """
        check_size(payload)
        readings: list[Reading] = []
        strange: list[int] = []
        for frame in list(frames(payload)):
            if frame.protocol == _LOGIN:
                self._remember(topic, _login(frame))
            found = self._read(frame, topic, received_at, device)
            readings += found
            if not found:
                self.warnings["unread_protocol"] += 1
                strange += [frame.protocol] if frame.protocol not in _PLACELESS else []
        if strange and not readings:
            raise DecodeError("unread_protocol", f"frames of protocol {strange[0]:#04x} are not understood")
        return readings

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """The location frame of one position."""
        (reading,) = readings
        if not isinstance(reading, Position) or reading.fix_time is None:
            raise InvalidInputError("reading", "GT06 only tells positions with a time")
        frame = framed(written_location(reading, reading.fix_time), (reading.seq or 0) % 2**16)
        return Message(f"gt06/{reading.device}/raw", frame)

    def _read(self, frame: Frame, topic: str, received_at: datetime, device: str) -> list[Reading]:
        login = self._logins.get(topic)
        identity = imei_identity(device, login.imei if login else "")
        if not identity and topic:
            raise DecodeError("no_login", "no login was heard on this topic, and it does not name the tracker itself")
        if frame.protocol == _LOGIN:
            return [DeviceStatus(identity, received_at, received_at, online=True, seq=frame.serial)]
        if frame.protocol in _HEARTBEATS:
            return [_heartbeat(frame, received_at, identity)]
        if read := POSITIONS.get((frame.protocol, frame.is_long)):
            ahead = self._ahead_of_utc(login, identity)
            return [Position(identity, received_at=received_at, seq=frame.serial, **read(frame.content, ahead))]
        return []

    def _ahead_of_utc(self, login: _Login | None, identity: str) -> timedelta:
        profile = self._profiles.of(identity)
        return timedelta(seconds=login.ahead_of_utc_s if login and profile.zone_from_login else profile.ahead_of_utc_s)

    def _remember(self, topic: str, login: _Login) -> None:
        self._logins.pop(topic, None)
        if len(self._logins) >= _MOST_CONNECTIONS:
            del self._logins[next(iter(self._logins))]
        self._logins[topic] = login


def _login(frame: Frame) -> _Login:
    """The IMEI in eight bytes, and maybe the model and the time zone: hours and minutes as a number, then flags."""
    cursor = Cursor(frame.content)
    imei = bcd_digits(cursor.take(8)).removeprefix("0")
    if cursor.left < 4:
        return _Login(imei, 0)
    cursor.take(2)
    zone = cursor.unsigned(2)
    seconds = ((zone >> 4) // 100 * 60 + (zone >> 4) % 100) * 60
    return _Login(imei, -seconds if zone & 8 else seconds)


def _heartbeat(frame: Frame, received_at: datetime, device: str) -> DeviceStatus:
    cursor = Cursor(frame.content)
    cursor.take(1)
    level = battery_pct(cursor.unsigned(1))
    return DeviceStatus(device, received_at, received_at, online=True, battery_pct=level, seq=frame.serial)
