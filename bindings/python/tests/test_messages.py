"""Sealed messages between sealers and openers, and every reason for refusal."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import corekey
from corekey import (
    DeviceKey,
    Forged,
    InvalidState,
    Malformed,
    NeedLong,
    Opener,
    OtherKey,
    Replay,
    Sealer,
    SessionFull,
    Stale,
)

KEY = DeviceKey(b"pump-station-7", 3, bytes(range(32)))
PAYLOADS = st.binary(max_size=500)
AADS = st.none() | st.binary(max_size=255)
FORMS = st.sampled_from(["long", "compact"])


@given(st.lists(st.tuples(PAYLOADS, FORMS, AADS), max_size=6), st.booleans(), st.booleans())
def test_what_is_sealed_is_opened(
    messages: list[tuple[bytes, str, bytes | None]], down: bool, into: bool
) -> None:
    sealer = Sealer.down(KEY, 9) if down else Sealer.up(KEY, 9)
    opener = Opener.down(KEY, 9) if down else Opener.first_contact(KEY)
    assert opener.direction == ("down" if down else "up")
    for counter, (payload, form, aad) in enumerate(messages):
        length = sealer.sealed_length(len(payload), form)  # type: ignore[arg-type]
        if into:
            memory = bytearray(b"\xa5" * (length + 5))
            assert sealer.seal_into(payload, memory, form, aad) == length  # type: ignore[arg-type]
            message = bytes(memory[:length])
            assert memory[length:] == b"\xa5" * 5
            out = bytearray(b"\xa5" * (len(payload) + 5))
            opened = opener.open_into(message, out, aad)
            assert out == payload + b"\xa5" * 5
        else:
            message = sealer.seal(payload, form, aad)  # type: ignore[arg-type]
            got, opened = opener.open(message, aad)
            assert got == payload
        assert len(message) == length
        assert (opened.device_id, opened.version) == (b"pump-station-7", 3)
        assert (opened.boot, opened.salt, opened.counter) == (9, sealer.salt, counter)
        assert opened.payload_length == len(payload)
        assert opened.form == corekey.inspect(message).form == ("long" if counter == 0 else form)
    assert sealer.next_counter == len(messages)
    assert opener.boot == (9 if messages else None)


def test_a_salt_is_drawn_unless_it_is_given() -> None:
    drawn = [Sealer.up(KEY, 1).salt for _ in range(3)] + [
        Sealer.down(KEY, 1).salt for _ in range(3)
    ]
    assert len(set(drawn)) == 6 and {len(salt) for salt in drawn} == {8}
    assert Sealer.up(KEY, 1, b"").salt == b""
    given_salt = os.urandom(8)
    assert Sealer.up(KEY, 1, given_salt).salt == Sealer.down(KEY, 1, given_salt).salt == given_salt
    for length in (1, 7, 9):
        with pytest.raises(ValueError, match=f"a salt must be 8 bytes long, not {length}"):
            Sealer.up(KEY, 1, bytes(length))
    with pytest.raises(ValueError, match="a salt must be 8 bytes long, not 0"):
        Sealer.down(KEY, 1, b"")


def refusal(call: Callable[[], object]) -> type[Exception]:
    with pytest.raises(corekey.CoreKeyError) as caught:
        call()
    return caught.type


def test_every_reason_for_refusal_has_its_class() -> None:
    sealer = Sealer.up(KEY, 5, b"")
    first, second = sealer.seal(b"first"), sealer.seal(b"second", "compact")
    opener = Opener.first_contact(KEY)
    for wrong in (b"", b"\xd0", first[:-20], b"\x41" * 19, b"\0" + first):
        assert refusal(lambda: opener.open(wrong)) is Malformed
    assert refusal(lambda: opener.open(second)) is NeedLong
    for other in (DeviceKey(b"pump-8", 3, bytes(32)), DeviceKey(b"pump-station-7", 4, bytes(32))):
        assert refusal(lambda: opener.open(Sealer.up(other, 5).seal(b""))) is OtherKey
    thief = DeviceKey(KEY.device_id, KEY.version, bytes(32))
    assert refusal(lambda: opener.open(Sealer.up(thief, 5).seal(b""))) is Forged
    assert refusal(lambda: opener.open(first[:-1] + bytes([first[-1] ^ 1]))) is Forged
    assert refusal(lambda: opener.open(first, b"other aad")) is Forged
    assert opener.boot is None
    assert opener.open(first)[0] == b"first"
    assert opener.open(second)[0] == b"second"
    assert refusal(lambda: opener.open(first)) is Replay
    assert refusal(lambda: opener.open(second)) is Replay
    assert refusal(lambda: opener.open(Sealer.up(KEY, 4, b"").seal(b""))) is Stale
    assert refusal(lambda: opener.open(Sealer.up(KEY, 5).seal(b""))) is Stale
    assert refusal(lambda: Opener.down(KEY, 5).open(Sealer.down(KEY, 4).seal(b""))) is Stale
    assert refusal(lambda: Opener.down(KEY, 5).open(first)) is Forged


def test_an_opener_of_downlinks_follows_four_senders() -> None:
    opener = Opener.down(KEY, 5)
    for _ in range(4):
        opener.open(Sealer.down(KEY, 5).seal(b""))
    with pytest.raises(SessionFull):
        opener.open(Sealer.down(KEY, 5).seal(b""))


def test_a_refused_message_leaves_zeros_or_nothing() -> None:
    sealer, opener = Sealer.up(KEY, 5), Opener.first_contact(KEY)
    message = sealer.seal(b"payload")
    changed = message[:-1] + bytes([message[-1] ^ 1])
    later = sealer.seal(b"later", "compact")
    out = bytearray(b"\xa5" * 10)
    for wrong, left in (
        (later, b"\xa5" * 10),
        (b"?", b"\xa5" * 10),
        (changed, bytes(7) + b"\xa5" * 3),
    ):
        with pytest.raises(corekey.MessageError):
            opener.open_into(wrong, out)
        assert out == left
        out[:] = b"\xa5" * 10
    opener.open(message)
    with pytest.raises(Replay):
        opener.open_into(message, out)
    assert out == bytes(7) + b"\xa5" * 3


def test_a_state_goes_on_where_it_was_saved() -> None:
    sealer, opener = Sealer.up(KEY, 5), Opener.first_contact(KEY)
    first = sealer.seal(b"first")
    opener.open(first)
    state = opener.save()
    assert len(state) == 64
    again = Opener.resume(KEY, bytearray(state))
    assert again.boot == 5
    assert refusal(lambda: again.open(first)) is Replay
    again.open(sealer.seal(b"second", "compact"))
    assert again.save() != state


def test_a_damaged_state_is_refused() -> None:
    state = Opener.first_contact(KEY).save()
    for i in range(64):
        damaged = bytearray(state)
        damaged[i] ^= 0x10
        with pytest.raises(InvalidState, match="restore the one saved last"):
            Opener.resume(KEY, damaged)
    for length in (0, 63, 65):
        with pytest.raises(ValueError, match=f"64 bytes long, not {length}"):
            Opener.resume(KEY, bytes(length))
    with pytest.raises(ValueError, match="an opener of downlinks has no state"):
        Opener.down(KEY, 1).save()


def test_limits_are_named_and_use_no_counter() -> None:
    sealer, opener = Sealer.up(KEY, 5), Opener.first_contact(KEY)
    message = sealer.seal(bytes(16 << 20), external_aad=bytes(255))
    assert len(opener.open(message, bytes(255))[0]) == 16 << 20
    too_long = bytes((16 << 20) + 1)
    calls: list[Callable[[], object]] = [
        lambda: sealer.seal(too_long),
        lambda: sealer.seal_into(too_long, bytearray(len(too_long) + 300)),
        lambda: sealer.sealed_length(len(too_long)),
        lambda: sealer.seal(b"", external_aad=bytes(256)),
        lambda: sealer.seal_into(b"", bytearray(300), external_aad=bytes(256)),
        lambda: opener.open(message, bytes(256)),
        lambda: opener.open_into(message, bytearray(len(message)), bytes(256)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="has up to (16777216|255) bytes, not (16777217|256)"):
            call()
    with pytest.raises(ValueError, match="too small: .* bytes are needed"):
        sealer.seal_into(b"payload", bytearray(10))
    assert sealer.next_counter == 1
    with pytest.raises(ValueError, match="too small: 7 bytes are needed"):
        opener.open_into(sealer.seal(b"payload"), bytearray(6))
    with pytest.raises(ValueError, match="'long' or 'compact', not \"short\""):
        sealer.seal(b"", "short")  # type: ignore[arg-type]


def test_every_64th_message_is_long() -> None:
    sealer = Sealer.up(KEY, 5)
    forms = [corekey.inspect(sealer.seal(b"", "compact")).form for _ in range(130)]
    assert [i for i, form in enumerate(forms) if form == "long"] == [0, 64, 128]


def test_a_claim_tells_whose_key_to_look_for() -> None:
    sealer = Sealer.up(KEY, 300, b"")
    long = corekey.inspect(sealer.seal(b"payload"))
    assert (long.form, long.device_id, long.version) == ("long", b"pump-station-7", 3)
    assert (long.boot, long.salt, long.counter, long.payload_length) == (300, b"", 0, 7)
    compact = corekey.inspect(sealer.seal(b"payload", "compact"))
    assert (compact.form, compact.device_id, compact.salt) == ("compact", None, None)
    assert (compact.version, compact.boot, compact.counter) == (3, 300 % 256, 1)
    assert "payload_length=7" in repr(compact)
    with pytest.raises(AttributeError):
        long.boot = 3  # type: ignore[misc]


def test_other_forms_of_a_message() -> None:
    sealer, opener = Sealer.up(KEY, 5), Opener.first_contact(KEY)
    opener.open(sealer.seal(b""))
    message = sealer.seal(b"payload")
    compact = corekey.to_compact(message)
    assert len(compact) == 7 + 20
    assert opener.open(compact)[0] == b"payload"
    assert refusal(lambda: opener.open(message)) is Replay
    full = corekey.to_full_iv(message)
    assert full[-23:] == message[-23:] and len(full) > len(message)
    for call in (corekey.to_compact, corekey.to_full_iv, corekey.inspect):
        for wrong in (b"", compact if call is not corekey.inspect else b"?", full):
            assert refusal(lambda: call(wrong)) is Malformed
