"""Who wants to hear of what, where and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from domain.events import Severity

EVERY_RULE = "*"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One cell of a person's matrix: for a rule (or EVERY_RULE) and a channel, from which severity on. None: never."""

    person: str
    channel: str
    rule: str = EVERY_RULE
    address: str = ""
    least_severity: Severity | None = Severity.medium
    level: int = 0  # 0 hears at once, 1 when nobody acknowledged for a while, and so on
    territory: str | None = None  # only of what is inside this zone
    quiet_from: time | None = None  # local time; only what is critical comes through
    quiet_until: time | None = None
    time_zone: str = "UTC"
    wants_digest: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to one person on one channel, to be sent from a moment on. (alert, stage, person, channel) is there once."""

    org_id: int
    alert_id: int | None
    stage: str
    person: str
    channel: str
    address: str
    body: dict[str, object]
    send_at: datetime
