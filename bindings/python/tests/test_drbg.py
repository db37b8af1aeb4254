"""HMAC-DRBG over sources in Python; CAVP's vectors run in the conformance suite."""

import os
from collections.abc import Callable

import pytest

from corekey import EntropyFailed, HmacDrbg


def scripted(*blocks: bytes) -> Callable[[int], bytes]:
    rest = iter(blocks)
    return lambda length: next(rest)


def test_the_same_entropy_gives_the_same_bytes_and_all_else_differs() -> None:
    seed, other = os.urandom(48), os.urandom(48)
    first = HmacDrbg(scripted(seed)).generate(100)
    assert HmacDrbg(scripted(seed)).generate(100) == first
    assert HmacDrbg(scripted(other)).generate(100) != first
    assert HmacDrbg(scripted(seed), b"personal").generate(100) != first
    assert HmacDrbg(scripted(seed)).generate(100, b"additional") != first
    drbg = HmacDrbg(scripted(seed, other))
    drbg.reseed()
    assert drbg.generate(100) != first


def test_the_source_is_asked_for_48_bytes() -> None:
    asked = []

    def source(length: int) -> bytearray:
        asked.append(length)
        return bytearray(os.urandom(length))

    drbg = HmacDrbg(source)
    drbg.reseed(b"additional")
    assert asked == [48, 48]
    assert len(drbg.generate(65536)) == 65536
    assert drbg.generate(0) == b""


def test_a_long_request_is_refused() -> None:
    drbg = HmacDrbg(os.urandom)
    with pytest.raises(ValueError, match="up to 65536 bytes, not 65537"):
        drbg.generate(65537)


def test_a_source_that_raises_is_the_cause() -> None:
    def broken(length: int) -> bytes:
        raise OSError("no generator")

    with pytest.raises(EntropyFailed) as caught:
        HmacDrbg(broken)
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("answer", [b"", bytes(47), bytes(49), "x" * 48, None, 48])
def test_a_source_that_gives_something_else_is_refused(answer: bytes) -> None:
    with pytest.raises(EntropyFailed) as caught:
        HmacDrbg(lambda length: answer)
    assert isinstance(caught.value.__cause__, (ValueError, TypeError))


def test_a_source_that_repeats_is_refused_and_the_generator_goes_on() -> None:
    with pytest.raises(EntropyFailed, match="check the source") as caught:
        HmacDrbg(lambda length: bytes(length))
    assert caught.value.__cause__ is None
    seed = os.urandom(48)
    drbg, twin = HmacDrbg(scripted(seed, seed)), HmacDrbg(scripted(seed))
    with pytest.raises(EntropyFailed):
        drbg.reseed()
    assert drbg.generate(32) == twin.generate(32)


def test_an_interrupt_in_the_source_stays_an_interrupt() -> None:
    def interrupted(length: int) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        HmacDrbg(interrupted)


def test_a_source_that_uses_its_generator_is_refused() -> None:
    generators: list[HmacDrbg] = []

    def source(length: int) -> bytes:
        return generators[0].generate(length) if generators else os.urandom(length)

    generators.append(HmacDrbg(source))
    with pytest.raises(EntropyFailed) as caught:
        generators[0].reseed()
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert len(generators[0].generate(8)) == 8
