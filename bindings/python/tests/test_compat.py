"""The very same code against ``cryptography`` and against ``corekey.compat``."""

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import corekey.compat

THEIRS = SimpleNamespace(AESGCM=AESGCM, InvalidTag=InvalidTag)
BOTH = pytest.mark.parametrize("api", [THEIRS, corekey.compat], ids=["cryptography", "corekey"])


@BOTH
@pytest.mark.parametrize("bit_length", [128, 256])
def test_a_program_that_seals_and_opens(api: Any, bit_length: int) -> None:
    key = api.AESGCM.generate_key(bit_length=bit_length)
    aesgcm = api.AESGCM(key)
    nonce = os.urandom(12)
    ct = aesgcm.encrypt(nonce, b"a secret message", b"authenticated but unencrypted data")
    assert aesgcm.decrypt(nonce, ct, b"authenticated but unencrypted data") == b"a secret message"
    assert aesgcm.decrypt(
        nonce=nonce, data=ct, associated_data=b"authenticated but unencrypted data"
    )
    with pytest.raises(api.InvalidTag):
        aesgcm.decrypt(nonce, ct, b"other data")
    with pytest.raises(api.InvalidTag):
        aesgcm.decrypt(nonce, ct[:-1], b"authenticated but unencrypted data")
    with pytest.raises(api.InvalidTag):
        aesgcm.decrypt(nonce, b"", None)


@BOTH
def test_a_program_that_uses_its_own_buffers(api: Any) -> None:
    aesgcm, nonce = api.AESGCM(bytes(32)), bytes(12)
    buf = bytearray(19)
    assert aesgcm.encrypt_into(nonce, b"abc", None, buf) == 19
    assert bytes(buf) == aesgcm.encrypt(nonce, b"abc", None)
    opened = bytearray(3)
    assert aesgcm.decrypt_into(nonce, buf, None, opened) == 3
    assert opened == b"abc"
    buf[0] ^= 1
    with pytest.raises(api.InvalidTag):
        aesgcm.decrypt_into(nonce, buf, None, opened)


Call = Callable[[Any], object]
SAME: dict[str, Call] = {
    "a key of 5 bytes": lambda api: api.AESGCM(bytes(5)),
    "a key of text": lambda api: api.AESGCM("x" * 16),
    "no key": lambda api: api.AESGCM(),
    "a nonce of no bytes": lambda api: api.AESGCM(bytes(16)).encrypt(b"", b"", None),
    "a nonce of 7 bytes": lambda api: api.AESGCM(bytes(16)).encrypt(bytes(7), b"", None),
    "a nonce of text": lambda api: api.AESGCM(bytes(16)).encrypt("x" * 12, b"", None),
    "data of text": lambda api: api.AESGCM(bytes(16)).encrypt(bytes(12), "x", None),
    "no data": lambda api: api.AESGCM(bytes(16)).encrypt(bytes(12), None, None),
    "aad of text": lambda api: api.AESGCM(bytes(16)).encrypt(bytes(12), b"", "x"),
    "no aad": lambda api: api.AESGCM(bytes(16)).encrypt(bytes(12), b""),
    "strided data": lambda api: api.AESGCM(bytes(16)).encrypt(
        bytes(12), memoryview(bytes(20))[::2], None
    ),
    "a buffer too short": lambda api: api.AESGCM(bytes(16)).encrypt_into(
        bytes(12), b"abc", None, bytearray(18)
    ),
    "a buffer too long": lambda api: api.AESGCM(bytes(16)).encrypt_into(
        bytes(12), b"abc", None, bytearray(20)
    ),
    "a buffer of bytes": lambda api: api.AESGCM(bytes(16)).encrypt_into(
        bytes(12), b"abc", None, bytes(19)
    ),
    "a buffer too long to open to": lambda api: api.AESGCM(bytes(16)).decrypt_into(
        bytes(12), bytes(20), None, bytearray(5)
    ),
    "100 bits": lambda api: api.AESGCM.generate_key(100),
    "bits of text": lambda api: api.AESGCM.generate_key("256"),
}


@pytest.mark.parametrize("call", SAME.values(), ids=SAME.keys())
def test_misuse_raises_the_same_class(call: Call) -> None:
    raised = []
    for api in (THEIRS, corekey.compat):
        with pytest.raises(Exception) as caught:
            call(api)
        raised.append(caught.type)
    assert raised[0] is raised[1]


OURS_ALONE: dict[str, Call] = {
    "a 192-bit key": lambda api: api.AESGCM(bytes(24)),
    "a new 192-bit key": lambda api: api.AESGCM.generate_key(192),
    "a nonce of 8 bytes": lambda api: api.AESGCM(bytes(16)).encrypt(bytes(8), b"", None),
    "a nonce of 16 bytes": lambda api: api.AESGCM(bytes(16)).encrypt(bytes(16), b"", None),
}


@pytest.mark.parametrize("call", OURS_ALONE.values(), ids=OURS_ALONE.keys())
def test_what_is_not_offered_raises_value_error_that_says_so(call: Call) -> None:
    call(THEIRS)
    with pytest.raises(ValueError, match="not offered"):
        call(corekey.compat)


def test_the_parameters_have_the_same_names() -> None:
    for name in ["encrypt", "decrypt", "encrypt_into", "decrypt_into", "generate_key"]:
        ours = inspect.signature(getattr(corekey.AESGCM, name)).parameters
        theirs = inspect.signature(getattr(AESGCM, name)).parameters
        assert list(ours) == list(theirs), name


def test_invalid_tag_is_our_own_class_and_cryptography_is_not_imported() -> None:
    program = (
        "import sys, corekey, corekey.compat;"
        "assert corekey.compat.InvalidTag is corekey.InvalidTag;"
        "assert corekey.compat.AESGCM is corekey.AESGCM;"
        "assert not any(name.startswith('cryptography') for name in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert not issubclass(corekey.InvalidTag, InvalidTag)
    assert not issubclass(InvalidTag, corekey.InvalidTag)


PROGRAM = """
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

def refused(data):
    try:
        AESGCM(bytes(32)).decrypt(bytes(12), data, b"aad")
    except InvalidTag:
        return True
    return False

sealed = AESGCM(bytes(32)).encrypt(bytes(12), b"data", b"aad")
answer = (sealed, refused(sealed), refused(sealed[:-1] + b"?"))
"""


def test_a_program_with_only_its_imports_changed() -> None:
    answers = []
    imports = "".join(line + "\n" for line in PROGRAM.splitlines() if line.startswith("from "))
    changed = PROGRAM.replace(imports, "from corekey.compat import AESGCM, InvalidTag\n")
    assert changed != PROGRAM
    for program in (PROGRAM, changed):
        names: dict[str, Any] = {}
        exec(compile(ast.parse(program), "program", "exec"), names)
        answers.append(names["answer"])
    assert answers[0] == answers[1]
    assert answers[0][1:] == (False, True)
