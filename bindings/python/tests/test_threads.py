"""Threads and forks: whole results from many threads, the interpreter's lock where
it must be held, and objects that must not live in two processes."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import corekey
from corekey import (
    AESGCM,
    DeviceKey,
    FileStorage,
    Forked,
    HmacDrbg,
    HmacKey,
    Journal,
    Opener,
    Sealer,
)

LONG = bytes(48 << 20)
NONCE = bytes(12)


@pytest.fixture
def ticks() -> Iterator[list[float]]:
    """The times at which another thread got the interpreter's lock. It is never
    taken away from this one: with this interval it must be given."""
    times: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            times.append(time.perf_counter())
            time.sleep(0.0002)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield times
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(before)


def ran_meanwhile(ticks: list[float], call: Callable[[], object]) -> bool:
    start = time.perf_counter()
    call()
    end = time.perf_counter()
    return any(start < tick < end for tick in ticks)


SEALED = AESGCM(bytes(32)).encrypt(NONCE, LONG, None)
RELEASES: dict[str, Callable[[], object]] = {
    "digest": lambda: corekey.digest(LONG),
    "sign": lambda: HmacKey(b"key").sign(LONG),
    "encrypt": lambda: AESGCM(bytes(32)).encrypt(NONCE, LONG, None),
    "encrypt with aad": lambda: AESGCM(bytes(32)).encrypt(NONCE, LONG, b"aad"),
    "decrypt": lambda: AESGCM(bytes(32)).decrypt(NONCE, SEALED, None),
}
WRITABLE, OUT, AAD = bytearray(LONG), bytearray(len(LONG) + 16), bytearray(3)
HOLDS: dict[str, Callable[[], object]] = {
    "digest of what can change": lambda: corekey.digest(WRITABLE),
    "digest of a view of bytes": lambda: corekey.digest(memoryview(LONG)),
    "sign of what can change": lambda: HmacKey(b"key").sign(WRITABLE),
    "encrypt of what can change": lambda: AESGCM(bytes(32)).encrypt(NONCE, WRITABLE, None),
    "encrypt with aad that can change": lambda: AESGCM(bytes(32)).encrypt(NONCE, LONG, AAD),
    "encrypt to what can be read": lambda: AESGCM(bytes(32)).encrypt_into(NONCE, LONG, None, OUT),
    "decrypt to what can be read": lambda: AESGCM(bytes(32)).decrypt_into(
        NONCE, SEALED, None, WRITABLE
    ),
    "a state that others can use": lambda: corekey.Hash().update(LONG),
}


@pytest.mark.parametrize("call", RELEASES.values(), ids=RELEASES.keys())
def test_other_threads_run_during_long_work_on_bytes(
    ticks: list[float], call: Callable[[], object]
) -> None:
    assert any(ran_meanwhile(ticks, call) for _ in range(50))


@pytest.mark.parametrize("call", HOLDS.values(), ids=HOLDS.keys())
def test_no_other_thread_runs_while_it_could_write_or_read(
    ticks: list[float], call: Callable[[], object]
) -> None:
    assert not any(ran_meanwhile(ticks, call) for _ in range(3))


def test_other_threads_run_while_a_journal_waits_for_the_disk(
    ticks: list[float], tmp_path: Path
) -> None:
    key = DeviceKey(b"pump-7", 1, bytes(32))
    with Journal.provision(FileStorage.create(tmp_path / "journal"), key) as journal:
        assert any(ran_meanwhile(ticks, journal.next_boot) for _ in range(2000))


def test_one_key_serves_many_threads() -> None:
    aead, mac = AESGCM(bytes(32)), HmacKey(b"key")
    data = [bytes([i]) * (20_000 + i) for i in range(64)]
    expected = [(aead.encrypt(NONCE, d, None), mac.sign(d), corekey.digest(d)) for d in data]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            got = pool.map(
                lambda d: (aead.encrypt(NONCE, d, None), mac.sign(d), corekey.digest(d)), data
            )
            assert list(got) == expected


def test_many_threads_on_one_sealer_use_every_counter_once() -> None:
    key = DeviceKey(b"pump-7", 1, bytes(32))
    sealer, opener = Sealer.up(key, 1), Opener.first_contact(key)
    with ThreadPoolExecutor(8) as pool:
        messages = list(pool.map(lambda i: sealer.seal(bytes(i)), range(500)))
    counters = sorted(corekey.inspect(message).counter for message in messages)
    assert counters == list(range(500))
    messages.sort(key=lambda message: corekey.inspect(message).counter)
    for message in messages:
        opener.open(message)


def in_child(check: Callable[[], bool]) -> bool:
    """The answer of a check in a forked child."""
    pid = os.fork()
    if pid == 0:
        answer = 2
        try:
            answer = 0 if check() else 1
        finally:
            os._exit(answer)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def forked(call: Callable[[], object]) -> bool:
    try:
        call()
    except Forked:
        return True
    return False


def test_a_forked_sealer_or_generator_refuses_and_the_parents_goes_on() -> None:
    key = DeviceKey(b"pump-7", 1, bytes(32))
    up, down, drbg = Sealer.up(key, 1), Sealer.down(key, 1), HmacDrbg(os.urandom)
    calls: list[Callable[[], object]] = [
        lambda: up.seal(b""),
        lambda: up.seal_into(b"", bytearray(200)),
        lambda: down.seal(b""),
        lambda: drbg.generate(1),
        lambda: drbg.reseed(),
    ]
    assert in_child(lambda: all(forked(call) for call in calls))
    assert not any(forked(call) for call in calls)


def test_a_forked_journal_or_its_file_refuses_and_the_parents_goes_on(tmp_path: Path) -> None:
    key = DeviceKey(b"pump-7", 1, bytes(32))
    next_key = DeviceKey(b"pump-7", 2, bytes(range(32)))
    file = FileStorage.create(tmp_path / "other")
    path = tmp_path / "journal"
    journal = Journal.provision(FileStorage.create(path), key)
    boot = journal.next_boot()
    before = path.read_bytes()
    calls: list[Callable[[], object]] = [
        lambda: journal.next_boot(),
        lambda: journal.accept(b"pump-7", key.offer(next_key)),
        lambda: journal.device_key(b"pump-7"),
        lambda: journal.version,
        lambda: Journal.provision(file, key),
        lambda: Journal.open(file),
    ]

    def all_refuse() -> bool:
        with journal:
            return all(forked(call) for call in calls)

    assert in_child(all_refuse)
    assert path.read_bytes() == before
    with pytest.raises(BlockingIOError):
        FileStorage.open(path)
    assert journal.next_boot() == boot + 1
    assert journal.accept(b"pump-7", key.offer(next_key)) is not None
    Journal.provision(file, key).close()


def test_a_child_makes_its_own_and_its_child_again() -> None:
    key = DeviceKey(b"pump-7", 1, bytes(32))

    def grandchild_refuses() -> bool:
        sealer = Sealer.up(key, 1)
        sealer.seal(b"")
        return in_child(lambda: forked(lambda: sealer.seal(b"")))

    assert in_child(grandchild_refuses)
