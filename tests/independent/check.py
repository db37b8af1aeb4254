"""Checks the vectors against themselves and against COSE libraries of other origin.

For: `python tests/independent/check.py`, which prints `N passed, N failed,
N skipped` and ends with 1 if anything failed.
Relies on: make_vectors for the bytes that ought to be there, pycose for the long
form by Base IV and Partial IV, cwt for the full-IV rewrite by label 5.
Specification: docs/message.md, Generic tools; docs/vectors/README.md.
"""

import json
import sys

import cbor2
from cwt import COSE, COSEKey
from pycose.keys import CoseKey
from pycose.messages import CoseMessage

import corekey_spec as spec
from make_vectors import FOLDER, documents


class Tally:
    """Counts checks, and prints those that fail."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, holds):
        if holds:
            self.passed += 1
            return
        self.failed += 1
        print(f"failed: {name}")

    def refuses(self, name, action):
        """The action has to raise."""
        try:
            action()
        except Exception:
            self.check(name, True)
            return
        self.check(name, False)

    def gives(self, name, expected, action):
        """The action has to return what is expected."""
        try:
            self.check(name, action() == expected)
        except Exception as why:
            self.check(f"{name}: {why!r}", False)


def changed(data, place):
    copy = bytearray(data)
    copy[place] ^= 0x01
    return bytes(copy)


def pycose_open(message, cose_key, external_aad):
    """A library that knows Partial IV opens the long form as it is."""
    decoded = CoseMessage.decode(message)
    decoded.key = CoseKey.decode(cose_key)
    decoded.external_aad = external_aad
    return decoded.decrypt()


def cwt_open(message, cose_key, external_aad):
    """A library that does not opens the full-IV rewrite. It looks keys up by kid."""
    kid = cbor2.loads(message).value[1][4]
    key = COSEKey.new(cbor2.loads(cose_key) | {2: kid})
    return COSE.new().decode(message, key, external_aad=external_aad)


LIBRARIES = (("pycose", "long", pycose_open), ("cwt", "full_iv", cwt_open))


def check_files(tally):
    for name, content in documents().items():
        committed = (FOLDER / name).read_text(encoding="ascii")
        tally.check(f"{name} is what make_vectors makes", committed == content)


def check_message(tally, number, case):
    payload, external_aad, cose_key = case["payload"], case["external_aad"], case["cose_key"]
    other_key = changed(cose_key, -1)
    for library, form, library_open in LIBRARIES:
        message = case[form]
        name = f"message {number} ({form}), {library}"
        tally.gives(name, payload, lambda: library_open(message, cose_key, external_aad))
        refused = {
            "tag changed": (changed(message, -1), cose_key, external_aad),
            "first byte of the ciphertext changed": (
                changed(message, len(message) - spec.TAG - max(len(payload), 1)),
                cose_key,
                external_aad,
            ),
            "nonce changed": (with_other_nonce(message), cose_key, external_aad),
            "another key": (message, other_key, external_aad),
            "another external AAD": (message, cose_key, external_aad + b"x"),
        }
        for what, arguments in refused.items():
            tally.refuses(f"{name}, {what}", lambda: library_open(*arguments))


def with_other_nonce(message):
    """The message with the last byte of its partial IV or IV changed."""
    tagged = cbor2.loads(message)
    headers = tagged.value[1]
    label = 6 if 6 in headers else 5
    headers[label] = changed(headers[label], -1)
    return cbor2.dumps(tagged)


def of_json(value):
    """Hexadecimal to bytes where a text is nothing else."""
    return bytes.fromhex(value) if isinstance(value, str) else value


def message_cases():
    words = {"direction"}
    for case in json.loads((FOLDER / "messages.json").read_text(encoding="ascii"))["messages"]:
        yield {name: value if name in words else of_json(value) for name, value in case.items()}


def main():
    tally = Tally()
    check_files(tally)
    for number, case in enumerate(message_cases()):
        check_message(tally, number, case)
    print(f"{tally.passed} passed, {tally.failed} failed, 0 skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
