"""docs/vectors/messages.json: messages of all forms, saved states and limits.

Relies on: corekey_spec and fixed_inputs; the messages that are refused and the
sequences come from modules of their own. Specification: docs/message.md.
"""

import corekey_spec as spec
from corekey_spec import DOWN, UP, Header, Refused
from fixed_inputs import (
    DEVICE_ID,
    DIRECTIONS,
    ROOT,
    SALT,
    base_key,
    changed,
    device_id,
    pattern,
    salt_number,
)
from vectors_refused import WELL_FORMED, malformed_cases, refused_cases
from vectors_steps import down_sequences, up_sequences

BOOTS = [0, 1, 255, 256, 65536, 2**48 - 1]
COUNTERS = [0, 1, 63, 64, 255, 256, 65535, 65536, 2**32 - 1]
PAYLOADS = [0, 1, 7, 8, 15, 16, 17, 239, 240, 1000]
EXTERNAL_AADS = [0, 1, 23, 24, 255]
KID_NAMES = [(1, 1), (23, 14), (24, 14), (63, 14), (64, 14), (255, 21), (256, 20)] + [
    (1, 22),
    (1, 23),
    (65536, 38),
    (2**32, 39),
    (2**53 - 1, 128),
]
MIXED = 40


def messages():
    return {
        "specification": "docs/message.md",
        "base_iv": spec.BASE_IV,
        "well_formed": WELL_FORMED,
        "messages": message_cases(),
        "malformed": malformed_cases(),
        "refused": refused_cases(),
        "steps": up_sequences() + down_sequences(),
        "states": state_cases(),
        "seals": seal_cases(),
        "limits": limit_cases(),
    }


def message_cases():
    cases = []
    for direction, salt in ((UP, b""), (UP, SALT), (DOWN, SALT)):
        base = {"direction": direction, "salt": salt}
        cases += [message_case(**base, boot=boot) for boot in BOOTS]
        cases += [message_case(**base, counter=counter) for counter in COUNTERS]
        cases += [message_case(**base, payload=pattern(n)) for n in PAYLOADS]
        cases += [message_case(**base, external_aad=pattern(n, 0x41)) for n in EXTERNAL_AADS]
        cases += [message_case(**base, version=v, identity=device_id(n)) for v, n in KID_NAMES]
    return cases + [mixed_case(number) for number in range(MIXED)]


def mixed_case(number):
    """Parameters that go round their lists at different speeds."""
    direction, salt = ((UP, b""), (UP, salt_number(1)), (DOWN, salt_number(2)))[number % 3]
    version, length = KID_NAMES[number % len(KID_NAMES)]
    return message_case(
        direction=direction,
        salt=salt,
        version=version,
        identity=device_id(length),
        boot=BOOTS[number * 5 % len(BOOTS)],
        counter=COUNTERS[number * 4 % len(COUNTERS)],
        payload=pattern(PAYLOADS[number * 3 % len(PAYLOADS)], number),
        external_aad=pattern(EXTERNAL_AADS[number * 2 % len(EXTERNAL_AADS)], number),
    )


def message_case(
    direction,
    salt,
    version=1,
    identity=DEVICE_ID,
    boot=7,
    counter=1,
    payload=b"21.5 C, 48 %",
    external_aad=b"",
):
    device = spec.device_key(ROOT, version, identity)
    sealed = spec.encrypt(device.key, direction, boot, salt, counter, payload, external_aad)
    header = Header("long", version, identity, boot, salt, counter)
    long = spec.long_form(header, sealed)
    return {
        "root": ROOT,
        "version": version,
        "device_id": identity,
        "device_key": device.key,
        "direction": DIRECTIONS[direction],
        "boot": boot,
        "salt": salt,
        "counter": counter,
        "payload": payload,
        "external_aad": external_aad,
        "message_key": spec.message_key(device.key, direction, boot, salt),
        "nonce": spec.nonce(counter),
        "aad": spec.enc_structure(external_aad),
        "long": long,
        "compact": spec.compact_form(header, sealed),
        "full_iv": spec.full_iv_rewrite(long),
        "cose_key": spec.cose_key(device.key, direction, boot, salt),
    }


