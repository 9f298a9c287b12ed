"""Which payload profile holds for which device, as codecs consult it at each message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import structlog

from domain.errors import InvalidInputError
from ingest.decoding import identity_format
from store.payload_profiles import ProfiledDevice
from wire.codec import Codec
from wire.registry import FORMATS, codec, profile, share_profiles
from wire.topics import Route

_log = structlog.get_logger()
_IDENTITY_FORMATS: Final = tuple(dict.fromkeys(identity_format(name) for name in FORMATS))
_Key = tuple[str, str | None, str]  # format, tenant if the topic names one, and what the device is called there


class DeviceProfiles:
    """The profiles by format, tenant and identity. Codecs made here see every change at their next message."""

    def __init__(self) -> None:
        self._held: dict[_Key, Any] = {}

    def codec(self, route: Route) -> Codec:
        """A codec for what comes by this route, which consults the profiles of its format and tenant."""
        return codec(route.format, _Profiles(self, identity_format(route.format), route.tenant))

    def find(self, key: _Key) -> Any:
        """The profile that holds, or None."""
        return self._held.get(key)

    def replace(self, devices: Iterable[ProfiledDevice]) -> None:
        """Let these profiles hold and no others. One that no longer fits its format is logged and left out.

        Of several for one device its own comes before its model's, and one of the very format before a sibling's.
        """
        found: list[tuple[bool, bool, _Key, Any]] = []
        for device in devices:
            try:
                made = profile(device.format, device.settings)
            except InvalidInputError as error:
                _log.warning("a payload profile cannot be used", format=device.format, reason=str(error))
                continue
            found += [(device.scope == "device", key[0] == device.format, key, made) for key in _keys(device)]
        self._held = {key: made for _, _, key, made in sorted(found, key=lambda one: one[:2])}


def _keys(device: ProfiledDevice) -> Iterator[_Key]:
    """All that a message may call the device in a format that the profile serves."""
    for name in _IDENTITY_FORMATS:
        if share_profiles(name, device.format):
            yield name, device.organisation, device.device_key
            if name == device.identity_format and device.external_id is not None:
                yield name, None, device.external_id
                yield name, device.organisation, device.external_id


class _Profiles:
    """The profiles of one format and tenant by device, as they are at the moment of asking."""

    def __init__(self, profiles: DeviceProfiles, format_name: str, tenant: str | None) -> None:
        self._profiles = profiles
        self._where = format_name, tenant

    def get(self, device: str, default: Any, /) -> Any:
        """The device's profile, or `default`."""
        found = self._profiles.find((*self._where, device))
        return default if found is None else found
