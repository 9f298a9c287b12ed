"""Every payload format by name: the one list that a new format is added to."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.errors import InvalidInputError
from domain.observations import Reading
from wire.ais140_lines import Ais140Profile
from wire.avl import TeltonikaProfile
from wire.codec import Codec, Encoder, Message, Profiles, ProfilesByDevice
from wire.codecs.ais140 import Ais140
from wire.codecs.beatwatch_cbor import BeatwatchCbor
from wire.codecs.beatwatch_json import BeatwatchJson
from wire.codecs.chirpstack import Chirpstack
from wire.codecs.gt06 import Gt06, Gt06Profile
from wire.codecs.owntracks import Owntracks, OwntracksProfile
from wire.codecs.senml_cbor import SenmlCbor
from wire.codecs.senml_json import SenmlJson
from wire.codecs.sparkplug import Sparkplug
from wire.codecs.teltonika import Teltonika
from wire.codecs.teltonika_json import TeltonikaJson
from wire.codecs.traccar import Traccar, TraccarProfile
from wire.codecs.ttn import Ttn
from wire.codecs.zigbee2mqtt import Zigbee2mqtt
from wire.senml import SenmlProfile
from wire.vendor_keys import KeysProfile


@dataclass(frozen=True, slots=True)
class Format:
    """A payload format: how to make a codec that consults these profiles, and what a profile of it is, if it has any."""

    make: Callable[[Profiles[Any]], Codec]
    profile: type[Any] | None = None


_PRINTABLE: Final = frozenset(bytes([byte]) for byte in range(0x20, 0x7F))


class JsonOr(Codec):
    """Two formats on one topic, told apart by the first byte: JSON, or the binary one.

    No binary format of ours begins with a letter, a digit or a sign: what does is text, refused as such if it is no reading.
    """

    def __init__(self, json: Codec, binary: Codec) -> None:
        super().__init__()
        self._json = json
        self._binary = binary
        self.warnings = json.warnings = binary.warnings
        self.times_relative_to_receipt = json.times_relative_to_receipt or binary.times_relative_to_receipt

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """As the format that the payload begins like."""
        is_text = payload[:1] in _PRINTABLE or payload.removeprefix(BOM_UTF8).lstrip()[:1] in {b"{", b"["}
        return (self._json if is_text else self._binary).decode(topic, payload, received_at, device)

    def take_replies(self) -> list[Message]:
        """What either wants published."""
        return self._json.take_replies() + self._binary.take_replies()


FORMATS: Final[Mapping[str, Format]] = {
    "beatwatch-json": Format(lambda _: BeatwatchJson()),
    "beatwatch-cbor": Format(lambda _: BeatwatchCbor()),
    "beatwatch": Format(lambda _: JsonOr(BeatwatchJson(), BeatwatchCbor())),
    "teltonika": Format(Teltonika, TeltonikaProfile),
    "teltonika-json": Format(TeltonikaJson, TeltonikaProfile),
    "teltonika-any": Format(lambda profiles: JsonOr(TeltonikaJson(profiles), Teltonika(profiles)), TeltonikaProfile),
    "ais140": Format(Ais140, Ais140Profile),
    "traccar": Format(Traccar, TraccarProfile),
    "owntracks": Format(Owntracks, OwntracksProfile),
    "senml-json": Format(SenmlJson, SenmlProfile),
    "senml-cbor": Format(SenmlCbor, SenmlProfile),
    "senml": Format(lambda profiles: JsonOr(SenmlJson(profiles), SenmlCbor(profiles)), SenmlProfile),
    "sparkplug": Format(Sparkplug, KeysProfile),
    "zigbee2mqtt": Format(Zigbee2mqtt, KeysProfile),
    "gt06": Format(Gt06, Gt06Profile),
    "chirpstack": Format(Chirpstack, KeysProfile),
    "ttn": Format(Ttn, KeysProfile),
}


def format_named(name: str) -> Format:
    """The format of that name; `InvalidInputError` if there is none."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InvalidInputError("format", f"{name!r} is none of {', '.join(FORMATS)}") from None


def codec(name: str, profiles: ProfilesByDevice | None = None, default: Any = None) -> Codec:
    """A new codec of that format. `profiles`, by device identity, is consulted at each message and may change meanwhile.

    Who is not in it has the profile `default`, or without one what the format usually means.
    """
    chosen = format_named(name)
    usual = None if chosen.profile is None else chosen.profile()
    return chosen.make(Profiles(usual if default is None else default, profiles))


def encoder(name: str) -> Encoder:
    """An encoder of that format; `InvalidInputError` if we only read it."""
    made = codec("beatwatch-json" if name == "beatwatch" else name)
    if not isinstance(made, Encoder):
        written = ", ".join(other for other in FORMATS if isinstance(codec(other), Encoder))
        raise InvalidInputError("format", f"{name!r} is only read; written are {written}")
    return made


def share_profiles(one: str, other: str) -> bool:
    """Whether a profile of one format is one of the other too, as with the two forms of Teltonika."""
    kinds = [FORMATS[name].profile if name in FORMATS else None for name in (one, other)]
    return kinds[0] is not None and kinds[0] is kinds[1]


def profile(name: str, settings: Mapping[str, Any]) -> Any:
    """The profile that settings, such as a database keeps, describe; `InvalidInputError` names the one that is wrong."""
    kind = format_named(name).profile
    if kind is None:
        raise InvalidInputError("profile", f"the format {name!r} has nothing to set")
    try:
        made = msgspec.convert(dict(settings), kind, strict=True, str_keys=True)
    except msgspec.ValidationError as error:
        raise InvalidInputError("profile", str(error)) from error
    if unknown := _unknown(settings, msgspec.to_builtins(made, str_keys=True)):
        raise InvalidInputError("profile", f"there is nothing called {unknown!r} to set")
    return made


def _unknown(given: Any, understood: Any) -> str | None:
    """The first member of `given`, at any depth, that nothing was made of."""
    if not isinstance(given, Mapping) or not isinstance(understood, Mapping):
        return None
    for name, value in given.items():
        if str(name) not in understood:
            return str(name)
        if (below := _unknown(value, understood[str(name)])) is not None:
            return f"{name}.{below}"
    return None
