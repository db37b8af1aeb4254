"""Inputs that the vectors share: fixed names, keys and byte patterns.

Relies on: corekey_spec for deriving the keys.
"""

import hashlib

import corekey_spec as spec
from corekey_spec import DOWN, UP

ROOT = bytes(range(32))
OTHER_ROOT = bytes(range(32, 64))
DEVICE_ID = b"sensor-0000042"
SALT = bytes.fromhex("a0a1a2a3a4a5a6a7")
DIRECTIONS = {UP: "up", DOWN: "down"}


def pattern(length, start=0):
    """Bytes that differ from their neighbours and between uses."""
    return bytes((start + 7 * i) % 256 for i in range(length))


def bytes_of(name, length=32):
    """Fixed bytes that look random."""
    return hashlib.shake_256(name.encode()).digest(length)


def device_id(length):
    """An id of some length; those of common lengths are text, others are any bytes."""
    return DEVICE_ID if length == len(DEVICE_ID) else pattern(length, 0x61)


def salt_number(number):
    return bytes([0xB0 + number]) * 8


def base_key(version=1):
    return spec.device_key(ROOT, version, DEVICE_ID)


def changed(message, place=-1, mask=0x01):
    copy = bytearray(message)
    copy[place] ^= mask
    return bytes(copy)


def seal_as(
    device, direction, boot, salt, counter, payload=b"payload!", external_aad=b"", form="long"
):
    """One message of any parameters."""
    sealed = spec.encrypt(device.key, direction, boot, salt, counter, payload, external_aad)
    header = spec.Header("long", device.version, device.device_id, boot, salt, counter)
    return spec.long_form(header, sealed) if form == "long" else spec.compact_form(header, sealed)
