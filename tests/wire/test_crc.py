from functools import reduce
from operator import xor

from hypothesis import given
from hypothesis import strategies as st

from wire.crc import crc16_arc, crc16_x25, xor8


def test_the_check_values_of_the_catalogue() -> None:
    assert crc16_arc(b"123456789") == 0xBB3D
    assert crc16_x25(b"123456789") == 0x906E
    assert xor8(b"123456789") == 0x31
    assert crc16_arc(b"") == 0


@given(st.binary(max_size=70))
def test_folding_is_the_same_as_byte_by_byte(content: bytes) -> None:
    assert xor8(content) == reduce(xor, content, 0)
