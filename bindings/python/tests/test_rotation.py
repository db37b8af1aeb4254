"""Rotation offers, and the boot journal in files and in models of flash."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import corekey
from corekey import (
    AlreadyFinalized,
    BadOffer,
    DeviceKey,
    FileStorage,
    Journal,
    Opener,
    Root,
    Sealer,
    StateLost,
    StorageFailed,
    Unreadable,
)

ROOT = Root(bytes(range(32)))
OLD, NEW = ROOT.device_key(b"pump-7", 1), ROOT.device_key(b"pump-7", 2)


def test_an_offer_brings_the_next_key() -> None:
    offer = OLD.offer(NEW)
    assert len(offer) == 48 and offer == OLD.offer(NEW)
    got = OLD.accept(bytearray(offer))
    assert got is not None
    assert (got.device_id, got.version, got.expose()) == (b"pump-7", 2, NEW.expose())
    assert got.accept(offer) is None


def test_an_offer_to_another_or_changed_is_refused() -> None:
    for current, following in (
        (NEW, OLD),
        (OLD, OLD),
        (OLD, ROOT.device_key(b"pump-8", 2)),
    ):
        with pytest.raises(BadOffer):
            current.offer(following)
    offer = OLD.offer(NEW)
    for i in (*range(7), *range(8, 48)):
        changed = bytearray(offer)
        changed[i] ^= 0x80
        with pytest.raises(BadOffer, match="damaged or for another key"):
            OLD.accept(changed)
    for wrong in (b"", offer[:-1], offer + b"x"):
        with pytest.raises(BadOffer):
            OLD.accept(wrong)
    with pytest.raises(BadOffer):
        ROOT.device_key(b"pump-8", 1).accept(offer)
    with pytest.raises(TypeError):
        OLD.offer(NEW.expose())  # type: ignore[arg-type]


def test_a_journal_in_a_file_counts_boots_and_rotates(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal.provision(FileStorage.create(path), OLD) as journal:
        assert journal.version == 1
        assert [journal.next_boot() for _ in range(3)] == [1, 2, 3]
    assert path.stat().st_mode & 0o777 == 0o600
    with Journal.open(FileStorage.open(str(path))) as journal:
        key = journal.device_key(b"pump-7")
        assert key.expose() == OLD.expose()
        boot = journal.next_boot()
        assert boot == 4
        message = Sealer.up(key, boot, b"").seal(b"reading")
        assert Opener.first_contact(OLD).open(message)[1].boot == 4
        following = journal.accept(b"pump-7", OLD.offer(NEW))
        assert following is not None and following.version == journal.version == 2
        assert journal.accept(b"pump-7", OLD.offer(NEW)) is None
    with Journal.open(FileStorage.open(path)) as journal:
        assert journal.device_key(b"pump-7").expose() == NEW.expose()
        assert journal.next_boot() > 4
    assert OLD.expose() not in path.read_bytes()


def test_a_journal_that_is_closed_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    storage = FileStorage.create(path)
    journal = Journal.provision(storage, OLD)
    journal.close()
    journal.close()
    for call in (
        journal.next_boot,
        lambda: journal.version,
        lambda: journal.device_key(b"pump-7"),
        lambda: journal.accept(b"pump-7", bytes(48)),
        lambda: Journal.open(storage),
    ):
        with pytest.raises(AlreadyFinalized):
            call()
    Journal.open(FileStorage.open(path)).close()


def test_files_that_cannot_be_used_raise_os_errors(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with pytest.raises(FileNotFoundError):
        FileStorage.open(path)
    storage = FileStorage.create(path)
    with pytest.raises(FileExistsError):
        FileStorage.create(path)
    with pytest.raises(BlockingIOError, match="another process has"):
        FileStorage.open(path)
    del storage
    with pytest.raises(OSError, match="another length"):
        FileStorage.open(path, pages=3)
    with pytest.raises(StateLost, match="provision the device anew"):
        Journal.open(FileStorage.open(path))
    with pytest.raises(TypeError):
        FileStorage.open(7)  # type: ignore[arg-type]


def test_pages_that_are_too_few_or_small_are_refused(tmp_path: Path) -> None:
    for pages, page_size in ((1, 4096), (2, 128), (2, 200)):
        path = tmp_path / f"{pages} {page_size}"
        with pytest.raises(ValueError, match="a length is outside"):
            Journal.provision(FileStorage.create(path, pages, page_size), OLD)


class Flash:
    """Flash in memory that can lose power: the write that is cut tears a word."""

    pages, page_size = 2, 256

    def __init__(self) -> None:
        self.memory = [bytearray(b"\xff" * self.page_size) for _ in range(self.pages)]
        self.cut: Iterator[None] | None = None
        self.lost: set[int] = set()

    def read(self, page: int, offset: int, length: int) -> bytes:
        if page in self.lost:
            raise Unreadable("an ECC error")
        return bytes(self.memory[page][offset : offset + length])

    def write(self, page: int, offset: int, word: bytes) -> None:
        assert self.memory[page][offset : offset + 8] == b"\xff" * 8
        self._power(page, offset)
        self.memory[page][offset : offset + 8] = word

    def erase(self, page: int) -> None:
        self._power(page, 0)
        self.memory[page][:] = b"\xff" * self.page_size

    def _power(self, page: int, offset: int) -> None:
        if self.cut is not None and next(self.cut, self) is self:
            self.memory[page][offset : offset + 8] = b"\x5a" * 8
            raise OSError("power is gone")


def test_a_journal_over_a_storage_in_python_survives_power_cuts() -> None:
    flash = Flash()
    Journal.provision(flash, OLD).close()
    last = 0
    for cut in range(60):
        flash.cut = iter([None] * (cut % 7))
        try:
            with Journal.open(flash) as journal:
                while True:
                    boot = journal.next_boot()
                    assert boot > last
                    last = boot
        except StorageFailed as error:
            assert isinstance(error.__cause__, OSError)
    flash.cut = None
    with Journal.open(flash) as journal:
        assert journal.next_boot() > last
        assert journal.device_key(b"pump-7").expose() == OLD.expose()


def test_bytes_that_are_lost_count_as_damaged() -> None:
    flash = Flash()
    Journal.provision(flash, OLD).close()
    flash.lost = {0, 1}
    with pytest.raises(StateLost):
        Journal.open(flash)


@pytest.mark.parametrize("kind", [KeyError, IndexError, LookupError, OSError, MemoryError])
def test_a_read_that_fails_once_loses_no_page_and_repeats_no_boot(kind: type[Exception]) -> None:
    class Unsteady(Flash):
        fails_at: int | None = None

        def read(self, page: int, offset: int, length: int) -> bytes:
            if page == self.fails_at:
                raise kind("a bug, or a bus that was busy")
            return super().read(page, offset, length)

    flash = Unsteady()
    Journal.provision(flash, OLD).close()
    last = 0
    for attempt in range(40):
        flash.fails_at = {0: 0, 1: 1}.get(attempt % 5)
        try:
            with Journal.open(flash) as journal:
                assert (boot := journal.next_boot()) > last
                last = boot
        except StorageFailed as error:
            assert isinstance(error.__cause__, kind)
    assert last > 0


def test_only_a_read_can_be_unreadable() -> None:
    class Odd(Flash):
        def write(self, page: int, offset: int, word: bytes) -> None:
            raise Unreadable("a write")

    with pytest.raises(StorageFailed) as caught:
        Journal.provision(Odd(), OLD)
    assert isinstance(caught.value.__cause__, Unreadable)


def test_a_storage_that_is_none_is_refused() -> None:
    class Wrong(Flash):
        def read(self, page: int, offset: int, length: int) -> bytes:
            return bytes(length + 1)

    with pytest.raises(AttributeError):
        Journal.open(object())  # type: ignore[arg-type]
    with pytest.raises(StorageFailed) as caught:
        Journal.open(Wrong())
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(ValueError):
        Journal.provision(Flash(), OLD).accept(b"", bytes(48))


def test_a_storage_says_its_size_in_numbers() -> None:
    for size in (-1, 2**64):
        flash = Flash()
        flash.pages = size
        with pytest.raises(ValueError):
            Journal.open(flash)


def test_a_version_is_never_provisioned_backwards() -> None:
    flash = Flash()
    Journal.provision(flash, NEW).close()
    Journal.provision(flash, NEW).close()
    with pytest.raises(ValueError, match="outside its range"):
        Journal.provision(flash, OLD)
    with pytest.raises(BadOffer), Journal.open(flash) as journal:
        of_another = ROOT.device_key(b"pump-8", 2).offer(ROOT.device_key(b"pump-8", 3))
        journal.accept(b"pump-7", of_another)
