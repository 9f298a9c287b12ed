"""AIS-140, the standard of Indian vehicle location trackers: lines of text whose order each vendor chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading
from wire.ais140_lines import COMMON_ORDER, Ais140Profile, checksum_holds, parse_line
from wire.codec import Codec, Encoder, Message, Profiles, check_size, refuse_too_many
from wire.crc import xor8
from wire.identity import IMEI, imei_identity
from wire.inputs import Gathered, Input

_INPUTS: Final[Mapping[str, Input]] = {
    "speed_kmh": Input("speed_mps", 1 / 3.6),
    "heading": Input("course_deg"),
    "satellites": Input("satellites"),
    "altitude": Input("altitude_m"),
    "hdop": Input("hdop"),
    "ignition": Input("ignition"),
    "mains_v": Input("external_v"),
    "battery_v": Input("battery_v"),
    "frame": Input("seq"),
    "odometer_m": Input("odometer_m"),
    "odometer_km": Input("odometer_m", 1000),
}
_BLANK: Final = frozenset({"", "-", "x", "X", "N.A", "N.A.", "NA", "N/A"})
_TYPES: Final = {
    "EA": "sos",
    "EMR": "sos",
    "TA": "tamper",
    "BD": "power_cut",
    "BR": "power_restored",
    "BL": "low_battery",
    "HB": "harsh_braking",
    "HA": "harsh_acceleration",
    "RT": "harsh_cornering",
    "OS": "overspeed",
}
_ALERTS: Final = {
    3: "power_cut",
    4: "low_battery",
    6: "power_restored",
    9: "tamper",
    10: "sos",
    13: "harsh_braking",
    14: "harsh_acceleration",
    15: "harsh_cornering",
    16: "tamper",
}
_QUIET_ALERTS: Final = frozenset({0, 1, 2, 5, 7, 8, 11, 12})
_IGNITION: Final = {"IN": True, "IF": False, "7": True, "07": True, "8": False, "08": False}
_BUFFERED: Final = {"H": True, "L": False, "SP": True, "NM": False}
_FIXES: Final = {"1": True, "A": True, "0": False, "V": False}
_LONGEST_TEXT: Final = 200
_BATTERY: Final = Input("battery_pct")
_RECEIVER: Final = ("speed_mps", "course_deg", "altitude_m", "hdop")


class Ais140(Codec, Encoder):
    """Location and emergency lines become positions, logins and health reports the device's status."""

    def __init__(self, profiles: Profiles[Ais140Profile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(Ais140Profile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """A reading for each line; a line that cannot be read refuses the message."""
        check_size(payload)
        try:
            lines = [line.strip() for line in payload.rstrip(b"\0").decode("ascii").splitlines() if line.strip()]
        except UnicodeDecodeError as error:
            raise DecodeError("not_text", "the line is not ASCII text") from error
        refuse_too_many(lines)
        if not lines:
            raise DecodeError("empty", "there is no line")
        return [self._line(line, received_at, device) for line in lines]

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """The line of one position in the common order, with a checksum by exclusive or."""
        (reading,) = readings
        if not isinstance(reading, Position) or reading.fix_time is None:
            raise InvalidInputError("reading", "AIS-140 only tells positions with a time")
        body = "$," + ",".join(_written(reading)) + ","
        return Message(f"ais140/{reading.device}/raw", f"{body}{xor8(body.encode()):02X}*".encode("ascii", "replace"))

    def _line(self, line: str, received_at: datetime, device: str) -> Reading:
        profile = self._profiles.of(device)
        parsed = parse_line(line, profile)
        if profile.checksum_policy != "off" and not checksum_holds(line, profile):
            if profile.checksum_policy == "strict":
                raise DecodeError("bad_checksum", "the line has no checksum, or another than its text")
            self.warnings["bad_checksum"] += 1
        identity = imei_identity(device, parsed.values["imei"])
        if parsed.tells_place:
            return _position(parsed.values, received_at, identity, profile)
        return _status(parsed.values, received_at, identity)


def _position(values: Mapping[str, str], received_at: datetime, device: str, profile: Ais140Profile) -> Position:
    told = {name: None if text in _BLANK else text for name, text in values.items()}
    found = Gathered()
    found.put_all(told, profile.inputs, _INPUTS)
    if profile.inputs:
        found.put_all(_bits(told.get("din") or ""), profile.inputs, {})
    _note_ignition(found, told)
    _note_alarms(found, told)
    place = {"longitude_deg": _angle(told, "longitude", "east", "W"), "latitude_deg": _angle(told, "latitude", "north", "S")}
    fix_valid = _FIXES.get(told.get("fix") or "")
    if not fix_valid and not any(place.values()):  # zeros all around are how the format says that it knows nothing
        place = dict.fromkeys((*place, *_RECEIVER))
    return found.position(
        device,
        _moment(told.get("date") or "", told.get("time") or ""),
        received_at,
        **place,
        fix_valid=fix_valid,
        buffered=_BUFFERED.get(told.get("status") or ""),
    )


def _bits(digits: str) -> dict[str, str]:
    return {f"din{index}": digit for index, digit in enumerate(digits, start=1)}


def _note_ignition(found: Gathered, told: Mapping[str, str | None]) -> None:
    """The event says it where the line has no field for it."""
    for name in ("type", "alert"):
        if "ignition" not in found.fields and (told.get(name) or "") in _IGNITION:
            found.fields["ignition"] = _IGNITION[told.get(name) or ""]


def _note_alarms(found: Gathered, told: Mapping[str, str | None]) -> None:
    alert = told.get("alert") or ""
    number = int(alert) if re.fullmatch(r"\d{1,3}", alert) else 0
    if kind := _TYPES.get(told.get("type") or ""):
        found.alarm(kind)
    if number not in _QUIET_ALERTS:
        found.alarm(_ALERTS.get(number, f"alert_{number}"))
    if told.get("sos") == "1":
        found.alarm("sos")
    if told.get("mains") == "0":
        found.alarm("power_cut")
    if told.get("box") == "O":
        found.alarm("tamper")


_ANGLES: Final = {"longitude": Input("longitude_deg"), "latitude": Input("latitude_deg")}


def _angle(told: Mapping[str, str | None], name: str, hemisphere: str, negative: str) -> float | None:
    """The letter decides; a vendor that writes the sign as well means it once."""
    degrees: float | None = _ANGLES[name].read(told.get(name))
    return -abs(degrees) if degrees is not None and (told.get(hemisphere) or "").upper() == negative else degrees


def _moment(date: str, time: str) -> datetime | None:
    """DDMMYYYY or DDMMYY, and HHMMSS, in UTC; all zeros are none."""
    if not (date + time).strip("0"):
        return None
    if len(date) not in {6, 8} or len(time) != 6 or not (date + time).isdigit():
        raise DecodeError("bad_time", f"{date[:20]!r} {time[:20]!r} is no date and time")
    year = int(date[4:]) + (0 if len(date) == 8 else 2000)
    try:
        return datetime(year, int(date[2:4]), int(date[:2]), int(time[:2]), int(time[2:4]), int(time[4:]), tzinfo=UTC)
    except ValueError as error:
        raise DecodeError("bad_time", f"{date!r} {time!r} is no date and time") from error


def _status(values: Mapping[str, str], received_at: datetime, device: str) -> DeviceStatus:
    firmware = values.get("firmware", "")[:_LONGEST_TEXT]
    return DeviceStatus(
        device,
        received_at,
        received_at,
        online=True,
        firmware=None if firmware in _BLANK else firmware,
        battery_pct=_BATTERY.read(values.get("battery")),
    )


def _written(position: Position) -> list[str]:
    assert position.fix_time is not None
    at = position.fix_time.astimezone(UTC)
    longitude, latitude = position.longitude_deg or 0.0, position.latitude_deg or 0.0
    values = {
        "header": "NRM",
        "vendor": "BEATWATCH",
        "firmware": "1",
        "type": "EA" if "sos" in position.alarms else "NR",
        "alert": "2" if position.buffered else "1",
        "status": "H" if position.buffered else "L",
        "imei": position.device if IMEI.fullmatch(position.device) else "0" * 15,
        "fix": str(int(bool(position.longitude_deg is not None and position.fix_valid is not False))),
        "date": at.strftime("%d%m%Y"),
        "time": at.strftime("%H%M%S"),
        "latitude": f"{abs(latitude):.6f}",
        "north": "S" if latitude < 0 else "N",
        "longitude": f"{abs(longitude):.6f}",
        "east": "W" if longitude < 0 else "E",
        "speed_kmh": _decimal(position.speed_mps, 3.6),
        "heading": _decimal(position.course_deg),
        "satellites": "" if position.satellites is None else str(position.satellites),
        "altitude": _decimal(position.altitude_m),
        "hdop": _decimal(position.hdop),
        "ignition": "" if position.ignition is None else str(int(position.ignition)),
        "mains": str(int("power_cut" not in position.alarms)),
        "mains_v": _decimal(position.external_v),
        "battery_v": _decimal(position.battery_v),
        "sos": str(int("sos" in position.alarms)),
        "box": "O" if "tamper" in position.alarms else "C",
        "din": "0000",
        "dout": "00",
    }
    frame = "" if position.seq is None else f"{position.seq % 1_000_000:06d}"
    return [values.get(name, "") for name in COMMON_ORDER] + [frame]


def _decimal(value: float | None, scale: float = 1.0) -> str:
    return "" if value is None else f"{value * scale:.2f}"
