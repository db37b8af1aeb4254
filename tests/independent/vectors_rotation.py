"""docs/vectors/rotation.json: offers, and what a device makes of them.

Relies on: corekey_spec and fixed_inputs. Specification: docs/rotation.md.
"""

from cryptography.hazmat.primitives.keywrap import aes_key_wrap

import corekey_spec as spec
from corekey_spec import Refused
from fixed_inputs import DEVICE_ID, ROOT, base_key, bytes_of, changed, device_id


def rotation():
    pairs = [
        (1, 2),
        (1, 24),
        (23, 24),
        (255, 256),
        (256, 65536),
        (2**32, 2**32 + 1),
        (1, 2**53 - 1),
    ]
    offers = [offer_case(v, w, DEVICE_ID) for v, w in pairs]
    offers += [offer_case(1, 2, device_id(length)) for length in (1, 128)]
    return {
        "specification": "docs/rotation.md",
        "offers": offers,
        "applies": apply_cases(),
    }


def offer_case(version, next_version, identity):
    device = spec.device_key(ROOT, version, identity)
    following = spec.device_key(ROOT, next_version, identity)
    made = spec.offer(device, following)
    assert spec.apply_offer(device, made) == following
    return {
        "root": ROOT,
        "device_id": identity,
        "version": version,
        "device_key": device.key,
        "next_version": next_version,
        "next_device_key": following.key,
        "rotation_key": spec.rotation_key(device.key, next_version),
        "offer": made,
    }


def apply_cases():
    device = base_key(300)

    def offer_of(version, under=device):
        return spec.offer(under, spec.device_key(ROOT, version, DEVICE_ID))

    def any_version(version, key=device.key):
        """An offer of a version that `offer` would not make."""
        wrapping = spec.expand(key, spec.label(b"rot") + spec.u64be(version))
        return spec.u64be(version) + aes_key_wrap(wrapping, bytes_of("key"))

    good = offer_of(301)
    other = spec.device_key(ROOT, 300, b"sensor-0000043")
    short = spec.u64be(301) + aes_key_wrap(spec.rotation_key(device.key, 301), bytes(24))
    cases = [
        ("next version", good, "APPLIED"),
        ("a version far above", offer_of(2**53 - 1), "APPLIED"),
        ("any key of 32 bytes", any_version(302), "APPLIED"),
        ("own version", any_version(300), "IGNORED"),
        ("version below", any_version(299), "IGNORED"),
        ("version below, not wrapped rightly", changed(any_version(299)), "IGNORED"),
        ("version 1", any_version(1), "IGNORED"),
        ("version 0", any_version(0), "IGNORED"),
        ("version 2^53", any_version(2**53), "BAD_OFFER"),
        ("version 2^64 - 1", any_version(2**64 - 1), "BAD_OFFER"),
        ("version changed to another above", spec.u64be(302) + good[8:], "BAD_OFFER"),
        ("version changed to one below", spec.u64be(299) + good[8:], "IGNORED"),
        ("under another device's key", offer_of(301, other), "BAD_OFFER"),
        ("under another version of the device's key", offer_of(301, base_key(299)), "BAD_OFFER"),
        ("empty", b"", "BAD_OFFER"),
        ("version alone", good[:8], "BAD_OFFER"),
        ("7 bytes", good[:7], "BAD_OFFER"),
        ("47 bytes", good[:47], "BAD_OFFER"),
        ("49 bytes", good + b"\0", "BAD_OFFER"),
        ("47 bytes of a version below", any_version(299)[:47], "BAD_OFFER"),
        ("a key of 24 bytes", short, "BAD_OFFER"),
        ("zeros behind the version", good[:8] + bytes(40), "BAD_OFFER"),
    ]
    cases += [(f"byte {place} XOR 01", changed(good, place), "BAD_OFFER") for place in range(8, 48)]
    return [apply_case(device, name, offered, status) for name, offered, status in cases]


def apply_case(device, name, offered, status):
    case = {
        "name": name,
        "root": ROOT,
        "version": device.version,
        "device_id": device.device_id,
        "device_key": device.key,
        "offer": offered,
        "status": status,
    }
    try:
        following = spec.apply_offer(device, offered)
        found = "APPLIED" if following else "IGNORED"
    except Refused as why:
        following, found = None, why.status
    assert found == status, name
    if following:
        case |= {"next_version": following.version, "next_device_key": following.key}
    return case
