"""AES-GCM against ``cryptography``, over lengths and kinds of arguments."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM as Theirs
from hypothesis import given
from hypothesis import strategies as st

from corekey import AESGCM, InvalidTag

KEYS = st.sampled_from([16, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
NONCES = st.binary(min_size=12, max_size=12)
DATA = st.binary(max_size=2000)
AAD = st.none() | st.binary(max_size=300)


@given(KEYS, NONCES, DATA, AAD)
def test_seals_and_opens_as_cryptography_does(
    key: bytes, nonce: bytes, data: bytes, aad: bytes | None
) -> None:
    sealed = AESGCM(key).encrypt(nonce, data, aad)
    assert sealed == Theirs(key).encrypt(nonce, data, aad)
    assert AESGCM(key).decrypt(nonce, sealed, aad) == data


@pytest.mark.parametrize("length", [16 * 1024 - 1, 16 * 1024, 100_000, 3_000_001])
def test_long_messages_are_those_of_cryptography(length: int) -> None:
    data = bytes(range(256)) * (length // 256) + bytes(length % 256)
    key, nonce = bytes(range(32)), bytes(12)
    sealed = AESGCM(key).encrypt(nonce, data, b"aad")
    assert sealed == Theirs(key).encrypt(nonce, data, b"aad")
    assert AESGCM(key).decrypt(nonce, sealed, b"aad") == data
    assert AESGCM(key).encrypt(nonce, bytearray(data), b"aad") == sealed


@given(KEYS, NONCES, st.binary(max_size=100), AAD, st.data())
def test_any_changed_bit_is_refused_and_the_output_is_zeros(
    key: bytes, nonce: bytes, data: bytes, aad: bytes | None, draw: st.DataObject
) -> None:
    aead = AESGCM(key)
    sealed = bytearray(aead.encrypt(nonce, data, aad))
    bit = draw.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidTag):
        aead.decrypt(nonce, sealed, aad)
    buf = bytearray(b"\xa5" * len(data))
    with pytest.raises(InvalidTag):
        aead.decrypt_into(nonce, sealed, aad, buf)
    assert buf == bytes(len(data))


@given(KEYS, NONCES, DATA, AAD)
def test_into_a_buffer_and_in_place_give_the_same(
    key: bytes, nonce: bytes, data: bytes, aad: bytes | None
) -> None:
    aead = AESGCM(key)
    sealed = aead.encrypt(nonce, data, aad)
    buf = bytearray(len(sealed))
    assert aead.encrypt_into(nonce, data, aad, buf) == len(sealed)
    assert buf == sealed

    place = bytearray(data) + bytes(16)
    front = memoryview(place)[: len(data)]
    assert aead.encrypt_into(nonce, front, aad, place) == len(sealed)
    assert place == sealed
    assert aead.decrypt_into(nonce, place, aad, front) == len(data)
    assert place == data + sealed[len(data) :]

    opened = bytearray(len(data))
    assert aead.decrypt_into(nonce, sealed, aad, opened) == len(data)
    assert opened == data


def test_a_refused_message_in_place_becomes_zeros() -> None:
    aead = AESGCM(bytes(16))
    place = bytearray(aead.encrypt(bytes(12), b"plaintext", None))
    place[3] ^= 1
    tag = place[9:]
    with pytest.raises(InvalidTag):
        aead.decrypt_into(bytes(12), place, None, memoryview(place)[:9])
    assert place == bytes(9) + tag


def test_none_and_nothing_are_the_same_associated_data() -> None:
    aead = AESGCM(bytes(32))
    assert aead.encrypt(bytes(12), b"x", None) == aead.encrypt(bytes(12), b"x", b"")


@pytest.mark.parametrize("length", [0, 1, 15, 17, 24, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(
        ValueError, match="AES-192 is not offered" if length == 24 else f"not {length}"
    ):
        AESGCM(bytes(length))


@pytest.mark.parametrize("length", [0, 8, 11, 13, 16])
def test_a_nonce_of_another_length_is_refused(length: int) -> None:
    aead, nonce = AESGCM(bytes(16)), bytes(length)
    calls: list[Callable[[], object]] = [
        lambda: aead.encrypt(nonce, b"", None),
        lambda: aead.decrypt(nonce, bytes(16), None),
        lambda: aead.encrypt_into(nonce, b"", None, bytearray(16)),
        lambda: aead.decrypt_into(nonce, bytes(16), None, bytearray()),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"a nonce has 12 bytes, not {length}"):
            call()


@pytest.mark.parametrize("length", range(16))
def test_what_is_shorter_than_a_tag_is_not_authentic(length: int) -> None:
    aead = AESGCM(bytes(16))
    with pytest.raises(InvalidTag):
        aead.decrypt(bytes(12), bytes(length), None)
    with pytest.raises(InvalidTag):
        aead.decrypt_into(bytes(12), bytes(length), None, bytearray())


@pytest.mark.parametrize("wrong", [0, 18, 20, 100])
def test_a_buffer_of_another_length_is_refused_and_not_written(wrong: int) -> None:
    aead, buf = AESGCM(bytes(16)), bytearray(b"\xa5" * wrong)
    with pytest.raises(ValueError, match=f"19 bytes long, not {wrong}"):
        aead.encrypt_into(bytes(12), b"abc", None, buf)
    with pytest.raises(ValueError, match="bytes long"):
        aead.decrypt_into(bytes(12), bytes(19), None, buf)
    assert buf == b"\xa5" * wrong


def test_keys_are_generated_of_both_lengths_and_differ() -> None:
    assert len(AESGCM.generate_key(128)) == 16
    assert len(AESGCM.generate_key(256)) == 32
    assert AESGCM.generate_key(256) != AESGCM.generate_key(256)
    with pytest.raises(ValueError, match="AES-192 is not offered"):
        AESGCM.generate_key(192)
    for other in [0, -1, 16, 127, 512, 2**62]:
        with pytest.raises(ValueError, match="128 or 256"):
            AESGCM.generate_key(other)
    with pytest.raises(TypeError):
        AESGCM.generate_key("256")  # type: ignore[arg-type]
