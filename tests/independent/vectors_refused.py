"""Messages that are no good: malformed in every way, of another key, forged.

For: `malformed` and `refused` of docs/vectors/messages.json.
Relies on: corekey_spec and fixed_inputs. Specification: docs/message.md.
"""

import cbor2

import corekey_spec as spec
from corekey_spec import DOWN, UP, DeviceKey, Refused
from fixed_inputs import (
    DEVICE_ID,
    DIRECTIONS,
    ROOT,
    SALT,
    base_key,
    bytes_of,
    changed,
    pattern,
    seal_as,
)


def text(value):
    """A CBOR text string where a byte string belongs."""
    return value.decode("latin-1")


WELL_FORMED = seal_as(base_key(), UP, 7, b"", 5)


def malformed_cases():
    """Most differ from WELL_FORMED in one way."""
    kid, piv, context = b"\x01" + DEVICE_ID, b"\x05", b"\x07"
    sealed = spec.encrypt(base_key().key, UP, 7, b"", 5, b"payload!", b"")

    def item(value):
        return cbor2.dumps(value)

    def assemble(
        tag=b"\xd0",
        array=b"\x83",
        protected=item(spec.PROTECTED),
        headers=None,
        kid=item(kid),
        piv=item(piv),
        context=item(context),
        ciphertext=item(sealed),
        after=b"",
    ):
        if headers is None:
            headers = b"\xa3\x04" + kid + b"\x06" + piv + b"\x0a" + context
        return tag + array + protected + headers + ciphertext + after

    def headers(*pairs):
        return bytes([0xA0 + len(pairs)]) + b"".join(
            bytes([name]) + item(value) for name, value in pairs
        )

    def with_kid(version_bytes, identity=DEVICE_ID):
        return assemble(kid=item(bytes.fromhex(version_bytes) + identity))

    def chunked(value):
        half = len(value) // 2
        return b"\x5f" + item(value[:half]) + item(value[half:]) + b"\xff"

    good = assemble()
    assert good == WELL_FORMED
    k, p, c = (4, kid), (6, piv), (10, context)
    variants = [
        ("empty", b""),
        ("one byte of a compact message", b"\x41"),
        ("compact message without its tag's last byte", b"\x41\x07\x00\x05" + bytes(15)),
        ("text", b"hello"),
        ("first byte 0x3f", b"\x3f" + bytes(40)),
        ("first byte 0x80", b"\x80" + bytes(40)),
        ("no tag", good[1:]),
        ("tag 17", assemble(tag=b"\xd1")),
        ("tag 96", assemble(tag=b"\xd8\x60")),
        ("tag 16 in two bytes", assemble(tag=b"\xd8\x10")),
        ("tag 16 in three bytes", assemble(tag=b"\xd9\x00\x10")),
        ("tag 16 twice", assemble(tag=b"\xd0\xd0")),
        ("tagged as self-described CBOR", b"\xd9\xd9\xf7" + good),
        ("array of 2", assemble(array=b"\x82", ciphertext=b"")),
        ("array of 4", assemble(array=b"\x84", after=b"\x80")),
        ("array length in two bytes", assemble(array=b"\x98\x03")),
        ("indefinite array", assemble(array=b"\x9f", after=b"\xff")),
        ("trailing zero byte", assemble(after=b"\0")),
        ("trailing break", assemble(after=b"\xff")),
        ("message twice", good + good),
        ("last byte missing", good[:-1]),
        ("only the tag", good[:1]),
        ("cut in the kid", good[:12]),
        ("cut behind the headers", assemble(ciphertext=b"")),
        ("protected header empty", assemble(protected=b"\x40")),
        ("protected header an empty map", assemble(protected=b"\x41\xa0")),
        ("protected header a map, not bytes", assemble(protected=b"\xa1\x01\x03")),
        ("protected alg 1", assemble(protected=b"\x43\xa1\x01\x01")),
        ("protected alg in two bytes", assemble(protected=b"\x44\xa1\x01\x18\x03")),
        ("protected map with length in two bytes", assemble(protected=b"\x44\xb8\x01\x01\x03")),
        ("protected map indefinite", assemble(protected=b"\x45\xbf\x01\x03\xff\xff")),
        ("protected header one more", assemble(protected=b"\x45\xa2\x01\x03\x03\x00")),
        ("protected length in two bytes", assemble(protected=b"\x58\x03\xa1\x01\x03")),
        ("protected with a trailing byte", assemble(protected=b"\x44\xa1\x01\x03\x00")),
        ("no headers", assemble(headers=b"\xa0")),
        ("headers an array", assemble(headers=b"\x83" + item(kid) + item(piv) + item(context))),
        ("kid missing", assemble(headers=headers(p, c))),
        ("partial IV missing", assemble(headers=headers(k, c))),
        ("kid context missing", assemble(headers=headers(k, p))),
        ("one header more", assemble(headers=headers(k, p, c, (11, 0)))),
        ("IV as well", assemble(headers=headers(k, (5, bytes(12)), p, c))),
        ("IV instead of partial IV", assemble(headers=headers(k, (5, spec.nonce(5)), c))),
        ("alg as well", assemble(headers=headers((1, 3), k, p, c))),
        ("kid twice", assemble(headers=headers(k, k, p, c))),
        ("partial IV twice", assemble(headers=headers(k, p, p, c))),
        ("kid twice, kid context missing", assemble(headers=headers(k, k, p))),
        ("headers 6, 4, 10", assemble(headers=headers(p, k, c))),
        ("headers 4, 10, 6", assemble(headers=headers(k, c, p))),
        ("headers 10, 6, 4", assemble(headers=headers(c, p, k))),
        ("label 4 in two bytes", assemble(headers=b"\xa3\x18\x04" + headers(k, p, c)[2:])),
        ("label 4 as a float", assemble(headers=b"\xa3\xf9\x44\x00" + headers(k, p, c)[2:])),
        ("label 4 as text", assemble(headers=b"\xa3\x61\x34" + headers(k, p, c)[2:])),
        ("label -5 for 4", assemble(headers=b"\xa3\x24" + headers(k, p, c)[2:])),
        ("map length in two bytes", assemble(headers=b"\xb8\x03" + headers(k, p, c)[1:])),
        ("indefinite map", assemble(headers=b"\xbf" + headers(k, p, c)[1:] + b"\xff")),
        ("map of 3 with 4 pairs", assemble(headers=b"\xa3" + headers(k, p, c, (11, 0))[1:])),
        ("map of 4 with 3 pairs", assemble(headers=b"\xa4" + headers(k, p, c)[1:])),
        ("map of 2^64 - 1 pairs", assemble(headers=b"\xbb" + b"\xff" * 8 + headers(k, p, c)[1:])),
        ("kid as text", assemble(kid=item(text(kid)))),
        ("kid chunked", assemble(kid=chunked(kid))),
        ("kid length in two bytes", assemble(kid=b"\x58\x0f" + kid)),
        ("kid longer than the message", assemble(kid=b"\x5a\xff\xff\xff\xff" + kid)),
        ("kid of 2^64 - 1 bytes", assemble(kid=b"\x5b" + b"\xff" * 8 + kid)),
        ("kid empty", assemble(kid=b"\x40")),
        ("kid null", assemble(kid=b"\xf6")),
        ("kid of a version alone", with_kid("01", b"")),
        ("kid with an id of 129 bytes", with_kid("01", pattern(129))),
        ("kid of version 0", with_kid("00")),
        ("kid of version 2^53", with_kid("1b0020000000000000")),
        ("kid of version 2^64 - 1", with_kid("1bffffffffffffffff")),
        ("kid of version 23 in two bytes", with_kid("1817")),
        ("kid of version 255 in three bytes", with_kid("1900ff")),
        ("kid of version 65535 in five bytes", with_kid("1a0000ffff")),
        ("kid of version 2^32 - 1 in nine bytes", with_kid("1b00000000ffffffff")),
        ("kid of a reserved version head", with_kid("1c")),
        ("kid of an indefinite version head", with_kid("1f")),
        ("kid of a negative version", with_kid("20")),
        ("kid of a byte string version", with_kid("41" + "01")),
        ("kid of a cut version", with_kid("1b0000", b"")),
        ("partial IV empty", assemble(piv=b"\x40")),
        ("partial IV with a leading zero", assemble(piv=b"\x42\x00\x05")),
        ("partial IV 0 in two bytes", assemble(piv=b"\x42\x00\x00")),
        ("partial IV of 5 bytes", assemble(piv=b"\x45\x01\x00\x00\x00\x00")),
        ("partial IV of 12 bytes", assemble(piv=b"\x4c" + spec.nonce(5))),
        ("partial IV as a number", assemble(piv=b"\x05")),
        ("partial IV as text", assemble(piv=b"\x61\x05")),
        ("partial IV chunked", assemble(piv=b"\x5f\x41\x05\xff")),
        ("partial IV length in two bytes", assemble(piv=b"\x58\x01\x05")),
        ("kid context empty", assemble(context=b"\x40")),
        ("kid context with a leading zero", assemble(context=b"\x42\x00\x07")),
        ("kid context 0 in two bytes", assemble(context=b"\x42\x00\x00")),
        ("kid context of 7 bytes", assemble(context=item(b"\x07" + bytes(6)))),
        ("kid context of 8 bytes", assemble(context=item(SALT))),
        ("kid context of 15 bytes", assemble(context=item(b"\x07" * 7 + SALT))),
        ("kid context with a leading zero and a salt", assemble(context=item(b"\x00\x07" + SALT))),
        ("kid context as a number", assemble(context=b"\x07")),
        ("kid context as text", assemble(context=b"\x61\x07")),
        ("ciphertext null", assemble(ciphertext=b"\xf6")),
        ("ciphertext empty", assemble(ciphertext=b"\x40")),
        ("ciphertext of 15 bytes", assemble(ciphertext=item(sealed[:15]))),
        ("ciphertext as text", assemble(ciphertext=b"\x78\x18" + sealed)),
        ("ciphertext chunked", assemble(ciphertext=chunked(sealed))),
        ("ciphertext length in three bytes", assemble(ciphertext=b"\x59\x00\x18" + sealed)),
        (
            "ciphertext length in nine bytes",
            assemble(ciphertext=b"\x5b" + bytes(7) + b"\x18" + sealed),
        ),
        ("ciphertext longer than the message", assemble(ciphertext=b"\x58\x19" + sealed)),
        ("ciphertext shorter than the message", assemble(ciphertext=b"\x57" + sealed)),
        ("ciphertext of 2^32 - 1 bytes", assemble(ciphertext=b"\x5a\xff\xff\xff\xff" + sealed)),
        ("ciphertext of 2^64 - 1 bytes", assemble(ciphertext=b"\x5b" + b"\xff" * 8 + sealed)),
    ]
    device = base_key()
    cases = []
    for name, message in variants:
        assert status_of(UP, device, message) == "MALFORMED", name
        cases.append({"name": name, "message": message})
    return cases


