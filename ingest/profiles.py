"""Which payload profile holds for which device, as codecs consult it at each message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from domain.errors import InvalidInputError
from ingest.decoding import identity_format
from store.payload_profiles import ProfiledDevice
from wire.codec import Codec
from wire.registry import codec, profile, share_profiles

_log = structlog.get_logger()


class DeviceProfiles:
    """The profiles by format and identity. Codecs made here see every change at their next message."""

    def __init__(self) -> None:
        self._by_format: dict[str, dict[str, Any]] = {}

    def codec(self, format_name: str) -> Codec:
        """A codec that consults the profiles of its format."""
        return codec(format_name, self._by_format.setdefault(identity_format(format_name), {}))

    def replace(self, devices: Iterable[ProfiledDevice]) -> None:
        """Let these profiles hold and no others. One that no longer fits its format is logged and left out."""
        for held in self._by_format.values():
            held.clear()
        for device in devices:
            if not share_profiles(device.identity_format, device.format):
                continue
            try:
                made = profile(device.format, device.settings)
            except InvalidInputError as error:
                _log.warning("a payload profile cannot be used", format=device.format, reason=str(error))
                continue
            self._by_format.setdefault(device.identity_format, {})[device.external_id] = made
