"""Roots, device keys, rows of a table, audit chains. The vectors of docs/ run in
the conformance suite; here is what Python adds: arguments, errors, callables."""

import hmac
import os

import pytest
from cryptography.hazmat.primitives import keywrap
from hypothesis import given
from hypothesis import strategies as st

import corekey
from corekey import DeviceKey, InvalidTag, InvalidUnwrap, Root, RootFailed

SECRET = bytes(range(32))
IDS = st.binary(min_size=1, max_size=128)
VERSIONS = st.integers(1, 2**53 - 1)


def step(key: bytes, label: bytes, tail: bytes = b"") -> bytes:
    """One derivation of docs/derivation.md, by the standard library."""
    return hmac.digest(key, b"ck1 " + label + b"\0" + tail + b"\1", "sha256")


@given(IDS, VERSIONS)
def test_a_device_key_is_the_one_that_the_specification_derives(
    device_id: bytes, version: int
) -> None:
    key = Root(SECRET).device_key(device_id, version)
    assert (key.device_id, key.version) == (device_id, version)
    secret = step(SECRET, b"dev", version.to_bytes(8, "big") + device_id)
    assert key.expose() == secret
    assert key.check_value == step(secret, b"kcv")[:4]
    assert key.app_wrap_key(b"disk") == step(secret, b"wrp", b"disk")
    assert key.app_auth_key(b"disk") == step(secret, b"aut", b"disk")
    assert key.drbg_personalization(7) == step(secret, b"rng", (7).to_bytes(8, "big"))
    again = DeviceKey(device_id, version, secret)
    assert again.check_value == key.check_value
    table = Root(SECRET).table_key()
    row = step(step(SECRET, b"tab"), b"row", version.to_bytes(8, "big") + device_id)
    wrapped = table.wrap(key)
    assert wrapped == keywrap.aes_key_wrap(row, secret)
    assert table.unwrap(device_id, version, wrapped).expose() == secret


def test_fleets_have_roots_of_their_own() -> None:
    root = Root(SECRET)
    fleet = root.fleet_root(b"pumps")
    assert root.root_id() == step(SECRET, b"rid")[:8]
    assert fleet.root_id() == Root(step(SECRET, b"flt", b"pumps")).root_id() != root.root_id()


def test_a_root_in_a_token_derives_the_same() -> None:
    messages = []

    def token(message: bytes) -> bytes:
        messages.append(message)
        return hmac.digest(SECRET, message, "sha256")

    root, ours = Root.from_hmac(token), Root(SECRET)
    assert root.root_id() == ours.root_id()
    assert root.device_key(b"pump-7", 1).expose() == ours.device_key(b"pump-7", 1).expose()
    assert root.fleet_root(b"pumps").root_id() == ours.fleet_root(b"pumps").root_id()
    key = ours.device_key(b"pump-7", 1)
    assert root.table_key().wrap(key) == ours.table_key().wrap(key)
    chain = bytes(16)
    assert root.audit_key(chain).seal(bytes(32), 0, b"x") == ours.audit_key(chain).seal(
        bytes(32), 0, b"x"
    )
    assert len(messages) == 5


def test_a_token_that_fails_is_the_cause() -> None:
    def broken(message: bytes) -> bytes:
        raise OSError("token removed")

    root = Root.from_hmac(broken)
    for call in (
        root.root_id,
        root.table_key,
        lambda: root.device_key(b"pump-7", 1),
        lambda: root.fleet_root(b"pumps"),
        lambda: root.audit_key(bytes(16)),
    ):
        with pytest.raises(RootFailed, match="check the token or service") as caught:
            call()
        assert isinstance(caught.value.__cause__, OSError)
    for answer in (b"", bytes(31), bytes(33), "x" * 32, None):
        with pytest.raises(RootFailed) as caught:
            Root.from_hmac(lambda message: answer).root_id()  # type: ignore[arg-type, return-value]
        assert isinstance(caught.value.__cause__, (ValueError, TypeError))
    with pytest.raises(RootFailed):
        Root.from_hmac(7).root_id()  # type: ignore[arg-type]


def test_an_interrupt_in_a_token_stays_an_interrupt() -> None:
    def interrupted(message: bytes) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Root.from_hmac(interrupted).root_id()