def state_cases():
    def raw(known, sessions, format_number=1, zeros=b"\0\0"):
        body = bytes([format_number, known]) + zeros + sessions.ljust(56, b"\0")
        return body + spec.crc32(body)

    def session(boot, salt=b"", highest=200, window=1):
        return spec.encode_session(spec.Session(boot, salt, highest, window))

    full = 2**64 - 1
    salted = session(9, SALT, window=full)
    good = raw(2, salted + session(5))
    cases = [
        ("no session", raw(0, b""), "OK"),
        ("current", raw(1, session(9)), "OK"),
        ("current with a salt, window full", raw(1, salted), "OK"),
        ("current and previous", good, "OK"),
        ("boots 2^48 - 1 and 0", raw(2, session(2**48 - 1) + session(0)), "OK"),
        ("counter 63, window full", raw(1, session(9, highest=63, window=full)), "OK"),
        ("counter 0", raw(1, session(9, highest=0, window=1)), "OK"),
        ("empty", b"", "REFUSED"),
        ("63 bytes", good[:-1], "REFUSED"),
        ("65 bytes", good + b"\0", "REFUSED"),
        ("zeros", bytes(64), "REFUSED"),
        ("erased flash", b"\xff" * 64, "REFUSED"),
        ("CRC changed", changed(good), "REFUSED"),
        ("a boot changed, CRC not", changed(good, 9), "REFUSED"),
        ("format 0", raw(1, session(9), format_number=0), "REFUSED"),
        ("format 2", raw(1, session(9), format_number=2), "REFUSED"),
        ("3 sessions", raw(3, salted + session(5)), "REFUSED"),
        ("byte 2 set", raw(1, session(9), zeros=b"\x01\0"), "REFUSED"),
        ("byte 3 set", raw(1, session(9), zeros=b"\0\x01"), "REFUSED"),
        ("no session known, current not zeros", raw(0, session(9)), "REFUSED"),
        ("one session known, previous not zeros", raw(1, session(9) + session(5)), "REFUSED"),
        ("salt length 1", raw(1, changed(salted, 6, 0x09)), "REFUSED"),
        ("salt length 9", raw(1, changed(salted, 6, 0x01)), "REFUSED"),
        ("salt length 0 with a salt", raw(1, changed(salted, 6, 0x08)), "REFUSED"),
        ("zero byte behind the salt length set", raw(1, changed(session(9), 7)), "REFUSED"),
        ("highest not seen", raw(1, session(9, window=2)), "REFUSED"),
        ("a counter below 0 seen", raw(1, session(9, highest=1, window=5)), "REFUSED"),
        ("bit 63 at counter 62", raw(1, session(9, highest=62, window=2**63 + 1)), "REFUSED"),
        ("previous boot above current", raw(2, session(5) + session(9)), "REFUSED"),
        ("previous boot that of current", raw(2, session(5, SALT) + session(5)), "REFUSED"),
        ("two sessions known, current zeros", raw(2, bytes(28) + session(5)), "REFUSED"),
        ("two sessions known, previous zeros", raw(2, session(5)), "REFUSED"),
    ]
    for name, state, status in cases:
        try:
            spec.parse_state(state)
            found = "OK"
        except Refused:
            found = "REFUSED"
        assert found == status, name
    return [{"name": name, "state": state, "status": status} for name, state, status in cases]


def seal_cases():
    """What one sealer makes of payloads in a row, asked for the compact form."""
    cases = []
    for direction, boot, salt in ((UP, 300, b""), (UP, 300, SALT), (DOWN, 300, SALT)):
        sealer = spec.Sealer(base_key(), direction, boot, salt)
        for counter in range(130):
            payload = pattern(counter % 20, counter)
            message = sealer.seal(payload, form="compact")
            if counter % 64 in (0, 1, 63):
                cases.append(
                    {
                        "root": ROOT,
                        "version": 1,
                        "device_id": DEVICE_ID,
                        "device_key": sealer.device.key,
                        "direction": DIRECTIONS[direction],
                        "boot": boot,
                        "salt": salt,
                        "counter": counter,
                        "asked": "compact",
                        "form": "long" if counter % 64 == 0 else "compact",
                        "payload": payload,
                        "external_aad": b"",
                        "message": message,
                    }
                )
    return cases


def limit_cases():
    full = 2**36
    cases = [
        (2**32 - 1, 0, 0, "SEALED"),
        (2**32, 0, 0, "SESSION_FULL"),
        (1, full - 2, 0, "SEALED"),
        (1, full - 1, 0, "SESSION_FULL"),
        (1, full - 3, 1, "SEALED"),
        (1, full - 2, 1, "SESSION_FULL"),
        (1, full - 3, 16, "SEALED"),
        (1, full - 3, 17, "SESSION_FULL"),
        (1, full - 4, 17, "SEALED"),
    ]
    for counter, blocks, length, status in cases:
        sealer = spec.Sealer(base_key(), UP, 1, b"", counter, blocks)
        try:
            sealer.seal(bytes(length))
            found = "SEALED"
        except Refused as why:
            found = why.status
        assert found == status
    names = ("next_counter", "blocks_sealed", "payload_length", "status")
    return [dict(zip(names, case)) for case in cases]
