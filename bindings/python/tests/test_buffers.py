"""Which objects lend their memory, and how calls that write to it keep apart."""

import mmap
import os
import signal
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import corekey
from corekey import AESGCM, DeviceKey, HmacKey, Opener, Prk, Sealer, WrapKey

DATA = bytes(range(64))
NONCE = bytes(12)


def mapped(tmp_path: Path) -> mmap.mmap:
    file = tmp_path / "data"
    file.write_bytes(DATA)
    with file.open("r+b") as handle:
        return mmap.mmap(handle.fileno(), 0)


def kinds(tmp_path: Path) -> dict[str, Any]:
    return {
        "bytes": DATA,
        "bytearray": bytearray(DATA),
        "memoryview": memoryview(DATA),
        "memoryview of a part": memoryview(b"x" + DATA + b"x")[1:-1],
        "array of bytes": array("B", DATA),
        "array of 32-bit numbers": array("I", DATA),
        "numpy bytes": np.frombuffer(DATA, dtype=np.uint8),
        "numpy floats": np.frombuffer(DATA, dtype=np.float32),
        "numpy matrix": np.frombuffer(DATA, dtype=np.uint8).reshape(8, 8),
        "mmap": mapped(tmp_path),
    }


def test_every_kind_of_buffer_gives_the_same(tmp_path: Path) -> None:
    aead = AESGCM(bytes(32))
    sealed = aead.encrypt(NONCE, DATA, DATA)
    tag = HmacKey(DATA).sign(DATA)
    for name, data in kinds(tmp_path).items():
        assert corekey.digest(data) == corekey.digest(DATA), name
        assert aead.encrypt(NONCE, data, data) == sealed, name
        assert HmacKey(data).sign(data) == tag, name
        assert corekey.equal(data, DATA), name
        buf = bytearray(80)
        aead.encrypt_into(NONCE, data, data, buf)
        assert buf == sealed, name


def test_every_kind_of_writable_buffer_is_written(tmp_path: Path) -> None:
    aead = AESGCM(bytes(32))
    sealed = aead.encrypt(NONCE, DATA, None)
    outs: list[Any] = [
        bytearray(64),
        memoryview(bytearray(64)),
        array("B", bytes(64)),
        array("I", bytes(64)),
        np.zeros(64, dtype=np.uint8),
        np.zeros((4, 4), dtype=np.float32),
        mapped(tmp_path),
    ]
    for out in outs:
        assert aead.decrypt_into(NONCE, sealed, None, out) == 64
        assert bytes(memoryview(out).cast("B")) == DATA, type(out)


def test_what_is_read_only_cannot_be_an_output() -> None:
    read_only = np.zeros(64, dtype=np.uint8)
    read_only.flags.writeable = False
    sealed = AESGCM(bytes(32)).encrypt(NONCE, DATA, None)
    outs: list[Any] = [bytes(64), memoryview(bytes(64)), read_only]
    for out in outs:
        with pytest.raises(TypeError, match="cannot be written to: give a bytearray"):
            AESGCM(bytes(32)).decrypt_into(NONCE, sealed, None, out)
        assert bytes(out) == bytes(64)


def test_what_is_not_contiguous_is_refused() -> None:
    strided: list[Any] = [
        memoryview(DATA)[::2],
        memoryview(DATA)[::-1],
        np.frombuffer(DATA, dtype=np.uint8)[::2],
        np.frombuffer(DATA, dtype=np.uint8).reshape(8, 8).T,
        np.frombuffer(DATA, dtype=np.uint8).reshape(8, 8)[:, 1:3],
    ]
    for data in strided:
        with pytest.raises(BufferError, match="is not contiguous in memory: pass bytes"):
            corekey.digest(data)
        with pytest.raises(BufferError, match="is not contiguous in memory"):
            AESGCM(bytes(32)).encrypt(NONCE, b"", data)
    with pytest.raises(BufferError, match="is not contiguous in memory"):
        AESGCM(bytes(32)).encrypt_into(NONCE, b"", None, memoryview(bytearray(32))[::2])


