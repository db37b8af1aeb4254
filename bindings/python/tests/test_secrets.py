"""What objects show, whether they can be copied, and what is left in memory."""

import copy
import gc
import pickle
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import corekey

KEY = bytes(range(100, 132))
ROOT = corekey.Root(KEY)
DEVICE_KEY = corekey.DeviceKey(b"pump-7\n", 3, KEY)
FOLDER = tempfile.TemporaryDirectory()
OBJECTS: list[object] = [
    corekey.AESGCM(KEY),
    corekey.Hash(),
    corekey.HmacKey(KEY),
    corekey.HmacKey(KEY).start(),
    corekey.Prk(KEY),
    corekey.WrapKey(KEY),
    corekey.HmacDrbg(lambda length: bytes(range(length))),
    ROOT,
    ROOT.table_key(),
    ROOT.audit_key(bytes(16)),
    DEVICE_KEY,
    corekey.Sealer.up(DEVICE_KEY, 1),
    corekey.Opener.first_contact(DEVICE_KEY),
    corekey.FileStorage.create(f"{FOLDER.name}/file"),
    corekey.Journal.provision(corekey.FileStorage.create(f"{FOLDER.name}/journal"), DEVICE_KEY),
]
EACH = pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: type(thing).__name__)


@EACH
def test_it_cannot_be_copied_or_pickled(thing: object) -> None:
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle"):
            call(thing)


@EACH
def test_it_shows_no_secret(thing: object) -> None:
    shown = repr(thing) + str(thing) + f"{thing}"
    assert shown.startswith("<corekey.")
    secrets = [KEY]
    if isinstance(thing, corekey.Sealer):
        secrets.append(thing.salt)
    for secret in secrets:
        for form in (secret.hex(), repr(secret)[2:-1], secret.decode("latin-1")):
            assert form not in shown
    assert not hasattr(thing, "__dict__")


def test_names_are_shown_escaped() -> None:
    assert repr(DEVICE_KEY) == r'<corekey.DeviceKey device_id=b"pump-7\n" version=3>'


@EACH
def test_it_cannot_be_subclassed(thing: object) -> None:
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Sub", (type(thing),), {})


def test_what_other_calls_make_cannot_be_made_alone() -> None:
    made = [
        corekey.Hmac,
        corekey.TableKey,
        corekey.AuditKey,
        corekey.Sealer,
        corekey.Opener,
        corekey.Opened,
        corekey.Claim,
        corekey.FileStorage,
        corekey.Journal,
    ]
    for kind in made:
        with pytest.raises(TypeError, match="cannot create|No constructor"):
            kind()


CHILD = """
import sys, tempfile, corekey

folder, files = tempfile.TemporaryDirectory(), iter(range(1000))

def journal(key):
    storage = corekey.FileStorage.create(f"{folder.name}/{next(files)}")
    return corekey.Journal.provision(storage, corekey.DeviceKey(b"pump-7", 1, key))

def key():
    made = bytearray(32)
    for i in range(32):
        made[i] = (i * 73 + 41) % 256
    return made

def wiped(call, *arguments):
    made = key()
    thing = call(made)
    made[:] = bytes(32)
    return thing

makers = {
    "AESGCM": lambda key: corekey.AESGCM(key),
    "HmacKey": lambda key: corekey.HmacKey(key),
    "Prk": lambda key: corekey.Prk(key),
    "WrapKey": lambda key: corekey.WrapKey(key),
    "Root": lambda key: corekey.Root(key),
    "DeviceKey": lambda key: corekey.DeviceKey(b"pump-7", 1, key),
    "Sealer": lambda key: corekey.Sealer.up(corekey.DeviceKey(b"pump-7", 1, key), 1),
    "Opener": lambda key: corekey.Opener.first_contact(corekey.DeviceKey(b"pump-7", 1, key)),
    "Journal": journal,
}
for line in sys.stdin:
    what = line.strip()
    if what == "free":
        thing = None
    elif what == "leak":
        thing = key()
    else:
        thing = wiped(makers[what])
    print("done", flush=True)
"""


def copies_of_the_key(pid: int) -> int:
    """How often the key is in what a process can write."""
    key = bytes((i * 73 + 41) % 256 for i in range(32))
    count = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            place, access, *_ = line.split()
            start, end = (int(address, 16) for address in place.split("-"))
            if not access.startswith("rw"):
                continue
            memory.seek(start)
            try:
                count += memory.read(end - start).count(key)
            except OSError:
                continue
    return count


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("what", "holds"),
    [
        ("AESGCM", None),
        ("HmacKey", 0),
        ("Prk", 0),
        ("WrapKey", None),
        ("Root", 0),
        ("DeviceKey", 1),
        ("Sealer", 0),
        ("Opener", 1),
        ("Journal", 1),
    ],
)
def test_no_copy_of_a_key_is_left_in_memory(what: str, holds: int | None) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None and child.stdout is not None

        def left_after(step: str) -> int:
            assert child.stdin is not None and child.stdout is not None
            print(step, file=child.stdin, flush=True)
            assert child.stdout.readline() == "done\n"
            return copies_of_the_key(child.pid)

        assert left_after("leak") >= 1, "the search finds what is there"
        left_after("free")
        for _ in range(3):
            # A key of AES is where its first round keys are, in some order.
            held = left_after(what)
            assert held == holds or (holds is None and held <= 1)
            assert left_after("free") == 0


class WithGenerator:
    def __init__(self) -> None:
        self.generator = corekey.HmacDrbg(self.entropy)

    def entropy(self, length: int) -> bytes:
        return bytes(range(length))


class WithRoot:
    def __init__(self) -> None:
        self.root = corekey.Root.from_hmac(self.hmac)

    def hmac(self, message: bytes) -> bytes:
        return bytes(32)


class WithJournal:
    pages, page_size = 2, 256

    def __init__(self) -> None:
        self.memory = [bytearray(b"\xff" * self.page_size) for _ in range(self.pages)]
        self.journal = corekey.Journal.provision(self, DEVICE_KEY)

    def read(self, page: int, offset: int, length: int) -> bytes:
        return bytes(self.memory[page][offset : offset + length])

    def write(self, page: int, offset: int, word: bytes) -> None:
        self.memory[page][offset : offset + 8] = word

    def erase(self, page: int) -> None:
        self.memory[page][:] = b"\xff" * self.page_size


@pytest.mark.parametrize("kind", [WithGenerator, WithRoot, WithJournal])
def test_what_calls_its_owner_is_freed_with_it(kind: type[object]) -> None:
    thing = kind()
    still_there = weakref.ref(thing)
    gc.collect()
    assert still_there() is not None
    del thing
    gc.collect()
    assert still_there() is None


def test_errors_hold_no_secret() -> None:
    secret = b"plaintext that nobody may see"
    aead = corekey.AESGCM(KEY)
    sealed = bytearray(aead.encrypt(bytes(12), secret, None))
    sealed[0] ^= 1
    calls: list[Callable[[], object]] = [
        lambda: aead.decrypt(bytes(12), sealed, None),
        lambda: corekey.AESGCM(secret),
        lambda: corekey.WrapKey(secret),
        lambda: corekey.Root(secret),
        lambda: corekey.DeviceKey(b"pump-7", 1, secret),
        lambda: corekey.decode(secret, "hex"),
    ]
    for call in calls:
        with pytest.raises(Exception) as caught:
            call()
        assert "nobody" not in str(caught.value)