def test_imported_keys_depend_on_id_and_version() -> None:
    imported = os.urandom(16)
    key = DeviceKey.from_imported(b"pump-7", 1, imported)
    assert DeviceKey.from_imported(b"pump-7", 1, bytearray(imported)).expose() == key.expose()
    assert DeviceKey.from_imported(b"pump-8", 1, imported).expose() != key.expose()
    assert DeviceKey.from_imported(b"pump-7", 2, imported).expose() != key.expose()
    for length in (0, 15, 65):
        with pytest.raises(ValueError, match=f"16 to 64 bytes, not {length}"):
            DeviceKey.from_imported(b"pump-7", 1, bytes(length))


def test_lengths_and_ranges_are_checked() -> None:
    root = Root(SECRET)
    for length in (0, 16, 31, 33):
        with pytest.raises(ValueError, match=f"a root secret must be 32 bytes long, not {length}"):
            Root(bytes(length))
        with pytest.raises(ValueError, match=f"a device key must be 32 bytes long, not {length}"):
            DeviceKey(b"pump-7", 1, bytes(length))
    for device_id in (b"", bytes(129)):
        with pytest.raises(ValueError, match="a device id has 1 to 128 bytes"):
            root.device_key(device_id, 1)
        with pytest.raises(ValueError, match="a fleet id has 1 to 128 bytes"):
            root.fleet_root(device_id)
    for version in (0, -1, 2**53, 2**64, 2**100):
        with pytest.raises(ValueError, match=r"a version is 1 to 2\*\*53 - 1"):
            root.device_key(b"pump-7", version)
    for boot in (-1, 2**48, 2**100):
        with pytest.raises(ValueError, match=r"a boot number is 0 to 2\*\*48 - 1"):
            root.device_key(b"pump-7", 1).drbg_personalization(boot)
    with pytest.raises(TypeError):
        root.device_key(b"pump-7", "1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a context has up to 128 bytes, not 129"):
        root.device_key(b"pump-7", 1).app_wrap_key(bytes(129))
    with pytest.raises(ValueError, match="a context has up to 128 bytes, not 129"):
        root.device_key(b"pump-7", 1).app_auth_key(bytes(129))
    with pytest.raises(ValueError, match="a chain id must be 16 bytes long, not 15"):
        root.audit_key(bytes(15))


def test_a_row_is_bound_to_id_version_and_root() -> None:
    root = Root(SECRET)
    wrapped = root.table_key().wrap(root.device_key(b"pump-7", 1))
    changed = bytes([wrapped[0] ^ 1]) + wrapped[1:]
    for table, device_id, version, row in (
        (root.table_key(), b"pump-8", 1, wrapped),
        (root.table_key(), b"pump-7", 2, wrapped),
        (root.table_key(), b"pump-7", 1, changed),
        (Root(bytes(32)).table_key(), b"pump-7", 1, wrapped),
    ):
        with pytest.raises(InvalidUnwrap):
            table.unwrap(device_id, version, row)
    with pytest.raises(ValueError, match="40 bytes long, not 39"):
        root.table_key().unwrap(b"pump-7", 1, wrapped[:-1])


def test_an_audit_chain_goes_on_and_notices_a_change() -> None:
    root, chain = Root(SECRET), os.urandom(16)
    sealing, entries = root.audit_key(chain), [b"enrol", b"", b"revoke"]
    tags = [bytes(32)]
    for index, entry in enumerate(entries):
        tags.append(sealing.seal(tags[-1], index, entry))
    verifying = root.audit_key(chain)
    for index, entry in enumerate(entries):
        verifying.verify(tags[index], index, entry, tags[index + 1])
    broken = root.audit_key(chain)
    with pytest.raises(InvalidTag):
        broken.verify(tags[0], 0, b"other", tags[1])
    with pytest.raises(corekey.AlreadyFinalized):
        broken.verify(tags[0], 0, entries[0], tags[1])
    with pytest.raises(ValueError, match="a tag must be 32 bytes long, not 31"):
        sealing.seal(bytes(31), 3, b"")


def test_cose_keys_hold_the_message_key() -> None:
    key = Root(SECRET).device_key(b"pump-7", 1)
    for direction, number in (("up", 0), ("down", 1)):
        for salt in (b"", bytes(8)):
            cose = key.cose_key(direction, 5, salt)  # type: ignore[arg-type]
            tail = bytes([3, number]) + (5).to_bytes(8, "big") + salt
            assert cose[-32:] == step(key.expose(), b"msg", tail)
            assert len(cose) == 54
    with pytest.raises(ValueError, match="a salt must be 8 bytes long, not 7"):
        key.cose_key("up", 5, bytes(7))
    with pytest.raises(ValueError, match="'up' or 'down', not \"sideways\""):
        key.cose_key("sideways", 5, b"")  # type: ignore[arg-type]
