"""The checksums of the formats, each named as in the catalogue of parametrised CRC algorithms."""

from __future__ import annotations

from typing import Final


def _table(polynomial: int) -> tuple[int, ...]:
    """The remainders of all bytes for a reflected 16-bit polynomial."""

    def remainder(byte: int) -> int:
        for _ in range(8):
            byte = (byte >> 1) ^ (polynomial if byte & 1 else 0)
        return byte

    return tuple(map(remainder, range(256)))


_ARC: Final = _table(0xA001)
_X25: Final = _table(0x8408)


def crc16_arc(content: bytes) -> int:
    """CRC-16/ARC, also called CRC-16/IBM: reflected 0xA001, from 0. Teltonika's."""
    crc = 0
    for byte in content:
        crc = (crc >> 8) ^ _ARC[(crc ^ byte) & 0xFF]
    return crc


def crc16_x25(content: bytes) -> int:
    """CRC-16/X-25, also called CRC-ITU: reflected 0x8408, from 0xFFFF, inverted. GT06's."""
    crc = 0xFFFF
    for byte in content:
        crc = (crc >> 8) ^ _X25[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFF


def xor8(content: bytes) -> int:
    """All bytes folded into one by exclusive or: half upon half of one long number, which is quicker than byte by byte."""
    folded = int.from_bytes(content, "big")
    width = 8 << max(len(content) - 1, 0).bit_length()
    while width > 8:
        width //= 2
        folded = (folded >> width) ^ (folded & ((1 << width) - 1))
    return folded