def status_of(direction, device, message, external_aad=b"", boot=7):
    opener = (
        spec.UpOpener(device, first_contact=True)
        if direction == UP
        else spec.DownOpener(device, boot)
    )
    try:
        opener.open(message, external_aad)
    except Refused as why:
        return why.status
    return "OPENED"


def refused_cases():
    """Messages to an opener that has seen none, and every byte of two changed."""
    cases = []

    def add(name, device, direction, message, external_aad=b""):
        status = status_of(direction, device, message, external_aad)
        cases.append(
            {
                "name": name,
                "root": ROOT,
                "version": device.version,
                "device_id": device.device_id,
                "device_key": device.key,
                "direction": DIRECTIONS[direction],
                "opener_boot": 7,
                "message": message,
                "external_aad": external_aad,
                "status": status,
            }
        )

    device = base_key()
    up = seal_as(device, UP, 7, SALT, 5)
    compact = seal_as(device, UP, 7, SALT, 5, form="compact")
    down = seal_as(device, DOWN, 7, SALT, 5)
    other_id = spec.device_key(ROOT, 1, b"sensor-0000043")
    add("unchanged, up", device, UP, up)
    add("unchanged, down", device, DOWN, down)
    add("version one higher", base_key(2), UP, up)
    add("version of the same residue", base_key(65), UP, up)
    add("id of the same length", other_id, UP, up)
    add("id one byte shorter", spec.device_key(ROOT, 1, DEVICE_ID[:-1]), UP, up)
    add(
        "key of another root under the same name",
        DeviceKey(bytes_of("other"), 1, DEVICE_ID),
        UP,
        up,
    )
    add("up to a device", device, DOWN, up)
    add("down to a service", device, UP, down)
    add("down of an earlier boot", device, DOWN, seal_as(device, DOWN, 6, SALT, 5))
    add("down of a later boot", device, DOWN, seal_as(device, DOWN, 8, SALT, 5))
    add(
        "down of an earlier boot, tag changed",
        device,
        DOWN,
        changed(seal_as(device, DOWN, 6, SALT, 5)),
    )
    add("external AAD that was not sealed", device, UP, up, b"a")
    add("external AAD left out", device, UP, seal_as(device, UP, 7, SALT, 5, external_aad=b"a"))
    add("compact, nothing seen", device, UP, compact)
    add("compact, nothing seen, tag changed", device, UP, changed(compact))
    add("compact, nothing seen, other residue of version", base_key(2), UP, compact)
    add(
        "compact to a device, nothing seen",
        device,
        DOWN,
        seal_as(device, DOWN, 7, SALT, 5, form="compact"),
    )
    for name, version, boot, salt, counter in (
        ("with a salt", 1, 7, SALT, 5),
        ("of larger numbers", 300, 300, b"", 300),
    ):
        device = base_key(version)
        message = seal_as(device, UP, boot, salt, counter)
        for place in range(len(message)):
            for mask in (0x01, 0x80):
                other = changed(message, place, mask)
                add(f"message {name}, byte {place} XOR {mask:02x}", device, UP, other)
    return cases
