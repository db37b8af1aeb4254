"""Hashes, HMAC and HKDF against hashlib, hmac and ``cryptography``."""

import hashlib
import hmac
from typing import Literal

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

import corekey
from corekey import AlreadyFinalized, Hash, HmacKey, InvalidTag, Prk

Algorithm = Literal["sha256", "sha384", "sha512"]
NAMES: list[Algorithm] = ["sha256", "sha384", "sha512"]
ALGORITHMS = st.sampled_from(NAMES)
ALL = pytest.mark.parametrize("algorithm", NAMES)
DATA = st.binary(max_size=1000)
THEIRS: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@given(ALGORITHMS, st.lists(DATA, max_size=5))
def test_digests_are_hashlibs_whole_and_in_pieces(algorithm: Algorithm, parts: list[bytes]) -> None:
    expected = hashlib.new(algorithm, b"".join(parts)).digest()
    assert corekey.digest(b"".join(parts), algorithm) == expected
    state = Hash(algorithm)
    for part in parts:
        state.update(part)
    assert state.algorithm == algorithm
    assert state.finalize() == expected


@given(ALGORITHMS, DATA, st.lists(DATA, max_size=5))
def test_tags_are_hmacs_whole_and_in_pieces(
    algorithm: Algorithm, key: bytes, parts: list[bytes]
) -> None:
    data = b"".join(parts)
    expected = hmac.digest(key, data, algorithm)
    ready = HmacKey(key, algorithm)
    assert ready.algorithm == algorithm
    assert ready.sign(data) == expected
    ready.verify(data, expected)
    for _ in range(2):
        state = ready.start()
        for part in parts:
            state.update(part)
        assert state.algorithm == algorithm
        assert state.finalize() == expected
    state = ready.start()
    state.update(data)
    state.verify(expected)


def test_sha256_is_the_default() -> None:
    assert corekey.digest(b"x") == hashlib.sha256(b"x").digest()
    assert Hash().algorithm == HmacKey(b"x").algorithm == Prk(bytes(32)).algorithm == "sha256"
    assert corekey.hkdf(b"x", 32) == corekey.hkdf(b"x", 32, None, None, "sha256")


@given(ALGORITHMS, DATA, st.data())
def test_a_changed_tag_is_refused(algorithm: Algorithm, data: bytes, draw: st.DataObject) -> None:
    key = HmacKey(b"key", algorithm)
    tag = bytearray(key.sign(data))
    bit = draw.draw(st.integers(0, 8 * len(tag) - 1))
    tag[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidTag):
        key.verify(data, tag)
    state = key.start()
    state.update(data)
    with pytest.raises(InvalidTag):
        state.verify(tag)
    with pytest.raises(AlreadyFinalized):
        state.verify(tag)


@ALL
def test_a_tag_may_be_cut_to_half_and_not_further(algorithm: Algorithm) -> None:
    key = HmacKey(b"key", algorithm)
    tag = key.sign(b"data")
    half = len(tag) // 2
    for length in (half, half + 1, len(tag)):
        key.verify(b"data", tag[:length])
    for wrong in (b"", tag[: half - 1], tag + b"x"):
        with pytest.raises(ValueError, match=f"a tag has {half} to {len(tag)} bytes"):
            key.verify(b"data", wrong)
        state = key.start()
        with pytest.raises(ValueError, match="RFC 2104"):
            state.verify(wrong)
        state.update(b"data")
        state.verify(tag)


def test_what_is_finished_is_finished() -> None:
    state, mac = Hash(), HmacKey(b"key").start()
    state.finalize()
    mac.finalize()
    for call in (state.finalize, mac.finalize):
        with pytest.raises(AlreadyFinalized, match="make a new one"):
            call()
    for update in (state.update, mac.update):
        with pytest.raises(AlreadyFinalized):
            update(b"")


@given(ALGORITHMS, st.integers(1, 700), st.none() | DATA, st.none() | DATA, DATA)
def test_hkdf_is_that_of_cryptography(
    algorithm: Algorithm, length: int, salt: bytes | None, info: bytes | None, secret: bytes
) -> None:
    expected = HKDF(THEIRS[algorithm], length, salt, info).derive(secret)
    assert corekey.hkdf(secret, length, salt, info, algorithm) == expected
    prk = Prk.extract(secret, salt, algorithm)
    assert prk.algorithm == algorithm
    assert prk.expand(info or b"", length) == expected
    buf = bytearray(length)
    prk.expand_into(info or b"", buf)
    assert buf == expected


@given(ALGORITHMS, st.integers(1, 700), DATA, st.binary(min_size=64, max_size=100))
def test_expand_is_that_of_cryptography(
    algorithm: Algorithm, length: int, info: bytes, key: bytes
) -> None:
    expected = HKDFExpand(THEIRS[algorithm], length, info).derive(key)
    assert Prk(key, algorithm).expand(info, length) == expected


@ALL
def test_hkdf_gives_up_to_255_digests(algorithm: Algorithm) -> None:
    most = 255 * hashlib.new(algorithm).digest_size
    prk = Prk(bytes(64), algorithm)
    assert len(corekey.hkdf(b"x", most, algorithm=algorithm)) == most
    assert len(prk.expand(b"", most)) == most
    for length in (0, most + 1):
        with pytest.raises(ValueError, match=f"1 to {most} bytes, not {length}"):
            corekey.hkdf(b"x", length, algorithm=algorithm)
        with pytest.raises(ValueError, match=f"1 to {most} bytes, not {length}"):
            prk.expand(b"", length)
        buf = bytearray(b"\xa5" * length)
        with pytest.raises(ValueError, match=f"1 to {most} bytes, not {length}"):
            prk.expand_into(b"", buf)
        assert buf == b"\xa5" * length


@ALL
def test_a_pseudorandom_key_has_a_digests_length_at_least(algorithm: Algorithm) -> None:
    least = hashlib.new(algorithm).digest_size
    Prk(bytes(least), algorithm)
    for length in (0, 16, least - 1):
        with pytest.raises(ValueError, match=rf"{least} bytes or more, not {length}.*extract"):
            Prk(bytes(length), algorithm)


@pytest.mark.parametrize("wrong", ["md5", "SHA256", "sha-256", ""])
def test_other_algorithms_are_refused_by_name(wrong: Algorithm) -> None:
    for call in (
        lambda: corekey.digest(b"", wrong),
        lambda: Hash(wrong),
        lambda: HmacKey(b"", wrong),
        lambda: corekey.hkdf(b"", 1, algorithm=wrong),
        lambda: Prk(bytes(64), wrong),
        lambda: Prk.extract(b"", algorithm=wrong),
    ):
        with pytest.raises(ValueError, match="must be 'sha256', 'sha384' or 'sha512', not"):
            call()
    with pytest.raises(TypeError):
        corekey.digest(b"", 256)  # type: ignore[arg-type]


@given(DATA, DATA)
def test_equal_is_equality(a: bytes, b: bytes) -> None:
    assert corekey.equal(a, b) == (a == b)
    assert corekey.equal(a, bytearray(a))
    assert not corekey.equal(a, a + b"\0")


@pytest.mark.parametrize("length", [-1, 2**80, 1.5, "32", None])
def test_a_length_is_a_number_that_fits(length: int) -> None:
    with pytest.raises((TypeError, ValueError)):
        corekey.hkdf(b"x", length)
