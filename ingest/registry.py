"""What ingest remembers of the device registry, so that most batches ask the database nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from store.devices import Identity, KnownDevice
from store.telemetry_writer import TelemetryWriter

_REMEMBERED: Final = 500_000


class Registry:
    """Resolves senders to devices; with `adopt`, one that is unknown is registered in its tenant or in `default_slug`."""

    def __init__(self, writer: TelemetryWriter, *, adopt: bool, default_slug: str) -> None:
        self._writer = writer
        self._adopt = adopt
        self._default_slug = default_slug
        self._known: dict[Identity, KnownDevice] = {}

    def resolve(self, senders: Iterable[Identity]) -> dict[Identity, KnownDevice]:
        """The devices of `senders`; who is unknown and not adopted is not in the answer. Raises UnavailableError."""
        wanted = set(senders)
        if self._writer.devices_changed():
            self._known.clear()
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        missing = sorted(
            wanted - self._known.keys(), key=lambda sender: (sender.tenant or "", sender.format, sender.external_id)
        )
        if missing:
            self._known |= self._writer.find(missing)
        unknown = [sender for sender in missing if sender not in self._known]
        if unknown and self._adopt:
            self._known |= self._writer.adopt(unknown, self._default_slug)
        return {sender: self._known[sender] for sender in wanted if sender in self._known}
