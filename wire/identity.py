"""Whose message it is, where topic and payload may both say so."""

from __future__ import annotations

import re
from typing import Final

from domain.errors import DecodeError

IMEI: Final = re.compile(r"\d{15}", re.ASCII)


def imei_identity(topic_device: str, imei: str) -> str:
    """The device: as the topic names it, for that is what the broker guards, else the IMEI of the payload.

    A topic that names one IMEI and a payload that claims another are a `DecodeError`.
    """
    if topic_device and imei and IMEI.fullmatch(topic_device) and topic_device != imei:
        raise DecodeError("identity_mismatch", f"the topic is {topic_device}'s and the payload {imei}'s")
    return topic_device or imei


def same_identity(topic_device: str, payload_device: str) -> str:
    """The device: as the topic names it, else the payload; `DecodeError` if they differ by more than case.

    The topic's may have the installation before it, `north:crate-1`, for names that repeat.
    """
    named = topic_device.lower()
    if named and named != payload_device.lower() and not named.endswith(f":{payload_device.lower()}"):
        raise DecodeError("identity_mismatch", f"the topic is {topic_device}'s and the payload {payload_device}'s")
    return topic_device or payload_device