@pytest.mark.parametrize("wrong", ["text", 12, None, [1, 2], object(), 1.5])
def test_what_is_no_buffer_is_refused_by_name(wrong: Any) -> None:
    aead = AESGCM(bytes(32))
    calls: list[Callable[[], object]] = [
        lambda: AESGCM(wrong),
        lambda: aead.encrypt(wrong, b"", None),
        lambda: aead.encrypt(NONCE, wrong, None),
        lambda: aead.encrypt_into(NONCE, b"", None, wrong),
        lambda: corekey.digest(wrong),
        lambda: corekey.Hash().update(wrong),
        lambda: HmacKey(wrong),
        lambda: corekey.hkdf(wrong, 32),
        lambda: WrapKey(wrong),
        lambda: corekey.Root(wrong),
        lambda: DeviceKey(wrong, 1, bytes(32)),
        lambda: corekey.inspect(wrong),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="a bytes-like object is needed, not"):
            call()


def test_text_is_told_to_be_encoded() -> None:
    with pytest.raises(TypeError, match=r"(?s)not str.*text\.encode\(\).*'data'"):
        AESGCM(bytes(32)).encrypt(NONCE, "text", None)  # type: ignore[arg-type]


def test_a_released_view_says_so() -> None:
    view = memoryview(bytearray(8))
    view.release()
    with pytest.raises(ValueError, match="released"):
        corekey.digest(view)


def test_a_buffer_is_given_back_after_success_and_failure() -> None:
    data, buf = bytearray(16), bytearray(32)
    aead = AESGCM(bytes(32))
    aead.encrypt_into(NONCE, data, data, buf)
    with pytest.raises(corekey.InvalidTag):
        aead.decrypt(NONCE, buf[:-1], data)
    with pytest.raises(TypeError):
        aead.encrypt(NONCE, data, 7)  # type: ignore[arg-type]
    data.append(0)
    buf.append(0)


@pytest.mark.parametrize("shift", [1, 8, 15])
def test_input_and_output_may_not_overlap_in_part(shift: int) -> None:
    aead = AESGCM(bytes(32))
    memory = bytearray(DATA) + bytes(64)
    before = bytes(memory)
    view = memoryview(memory)
    with pytest.raises(ValueError, match="start exactly where data starts"):
        aead.encrypt_into(NONCE, view[shift : shift + 32], None, view[:48])
    with pytest.raises(ValueError, match="start exactly where data starts"):
        aead.encrypt_into(NONCE, view[:32], None, view[shift : shift + 48])
    with pytest.raises(ValueError, match="start exactly where data starts"):
        aead.decrypt_into(NONCE, view[:48], None, view[shift : shift + 32])
    assert memory == before


def test_nothing_but_data_may_overlap_the_output() -> None:
    aead = AESGCM(bytes(32))
    memory = bytearray(128)
    view = memoryview(memory)
    overlaps: list[Callable[[], object]] = [
        lambda: aead.encrypt_into(view[20:32], DATA[:16], None, view[:32]),
        lambda: aead.encrypt_into(NONCE, DATA[:16], view[31:40], view[:32]),
        lambda: aead.encrypt_into(NONCE, view[:16], view[:1], view[:32]),
        lambda: aead.decrypt_into(NONCE, DATA[:48], view[:1], view[:32]),
        lambda: Prk(bytes(32)).expand_into(view[:8], view[7:40]),
        lambda: WrapKey(bytes(16)).unwrap_into(view[:24], view[23:39]),
        lambda: WrapKey(bytes(16)).unwrap_with_padding_into(view[:24], view[:16]),
    ]
    key = DeviceKey(b"pump-7", 1, bytes(32))
    sealer = Sealer.up(key, 1)
    overlaps += [
        lambda: sealer.seal_into(view[:8], view[4:128]),
        lambda: sealer.seal_into(b"", view, external_aad=view[100:101]),
    ]
    for call in overlaps:
        with pytest.raises(ValueError, match="buf overlaps another argument"):
            call()
    assert sealer.next_counter == 0
    message = bytearray(sealer.seal(b"payload"))
    with pytest.raises(ValueError, match="buf overlaps another argument"):
        Opener.first_contact(key).open_into(message, message)
    assert memory == bytes(128)


