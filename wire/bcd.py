"""Binary coded decimals: two digits a byte."""

from __future__ import annotations

from domain.errors import DecodeError


def bcd_digits(content: bytes) -> str:
    """The digits; `DecodeError` if a half of a byte is none."""
    digits = content.hex()
    if not digits.isdigit():
        raise DecodeError("bad_digits", f"{digits} is not made of decimal digits")
    return digits
