"""Key wrap against ``cryptography``."""

import pytest
from cryptography.hazmat.primitives import keywrap
from hypothesis import given
from hypothesis import strategies as st

from corekey import InvalidUnwrap, WrapKey

KEKS = st.sampled_from([16, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
WHOLE = st.integers(2, 20).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n))
ANY = st.binary(min_size=1, max_size=100)


@given(KEKS, WHOLE)
def test_kw_is_that_of_cryptography(kek: bytes, key: bytes) -> None:
    wrapped = WrapKey(kek).wrap(key)
    assert wrapped == keywrap.aes_key_wrap(kek, key)
    assert WrapKey(kek).unwrap(wrapped) == key
    buf = bytearray(b"\xa5" * (len(key) + 3))
    assert WrapKey(kek).unwrap_into(wrapped, buf) == len(key)
    assert buf == key + b"\xa5" * 3


@given(KEKS, ANY)
def test_kwp_is_that_of_cryptography(kek: bytes, key: bytes) -> None:
    wrapped = WrapKey(kek).wrap_with_padding(key)
    assert wrapped == keywrap.aes_key_wrap_with_padding(kek, key)
    assert WrapKey(kek).unwrap_with_padding(wrapped) == key
    buf = bytearray(b"\xa5" * len(wrapped))
    assert WrapKey(kek).unwrap_with_padding_into(wrapped, buf) == len(key)
    assert buf == key + bytes(len(wrapped) - 8 - len(key)) + b"\xa5" * 8


@given(KEKS, WHOLE, st.data())
def test_any_changed_bit_is_refused_and_the_output_is_zeros(
    kek: bytes, key: bytes, draw: st.DataObject
) -> None:
    wrapping = WrapKey(kek)
    for wrap, unwrap, unwrap_into in (
        (wrapping.wrap, wrapping.unwrap, wrapping.unwrap_into),
        (
            wrapping.wrap_with_padding,
            wrapping.unwrap_with_padding,
            wrapping.unwrap_with_padding_into,
        ),
    ):
        wrapped = bytearray(wrap(key))
        bit = draw.draw(st.integers(0, 8 * len(wrapped) - 1))
        wrapped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidUnwrap, match="another wrapping key, or changed bytes"):
            unwrap(wrapped)
        buf = bytearray(b"\xa5" * len(wrapped))
        with pytest.raises(InvalidUnwrap):
            unwrap_into(wrapped, buf)
        assert buf == bytes(len(key)) + b"\xa5" * 8


@pytest.mark.parametrize("length", [0, 15, 17, 24, 31, 33])
def test_a_wrapping_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"16 or 32 bytes, not {length}"):
        WrapKey(bytes(length))


def test_lengths_that_cannot_be_wrapped_are_refused() -> None:
    wrapping = WrapKey(bytes(16))
    for length in (0, 8, 15, 17, 20):
        with pytest.raises(ValueError, match=f"not {length}: wrap_with_padding"):
            wrapping.wrap(bytes(length))
    with pytest.raises(ValueError, match="1 to .* bytes, not 0"):
        wrapping.wrap_with_padding(b"")
    for length in (0, 8, 16, 23, 25):
        with pytest.raises(ValueError, match=f"24 or more, not {length}"):
            wrapping.unwrap(bytes(length))
    for length in (0, 8, 15, 17):
        with pytest.raises(ValueError, match=f"16 or more, not {length}"):
            wrapping.unwrap_with_padding(bytes(length))


def test_a_short_buffer_is_told_its_length_and_not_written() -> None:
    wrapping, buf = WrapKey(bytes(16)), bytearray(b"\xa5" * 15)
    for unwrap_into, wrapped in (
        (wrapping.unwrap_into, wrapping.wrap(bytes(16))),
        (wrapping.unwrap_with_padding_into, wrapping.wrap_with_padding(bytes(9))),
    ):
        with pytest.raises(ValueError, match="too small: 16 bytes are needed"):
            unwrap_into(wrapped, buf)
    assert buf == b"\xa5" * 15
