"""docs/vectors/derivation.json: every label of the registry.

Relies on: corekey_spec and fixed_inputs. Specification: docs/derivation.md.
"""

import corekey_spec as spec
from corekey_spec import DOWN, UP
from fixed_inputs import DEVICE_ID, DIRECTIONS, OTHER_ROOT, ROOT, SALT, base_key, device_id, pattern

VERSIONS = [1, 23, 24, 255, 256, 65536, 2**32, 2**53 - 1]
ID_LENGTHS = [1, 14, 38, 39, 128]


def derivation():
    return {
        "specification": "docs/derivation.md",
        "roots": [
            {"root": root, "root_id": spec.root_id(root), "table_key": spec.table_key(root)}
            for root in (ROOT, OTHER_ROOT, bytes(32), b"\xff" * 32)
        ],
        "device_keys": [
            device_key_case(ROOT, version, device_id(length))
            for length in ID_LENGTHS
            for version in VERSIONS
        ]
        + [
            device_key_case(OTHER_ROOT, 1, DEVICE_ID),
            device_key_case(ROOT, 1, b"\0"),
            device_key_case(ROOT, 1, b"\0\0"),
        ],
        "fleets": [fleet_case(fleet) for fleet in (b"f", b"acme/thermostats", pattern(128, 0x30))],
        "audit_chains": [audit_case(chain) for chain in (bytes(16), pattern(16, 0xC0))],
        "imports": [
            import_case(imported, version, device)
            for imported, version, device in (
                (pattern(16, 1), 1, DEVICE_ID),
                (pattern(31, 2), 1, DEVICE_ID),
                (pattern(32, 3), 1, DEVICE_ID),
                (pattern(32, 3), 2, DEVICE_ID),
                (pattern(32, 3), 1, b"another"),
                (pattern(33, 4), 2**53 - 1, device_id(128)),
                (pattern(64, 5), 1, DEVICE_ID),
            )
        ],
        "messages": [
            message_key_case(direction, boot, salt)
            for direction in (UP, DOWN)
            for boot in (0, 1, 2**48 - 1)
            for salt in (b"", SALT)
        ],
        "rotations": [
            {
                "device_key": base_key().key,
                "to_version": version,
                "rotation_key": spec.rotation_key(base_key().key, version),
            }
            for version in (2, 256, 2**53 - 1)
        ],
        "personalizations": [
            {
                "device_key": base_key().key,
                "boot": boot,
                "personalization": spec.drbg_personalization(base_key().key, boot),
            }
            for boot in (0, 1, 255, 256, 2**48 - 1)
        ],
        "applications": [
            application_case(context)
            for context in (b"", b"\0", b"storage", pattern(39, 9), pattern(128, 0x40))
        ],
        "refused": refused_derivations(),
    }


def device_key_case(root, version, identity):
    device = spec.device_key(root, version, identity)
    return {
        "root": root,
        "version": version,
        "device_id": identity,
        "device_key": device.key,
        "key_check_value": spec.key_check_value(device.key),
        "row_key": spec.row_key(root, version, identity),
        "encrypted_key": spec.encrypted_key(root, device),
    }


def fleet_case(fleet):
    root = spec.fleet_root(ROOT, fleet)
    return {
        "root": ROOT,
        "fleet_id": fleet,
        "fleet_root": root,
        "fleet_root_id": spec.root_id(root),
        "version": 1,
        "device_id": DEVICE_ID,
        "device_key": spec.device_key(root, 1, DEVICE_ID).key,
    }


def audit_case(chain):
    first = spec.first_audit_key(ROOT, chain)
    second = spec.next_audit_key(first)
    return {
        "root": ROOT,
        "chain_id": chain,
        "first": first,
        "second": second,
        "third": spec.next_audit_key(second),
    }


def import_case(imported, version, device):
    key = spec.import_key(imported, version, device).key
    return {
        "imported": imported,
        "version": version,
        "device_id": device,
        "device_key": key,
        "key_check_value": spec.key_check_value(key),
    }


def message_key_case(direction, boot, salt):
    key = base_key().key
    return {
        "device_key": key,
        "direction": DIRECTIONS[direction],
        "boot": boot,
        "salt": salt,
        "message_key": spec.message_key(key, direction, boot, salt),
    }


def application_case(context):
    key = base_key().key
    return {
        "device_key": key,
        "context": context,
        "wrapping_key": spec.application_wrapping_key(key, context),
        "authentication_key": spec.application_authentication_key(key, context),
    }


def refused_derivations():
    name = {"version": 1, "device_id": DEVICE_ID}
    return [
        {"what": "device_key", **name, "version": 0},
        {"what": "device_key", **name, "version": 2**53},
        {"what": "device_key", **name, "device_id": b""},
        {"what": "device_key", **name, "device_id": pattern(129)},
        {"what": "fleet_root", "fleet_id": b""},
        {"what": "fleet_root", "fleet_id": pattern(129)},
        {"what": "import", "imported": pattern(15)},
        {"what": "import", "imported": pattern(65)},
        {"what": "rotation_key", "to_version": 0},
        {"what": "rotation_key", "to_version": 2**53},
        {"what": "personalization", "boot": 2**48},
        {"what": "application_key", "context": pattern(129)},
    ]
