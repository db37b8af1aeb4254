"""Exchanges random sealed messages with another implementation, one a line.

    exchange.py seal N [SEED]   writes N lines to standard output
    exchange.py open            reads lines from standard input, prints what
                                failed, then `N passed, N failed, 0 skipped`;
                                ends with 1 if anything failed or nothing came

Either side writes lines and the other opens them. A line is one JSON object; byte
strings are lower-case hexadecimal, numbers are below 2^53:

    root          root secret, 32 bytes
    version       version of the device key
    device_id     1 to 128 bytes
    direction     "up" or "down"
    boot          boot number; for "down", that of the device that opens
    salt          0 or 8 bytes; 8 for "down"
    counter       counter of the message
    external_aad  0 to 255 bytes
    payload       what the message has to open to
    form          "long" or "compact"
    before        for "compact" a long message of the same session, sealed with
                  the same external AAD, which the opener is fed first: its
                  counter is the highest multiple of 64 below `counter`;
                  empty for "long"
    message       the sealed message

Each line is for an opener of its own: one started by FIRST_CONTACT for "up", one
of a device in that boot for "down". Opening gives the payload, version, id, boot,
salt and counter of the line. As sealing is deterministic, `open` also seals the
line's parameters itself and compares the bytes.

A seed makes the lines the same again; without one it is drawn and shown on
standard error.

Relies on: corekey_spec. Specification: docs/message.md.
"""

import json
import random
import secrets
import sys

import corekey_spec as spec
from corekey_spec import DOWN, UP, Header

DIRECTIONS = {"up": UP, "down": DOWN}
BYTES = ("root", "device_id", "salt", "external_aad", "payload", "before", "message")


def number_up_to(rng, highest):
    """A number of a random length in bits, or one at the upper end."""
    if rng.random() < 0.1:
        return highest - rng.randrange(3)
    return min(rng.getrandbits(rng.randint(1, highest.bit_length())), highest)


def random_parameters(rng):
    direction = rng.choice(["up", "down"])
    salted = direction == "down" or rng.random() < 0.5
    counter = number_up_to(rng, spec.COUNTER_MAX)
    return {
        "root": rng.randbytes(32),
        "version": max(1, number_up_to(rng, spec.VERSION_MAX)),
        "device_id": rng.randbytes(max(1, number_up_to(rng, spec.ID_MAX))),
        "direction": direction,
        "boot": number_up_to(rng, spec.BOOT_MAX),
        "salt": rng.randbytes(8) if salted else b"",
        "counter": counter,
        "external_aad": rng.randbytes(number_up_to(rng, spec.EXTERNAL_AAD_MAX)),
        "payload": rng.randbytes(number_up_to(rng, 2000)),
        "form": rng.choice(["long", "compact"]) if counter % 64 else "long",
    }


def seal(line, form, counter, payload):
    """The message of a line's session with some form, counter and payload."""
    device = spec.device_key(line["root"], line["version"], line["device_id"])
    direction, boot, salt = DIRECTIONS[line["direction"]], line["boot"], line["salt"]
    sealed = spec.encrypt(device.key, direction, boot, salt, counter, payload, line["external_aad"])
    header = Header("long", device.version, device.device_id, boot, salt, counter)
    forms = {"long": spec.long_form, "compact": spec.compact_form}
    return forms[form](header, sealed)


def complete(line):
    """A line from its parameters."""
    before = b""
    if line["form"] == "compact":
        before = seal(line, "long", line["counter"] // 64 * 64, b"before")
    return line | {
        "before": before,
        "message": seal(line, line["form"], line["counter"], line["payload"]),
    }


def opener_of(line):
    device = spec.device_key(line["root"], line["version"], line["device_id"])
    if line["direction"] == "up":
        return spec.UpOpener(device, first_contact=True)
    return spec.DownOpener(device, line["boot"])


def why_not(line):
    """What is wrong with a line, or None."""
    opener = opener_of(line)
    try:
        if line["before"]:
            opener.open(line["before"], line["external_aad"])
        opened = opener.open(line["message"], line["external_aad"])
    except spec.Refused as why:
        return why.status
    for name in ("payload", "version", "device_id", "boot", "salt", "counter"):
        if getattr(opened, name) != line[name]:
            return f"another {name}"
    if seal(line, line["form"], line["counter"], line["payload"]) != line["message"]:
        return "sealed here, the message has other bytes"
    return None


def to_json(line):
    return json.dumps(
        {name: value.hex() if name in BYTES else value for name, value in line.items()}
    )


def from_json(text):
    return {
        name: bytes.fromhex(value) if name in BYTES else value
        for name, value in json.loads(text).items()
    }


def seal_lines(count, seed):
    print(f"seed {seed}", file=sys.stderr)
    rng = random.Random(seed)
    for _ in range(count):
        print(to_json(complete(random_parameters(rng))))
    return 0


def open_lines(lines):
    passed = failed = 0
    for number, text in enumerate(lines, 1):
        try:
            why = why_not(from_json(text))
        except (ValueError, KeyError) as error:
            why = f"not a line of this format: {error!r}"
        if why is None:
            passed += 1
        else:
            failed += 1
            print(f"failed: line {number}: {why}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 0 if passed and not failed else 1


def main(arguments):
    match arguments:
        case ["seal", count]:
            return seal_lines(int(count), secrets.randbits(64))
        case ["seal", count, seed]:
            return seal_lines(int(count), int(seed))
        case ["open"]:
            return open_lines(sys.stdin)
    print("usage: exchange.py seal N [SEED] | exchange.py open", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
