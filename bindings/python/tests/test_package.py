"""The package: what it exports, documents and says of itself."""

import importlib.metadata
import importlib.resources
import inspect
import os
import pydoc
from collections.abc import Callable
from pathlib import Path

import pytest

import corekey
import corekey.compat
import corekey.errors
from corekey import _native


def public(thing: object) -> list[str]:
    return [name for name in vars(thing) if not name.startswith("_")]


def test_all_names_are_there_and_no_others() -> None:
    native = {name for name in public(_native)}
    assert set(corekey.__all__) == native | set(corekey.errors.__all__)
    assert corekey.__all__ == sorted(corekey.__all__)
    modules = {"compat", "errors"}
    assert set(public(corekey)) == set(corekey.__all__) | modules


def test_everything_has_a_docstring() -> None:
    missing = []
    for name in corekey.__all__:
        thing = getattr(corekey, name)
        if not inspect.getdoc(thing):
            missing.append(name)
        if not inspect.isclass(thing) or issubclass(thing, Exception):
            continue
        missing += [
            f"{name}.{part}" for part in public(thing) if not inspect.getdoc(getattr(thing, part))
        ]
    assert missing == []


def test_every_call_tells_its_parameters() -> None:
    for name in corekey.__all__:
        thing = getattr(corekey, name)
        if inspect.isclass(thing):
            for part in public(thing):
                if callable(getattr(thing, part)):
                    inspect.signature(getattr(thing, part))
        else:
            inspect.signature(thing)
    assert str(inspect.signature(corekey.hkdf)) == (
        "(key_material, length, salt=None, info=None, algorithm='sha256')"
    )
    assert "never used before with this key" in pydoc.render_doc(corekey.AESGCM)


def test_every_error_is_a_core_key_error_and_says_what_to_do() -> None:
    for name in corekey.errors.__all__:
        error = getattr(corekey, name)
        assert issubclass(error, corekey.CoreKeyError)
        assert error.__doc__
    for name in ("Malformed", "OtherKey", "NeedLong", "Forged", "Stale", "Replay"):
        assert issubclass(getattr(corekey, name), corekey.MessageError)
    for name in ("InvalidTag", "InvalidUnwrap", "Forged"):
        assert issubclass(getattr(corekey, name), corekey.VerificationError)
    for name in ("StateLost", "StorageFailed"):
        assert issubclass(getattr(corekey, name), corekey.JournalError)


def test_the_package_is_typed_and_needs_no_other() -> None:
    assert importlib.resources.files("corekey").joinpath("py.typed").is_file()
    metadata = importlib.metadata.metadata("corekey")
    assert metadata.get_all("Requires-Dist") is None
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0 OR MIT"
    files = [str(file) for file in importlib.metadata.files("corekey") or []]
    assert any("pyo3" in file and "LICENSE" in file for file in files)


def test_the_self_test_passes() -> None:
    corekey.selftest()


def test_arguments_that_are_missing_or_too_many_are_refused() -> None:
    with pytest.raises(TypeError):
        corekey.digest()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        corekey.AESGCM(bytes(16)).encrypt(bytes(12), b"", None, None)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        corekey.selftest(1)  # type: ignore[call-arg]


@pytest.mark.parametrize("number", [-1, -(2**70), 2**64, 2**70])
def test_numbers_that_do_not_fit_are_value_errors(number: int, tmp_path: Path) -> None:
    root = corekey.Root(bytes(32))
    key = root.device_key(b"pump-7", 1)
    calls: list[Callable[[], object]] = [
        lambda: corekey.hkdf(b"key", number),
        lambda: corekey.Prk(bytes(32)).expand(b"", number),
        lambda: corekey.AESGCM.generate_key(number),
        lambda: corekey.HmacDrbg(os.urandom).generate(number),
        lambda: corekey.Sealer.up(key, number),
        lambda: corekey.Sealer.up(key, 1).sealed_length(number),
        lambda: root.device_key(b"pump-7", number),
        lambda: root.audit_key(bytes(16)).seal(bytes(32), number, b""),
        lambda: root.audit_key(bytes(16)).verify(bytes(32), number, b"", bytes(32)),
        lambda: corekey.FileStorage.create(tmp_path / "file", number),
        lambda: corekey.FileStorage.open(tmp_path / "file", page_size=number),
    ]
    for call in calls:
        with pytest.raises(ValueError):
            call()
