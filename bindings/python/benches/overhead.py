"""What calls from Python cost, beside ``cryptography``, on this machine.

Rounds are interleaved, so that a busy machine slows both; a line gives the median
of each and the median of the rounds' ratios. Run it in an environment that has the
wheel and ``cryptography``: ``python benches/overhead.py [--rounds N] [--json]``.
"""

import argparse
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from time import perf_counter_ns

from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives import hmac as their_hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM as TheirAESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

import corekey

KEY, NONCE = bytes(range(32)), bytes(12)
SALT, INFO = bytes(16), b"device pump-7"
SMALL, LARGE = bytes(64), bytes(16 * 1024)

Call = Callable[[], object]


def their_tag() -> bytes:
    mac = their_hmac.HMAC(KEY, hashes.SHA256())
    mac.update(SMALL)
    return mac.finalize()


def calls() -> dict[str, tuple[Call, Call]]:
    """Ours and theirs; each pair gives the same bytes."""
    ours, theirs = corekey.AESGCM(KEY), TheirAESGCM(KEY)
    sealed = ours.encrypt(NONCE, SMALL, None)
    buf, changing = bytearray(80), bytearray(SMALL)
    prk, mac, wrapping = corekey.Prk(KEY), corekey.HmacKey(KEY), corekey.WrapKey(KEY)
    return {
        "seal 64 bytes": (
            lambda: ours.encrypt(NONCE, SMALL, None),
            lambda: theirs.encrypt(NONCE, SMALL, None),
        ),
        "open 64 bytes": (
            lambda: ours.decrypt(NONCE, sealed, None),
            lambda: theirs.decrypt(NONCE, sealed, None),
        ),
        "new key and seal 64 bytes": (
            lambda: corekey.AESGCM(KEY).encrypt(NONCE, SMALL, None),
            lambda: TheirAESGCM(KEY).encrypt(NONCE, SMALL, None),
        ),
        "seal a bytearray of 64 bytes": (
            lambda: ours.encrypt(NONCE, changing, None),
            lambda: theirs.encrypt(NONCE, changing, None),
        ),
        "seal 64 bytes into a buffer": (
            lambda: (ours.encrypt_into(NONCE, SMALL, None, buf), bytes(buf)),
            lambda: (theirs.encrypt_into(NONCE, SMALL, None, buf), bytes(buf)),
        ),
        "seal 16 KiB": (
            lambda: ours.encrypt(NONCE, LARGE, None),
            lambda: theirs.encrypt(NONCE, LARGE, None),
        ),
        "HKDF, 32 bytes": (
            lambda: corekey.hkdf(KEY, 32, SALT, INFO),
            lambda: HKDF(hashes.SHA256(), 32, SALT, INFO).derive(KEY),
        ),
        "HKDF-Expand, 32 bytes, key ready": (
            lambda: prk.expand(INFO, 32),
            lambda: HKDFExpand(hashes.SHA256(), 32, INFO).derive(KEY),
        ),
        "HMAC-SHA-256 of 64 bytes, key ready": (lambda: mac.sign(SMALL), their_tag),
        "AES-KW of 32 bytes": (
            lambda: wrapping.wrap(KEY),
            lambda: keywrap.aes_key_wrap(KEY, KEY),
        ),
    }


def nanoseconds(call: Call, repeat: int) -> float:
    """Of one call, the loop around it and the lambda included."""
    start = perf_counter_ns()
    for _ in range(repeat):
        call()
    return (perf_counter_ns() - start) / repeat


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=51)
    arguments.add_argument("--json", action="store_true", help="print one JSON object")
    options = arguments.parse_args()

    rows = []
    for name, (ours, theirs) in calls().items():
        if ours() != theirs():
            sys.exit(f"{name}: the results differ")
        repeat = max(1, int(200_000 / nanoseconds(theirs, 20)))
        pairs = [
            (nanoseconds(ours, repeat), nanoseconds(theirs, repeat)) for _ in range(options.rounds)
        ]
        our_time, their_time = (median(pair[side] for pair in pairs) for side in (0, 1))
        rows.append((name, our_time, their_time, median(b / a for a, b in pairs)))

    loop = median(nanoseconds(lambda: None, 1000) for _ in range(options.rounds))
    if options.json:
        print(json.dumps({"rows": rows, "loop": loop}))
        return
    print(f"corekey {version('corekey')}, cryptography {version('cryptography')}, ", end="")
    print(f"Python {sys.version.split()[0]}; an empty call takes {loop:.0f} ns, included below")
    print(f"{'':36} {'corekey':>9} {'cryptography':>13} {'ratio':>6}")
    for name, our_time, their_time, ratio in rows:
        print(f"{name:36} {our_time:6.0f} ns {their_time:10.0f} ns {ratio:5.2f}x")


if __name__ == "__main__":
    main()
