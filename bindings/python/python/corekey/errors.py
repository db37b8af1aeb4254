"""What CoreKey raises, each class with what to do about it.

Misuse raises Python's own exceptions: ``TypeError`` for an argument of another
type, ``ValueError`` for one of another length or range, ``BufferError`` for
memory that is not contiguous; files raise ``OSError``. Everything else is a
``CoreKeyError``. No message holds a secret. After any of them nothing was changed
or written, unless the call says so: zeros in an output, an ``Hmac`` or an
``AuditKey`` that ends with the tag that it refuses, a journal whose storage
failed half-way.
"""

__all__ = [
    "AlreadyFinalized",
    "BadOffer",
    "CoreKeyError",
    "EntropyFailed",
    "Forged",
    "Forked",
    "InvalidState",
    "InvalidTag",
    "InvalidUnwrap",
    "JournalError",
    "Malformed",
    "MessageError",
    "NeedLong",
    "OtherKey",
    "Replay",
    "RootFailed",
    "SelfTestFailed",
    "SessionFull",
    "Stale",
    "StateLost",
    "StorageFailed",
    "Unreadable",
    "VerificationError",
]


class CoreKeyError(Exception):
    """The base of all below."""


class VerificationError(CoreKeyError):
    """Something is not authentic: treat it as an attack or as noise."""


class InvalidTag(VerificationError):
    """A tag of AES-GCM or HMAC does not verify.

    Another key, nonce or associated data, or changed bytes; which is not told.
    It has no relation to the class of that name in ``cryptography``, whether or
    not that is installed: catch the class of the package that you call.
    """


class InvalidUnwrap(VerificationError):
    """A wrapped key does not verify: another wrapping key, or changed bytes."""


class MessageError(CoreKeyError):
    """A sealed message was not opened."""


class Malformed(MessageError):
    """The bytes are no sealed message: drop them."""


class OtherKey(MessageError):
    """The message names another device or version: open it with that key."""


class NeedLong(MessageError):
    """A compact message of a session that is not known yet.

    Not an attack: the next long message brings the session. Wait for it.
    """


class Forged(MessageError, VerificationError):
    """The message is not authentic: made under another key, or changed."""


class Stale(MessageError):
    """Authentic, but of an earlier boot, of another sealer in the same boot, or
    older than the replay window: a replay, or a copy of the device. Report it.
    """


class Replay(MessageError):
    """Authentic, but opened before: drop it."""


class SessionFull(CoreKeyError):
    """The session has no counter or room left: go to the next boot.

    From an opener of downlinks: a fifth sender in one boot.
    """


class Forked(CoreKeyError):
    """The object was made before ``os.fork()``, and both processes have it.

    Two sealers would use the same nonces, two generators give the same bytes, two
    journals count the same boots: make a new one in the child. A journal's file
    can be opened by one process at a time: open it in the one that seals.
    """


class InvalidState(CoreKeyError):
    """A saved state of an opener is damaged: restore the one saved last."""


class BadOffer(CoreKeyError):
    """A rotation offer is damaged or for another key. Nothing changed: ask the
    server again.
    """


class JournalError(CoreKeyError):
    """The boot journal cannot be used: seal nothing."""


class StateLost(JournalError):
    """The journal is blank or damaged: provision the device anew, with a new
    version.
    """


class StorageFailed(JournalError):
    """The journal's storage failed: seal nothing, and try again or start again.

    The error of a storage in Python is its ``__cause__``.
    """


class Unreadable(CoreKeyError):
    """For a storage of a journal in Python to raise from ``read``: what was to be
    read is lost for good, as after an ECC error, and trying again would not help.

    The journal may then erase the page. Any other exception counts as a failure
    that may pass: ``StorageFailed``. CoreKey itself never raises it.
    """


class EntropyFailed(CoreKeyError):
    """The entropy source failed, or gave a constant or repeated block: check it.

    Nothing was generated. The error of a source in Python is its ``__cause__``.
    """


class RootFailed(CoreKeyError):
    """The token or service that holds a root could not compute an HMAC.

    Its error is the ``__cause__``.
    """


class SelfTestFailed(CoreKeyError):
    """A known-answer test failed: do not use this build on this machine."""


class AlreadyFinalized(CoreKeyError):
    """A hash or MAC in pieces was finished before, a journal closed, a storage
    given to another journal, or an audit chain found broken: make a new one.
    """