def test_neighbours_do_not_overlap() -> None:
    aead = AESGCM(bytes(32))
    memory = bytearray(DATA)
    view = memoryview(memory)
    sealed = aead.encrypt(DATA[:12], DATA[12:20], DATA[44:])
    assert aead.encrypt_into(view[:12], view[12:20], view[44:], view[20:44]) == 24
    assert memory[20:44] == sealed
    assert memory[:20] == DATA[:20] and memory[44:] == DATA[44:]


LONG = bytes(range(256)) * 4096


@contextmanager
def flickering(data: bytes) -> Iterator[mmap.mmap]:
    """Shared memory with data, of which another process changes one byte without
    end. It is near the end: what reads the memory twice comes there late."""
    memory = mmap.mmap(-1, len(data))
    memory[:] = data
    place = len(data) - 100
    first, second = data[place], data[place] ^ 0xFF
    pid = os.fork()
    if pid == 0:
        while os.getppid() != 1:
            for _ in range(1000):
                memory[place] = second
                memory[place] = first
        os._exit(0)
    try:
        yield memory
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_what_is_opened_is_what_was_verified_though_the_input_changes() -> None:
    aead, key = AESGCM(bytes(32)), DeviceKey(b"pump-7", 1, bytes(32))
    out = bytearray(len(LONG))

    def decrypted_into(data: mmap.mmap) -> bytes:
        aead.decrypt_into(NONCE, data, None, out)
        return bytes(out)

    def opened_into(data: mmap.mmap) -> bytes:
        Opener.first_contact(key).open_into(data, out)
        return bytes(out)

    sealed, message = aead.encrypt(NONCE, LONG, None), Sealer.up(key, 1).seal(LONG)
    calls: list[tuple[bytes, Callable[[mmap.mmap], bytes]]] = [
        (sealed, lambda data: aead.decrypt(NONCE, data, None)),
        (sealed, decrypted_into),
        (message, lambda data: Opener.first_contact(key).open(data)[0]),
        (message, opened_into),
    ]
    for what, call in calls:
        with flickering(what) as data:
            for _ in range(100):
                try:
                    assert call(data) == LONG
                except corekey.VerificationError:
                    continue


def test_what_is_sealed_opens_though_the_input_changes() -> None:
    aead, key = AESGCM(bytes(32)), DeviceKey(b"pump-7", 1, bytes(32))
    out = bytearray(len(LONG) + 16)
    with flickering(LONG) as data:
        for _ in range(30):
            aead.decrypt(NONCE, aead.encrypt(NONCE, data, None), None)
            aead.encrypt_into(NONCE, data, None, out)
            aead.decrypt(NONCE, bytes(out), None)
            Opener.first_contact(key).open(Sealer.up(key, 1).seal(data))


@pytest.mark.parametrize("length", [0, 1, 4095, 4096, 4097, 10_000])
def test_what_can_change_is_hashed_and_sealed_alike_at_every_length(length: int) -> None:
    data = LONG[1 : 1 + length]
    view, mac = memoryview(bytearray(data)), HmacKey(DATA)
    assert corekey.digest(view, "sha512") == corekey.digest(data, "sha512")
    assert mac.sign(view) == mac.sign(data)
    mac.verify(view, bytearray(mac.sign(data)))
    with pytest.raises(corekey.InvalidTag):
        mac.verify(view, bytes(32))
    hashed, started = corekey.Hash(), mac.start()
    hashed.update(view)
    started.update(view)
    assert (hashed.finalize(), started.finalize()) == (corekey.digest(data), mac.sign(data))
    key = DeviceKey(b"pump-7", 1, bytes(32))
    one, other = Sealer.up(key, 1, b""), Sealer.up(key, 1, b"")
    for _ in range(2):
        message = one.seal(data, "compact", bytearray(b"aad"))
        assert message == other.seal(view, "compact", b"aad")
    opener = Opener.first_contact(key)
    sealed = Sealer.up(key, 2).seal(view)
    assert opener.open(bytearray(sealed))[0] == data


def test_an_argument_may_be_lent_while_a_source_in_python_runs() -> None:
    additional = bytearray(b"additional")

    def entropy(length: int) -> bytes:
        additional[:] = os.urandom(len(additional))
        return bytes(i ^ additional[0] for i in range(length))

    generator = corekey.HmacDrbg(entropy, additional)
    generator.reseed(additional)
    assert len(generator.generate(32, additional)) == 32
