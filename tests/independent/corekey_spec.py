"""The device layer of CoreKey a second time, written from its specifications alone.

For: making and checking the vectors, and exchanging messages with the Rust core.
Not for: protecting anything. Nothing here is constant-time or wiped.
Relies on: `cryptography` for HKDF-Expand, AES-GCM and AES-KW, `cbor2` for CBOR.
Specification: docs/derivation.md, docs/message.md, docs/rotation.md.
"""

import hashlib
import hmac
import zlib
from dataclasses import dataclass, field, replace

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

VERSION_MAX = 2**53 - 1
BOOT_MAX = 2**48 - 1
COUNTER_MAX = 2**32 - 1
ID_MAX = 128
CONTEXT_MAX = 128
EXTERNAL_AAD_MAX = 255
PAYLOAD_MAX = 16 * 1024 * 1024
SESSION_BLOCKS_MAX = 2**36
TAG = 16

UP, DOWN = 0, 1
A256GCM = 3
PROTECTED = bytes.fromhex("a10103")
BASE_IV = bytes.fromhex("636b31000000000000000000")


class Refused(Exception):
    """An answer other than success; `status` is its name in the specifications."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


def in_range(name, value, low, high):
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low} to {high}")


# Derivation


def expand(key, info):
    """derivation.md, One step."""
    in_range("a key's length", len(key), 32, 32)
    return HKDFExpand(hashes.SHA256(), 32, info).derive(key)


def label(name):
    """derivation.md, The labels: 8 bytes that end in a NUL."""
    return b"ck1 " + name + b"\0"


def u64be(value):
    return value.to_bytes(8, "big")


@dataclass(frozen=True)
class DeviceKey:
    """A device key with what it is the key of."""

    key: bytes
    version: int
    device_id: bytes


def check_name(version, device_id):
    """derivation.md, Ranges."""
    in_range("version", version, 1, VERSION_MAX)
    in_range("the device id's length", len(device_id), 1, ID_MAX)


def device_key(root, version, device_id):
    """derivation.md, The labels: dev."""
    check_name(version, device_id)
    key = expand(root, label(b"dev") + u64be(version) + device_id)
    return DeviceKey(key, version, device_id)


def root_id(root):
    """derivation.md, The labels: rid."""
    return expand(root, label(b"rid"))[:8]


def table_key(root):
    """derivation.md, The labels: tab."""
    return expand(root, label(b"tab"))


def row_key(root, version, device_id):
    """derivation.md, The labels: row."""
    check_name(version, device_id)
    return expand(table_key(root), label(b"row") + u64be(version) + device_id)


def encrypted_key(root, device):
    """derivation.md, Rows."""
    return keywrap.aes_key_wrap(row_key(root, device.version, device.device_id), device.key)


def first_audit_key(root, chain_id):
    """derivation.md, The labels: adt."""
    in_range("the chain id's length", len(chain_id), 16, 16)
    return expand(root, label(b"adt") + chain_id)


def next_audit_key(audit_key):
    """derivation.md, The labels: nxt."""
    return expand(audit_key, label(b"nxt"))


def fleet_root(root, fleet_id):
    """derivation.md, The labels: flt."""
    in_range("the fleet id's length", len(fleet_id), 1, ID_MAX)
    return expand(root, label(b"flt") + fleet_id)


def import_key(imported, version, device_id):
    """derivation.md, Imported keys."""
    in_range("an imported key's length", len(imported), 16, 64)
    return device_key(hmac.digest(label(b"imp"), imported, hashlib.sha256), version, device_id)


def message_key(key, direction, boot, salt):
    """message.md, Sessions, directions, counters."""
    in_range("boot", boot, 0, BOOT_MAX)
    if len(salt) not in (0, 8):
        raise ValueError("a salt has 0 or 8 bytes")
    session = u64be(boot) + salt
    return expand(key, label(b"msg") + bytes([A256GCM, direction]) + session)


def rotation_key(key, to_version):
    """derivation.md, The labels: rot."""
    in_range("version", to_version, 1, VERSION_MAX)
    return expand(key, label(b"rot") + u64be(to_version))


def drbg_personalization(key, boot):
    """derivation.md, The labels: rng."""
    in_range("boot", boot, 0, BOOT_MAX)
    return expand(key, label(b"rng") + u64be(boot))


def key_check_value(key):
    """derivation.md, The labels: kcv."""
    return expand(key, label(b"kcv"))[:4]


def application_wrapping_key(key, context):
    """derivation.md, The labels: wrp."""
    in_range("the context's length", len(context), 0, CONTEXT_MAX)
    return expand(key, label(b"wrp") + context)


def application_authentication_key(key, context):
    """derivation.md, The labels: aut."""
    in_range("the context's length", len(context), 0, CONTEXT_MAX)
    return expand(key, label(b"aut") + context)


# Messages: their bytes


def cbor(value):
    """Deterministic CBOR of what is used here: small maps, byte strings, text."""
    return cbor2.dumps(value, canonical=True)


def minimal(value):
    """message.md, Long form: big-endian without leading zeros, but for zero itself."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


def nonce(counter):
    """message.md, Sessions, directions, counters."""
    return bytes(a ^ b for a, b in zip(BASE_IV, counter.to_bytes(12, "big")))


def enc_structure(external_aad):
    """message.md, Long form: the AAD."""
    return cbor(["Encrypt0", PROTECTED, external_aad])


@dataclass(frozen=True)
class Header:
    """All of a message but its ciphertext; a compact one's numbers are residues."""

    form: str
    version: int
    device_id: bytes
    boot: int
    salt: bytes
    counter: int


def long_form(header, ciphertext):
    """message.md, Long form."""
    unprotected = {
        4: cbor(header.version) + header.device_id,
        6: minimal(header.counter),
        10: minimal(header.boot) + header.salt,
    }
    return cbor(cbor2.CBORTag(16, [PROTECTED, unprotected, ciphertext]))


def compact_form(header, ciphertext):
    """message.md, Compact form."""
    first = bytes([0x40 | header.version % 64, header.boot % 256])
    return first + (header.counter % 65536).to_bytes(2, "big") + ciphertext


def parse(message):
    """message.md, Opening, step 1: the header and the ciphertext with its tag."""
    if message[:1] and 0x40 <= message[0] <= 0x7F:
        header, ciphertext = parse_compact(message)
    else:
        header, ciphertext = parse_long(message)
    if not TAG <= len(ciphertext) <= PAYLOAD_MAX + TAG:
        raise Refused("MALFORMED")
    return header, ciphertext


def parse_compact(message):
    """message.md, Compact form."""
    if len(message) < 4:
        raise Refused("MALFORMED")
    counter = int.from_bytes(message[2:4], "big")
    header = Header("compact", message[0] - 0x40, b"", message[1], b"", counter)
    return header, message[4:]


def parse_long(message):
    """message.md, Long form. Bytes that would be encoded otherwise are malformed."""
    try:
        value = cbor2.loads(message)
        _, unprotected, ciphertext = value.value
        version, device_id = parse_kid(unprotected[4])
        counter = int.from_bytes(unprotected[6], "big")
        boot, salt = parse_kid_context(unprotected[10])
        check_name(version, device_id)
        in_range("counter", counter, 0, COUNTER_MAX)
        in_range("boot", boot, 0, BOOT_MAX)
        header = Header("long", version, device_id, boot, salt, counter)
        canonical = long_form(header, ciphertext)
    except Exception as why:
        raise Refused("MALFORMED") from why
    if canonical != message or not isinstance(ciphertext, bytes):
        raise Refused("MALFORMED")
    return header, ciphertext


def parse_kid(kid):
    """message.md, Long form: CBOR uint(version) || device_id."""
    if kid[0] < 24:
        return kid[0], kid[1:]
    end = 1 + {24: 1, 25: 2, 26: 4, 27: 8}[kid[0]]
    return int.from_bytes(kid[1:end], "big"), kid[end:]


def parse_kid_context(kid_context):
    """message.md, Long form: the length tells whether there is a salt."""
    salt_length = 8 if len(kid_context) >= 9 else 0
    split = len(kid_context) - salt_length
    return int.from_bytes(kid_context[:split], "big"), kid_context[split:]


def inspect(message):
    """message.md, Generic tools: the header and the payload's length."""
    header, ciphertext = parse(message)
    return header, len(ciphertext) - TAG


def full_iv_rewrite(message):
    """message.md, Generic tools: label 5 and the whole nonce instead of label 6."""
    header, ciphertext = parse(message)
    if header.form != "long":
        raise ValueError("only the long form is rewritten")
    unprotected = {
        4: cbor(header.version) + header.device_id,
        5: nonce(header.counter),
        10: minimal(header.boot) + header.salt,
    }
    return cbor(cbor2.CBORTag(16, [PROTECTED, unprotected, ciphertext]))


def cose_key(key, direction, boot, salt):
    """message.md, Generic tools: the COSE_Key of a session."""
    return cbor({1: 4, 3: A256GCM, 5: BASE_IV, -1: message_key(key, direction, boot, salt)})


# Messages: sealing and opening


def encrypt(key, direction, boot, salt, counter, payload, external_aad):
    """Ciphertext and tag, which both forms share."""
    in_range("counter", counter, 0, COUNTER_MAX)
    in_range("the payload's length", len(payload), 0, PAYLOAD_MAX)
    in_range("the external AAD's length", len(external_aad), 0, EXTERNAL_AAD_MAX)
    cipher = AESGCM(message_key(key, direction, boot, salt))
    return cipher.encrypt(nonce(counter), payload, enc_structure(external_aad))


def decrypt(key, direction, boot, salt, counter, ciphertext, external_aad):
    """The payload, or FORGED."""
    cipher = AESGCM(message_key(key, direction, boot, salt))
    try:
        return cipher.decrypt(nonce(counter), ciphertext, enc_structure(external_aad))
    except InvalidTag:
        raise Refused("FORGED") from None


@dataclass
class Sealer:
    """message.md, Sessions, directions, counters, and Limits: one session."""

    device: DeviceKey
    direction: int
    boot: int
    salt: bytes
    counter: int = 0
    blocks: int = 0

    def __post_init__(self):
        if self.direction == DOWN and not self.salt:
            raise ValueError("a downlink session has a salt")

    def seal(self, payload, external_aad=b"", form="long"):
        blocks = self.blocks + (len(payload) + 15) // 16 + 2
        if self.counter > COUNTER_MAX or blocks > SESSION_BLOCKS_MAX:
            raise Refused("SESSION_FULL")
        sealed = encrypt(
            self.device.key,
            self.direction,
            self.boot,
            self.salt,
            self.counter,
            payload,
            external_aad,
        )
        if self.counter % 64 == 0:
            form = "long"
        header = Header(
            form, self.device.version, self.device.device_id, self.boot, self.salt, self.counter
        )
        self.counter += 1
        self.blocks = blocks
        return long_form(header, sealed) if form == "long" else compact_form(header, sealed)


@dataclass
class Session:
    """What an opener keeps of a session. Bit i of the window: highest - i was seen."""

    boot: int
    salt: bytes
    highest: int
    window: int = 1

    def admit(self, counter):
        """message.md, Freshness, up: the rows about counters."""
        ahead = counter - self.highest
        if ahead >= 64:
            self.highest, self.window = counter, 1
        elif ahead > 0:
            self.highest, self.window = counter, (self.window << ahead | 1) % 2**64
        elif ahead <= -64:
            raise Refused("STALE")
        elif self.window >> -ahead & 1:
            raise Refused("REPLAY")
        else:
            self.window |= 1 << -ahead


def fill_counter(residue, highest):
    """message.md, Compact form: nearest to highest + 1; of two as near, the higher."""
    expected = highest + 1
    counter = expected - (expected - residue) % 65536
    if expected - counter >= 32768:
        counter += 65536
    if counter < 0:
        counter += 65536
    if counter > COUNTER_MAX:
        counter -= 65536
    return counter


@dataclass(frozen=True)
class Opened:
    """message.md, Opening, step 6."""

    payload: bytes
    version: int
    device_id: bytes
    boot: int
    salt: bytes
    counter: int


class Opener:
    """message.md, Opening: the order of answers, common to both directions."""

    def open(self, message, external_aad=b""):
        header, ciphertext = parse(message)
        if not self.is_ours(header):
            raise Refused("OTHER_KEY")
        candidates = [(header.boot, header.salt, header.counter)]
        if header.form == "compact":
            candidates = self.fill(header)
        if not candidates:
            raise Refused("NEED_LONG")
        boot, salt, counter, payload = self.first_that_verifies(
            candidates, ciphertext, external_aad
        )
        self.admit(boot, salt, counter)
        device = self.device
        return Opened(payload, device.version, device.device_id, boot, salt, counter)

    def is_ours(self, header):
        if header.form == "compact":
            return header.version == self.device.version % 64
        return (header.version, header.device_id) == (self.device.version, self.device.device_id)

    def first_that_verifies(self, candidates, ciphertext, external_aad):
        for boot, salt, counter in candidates:
            try:
                payload = decrypt(
                    self.device.key, self.direction, boot, salt, counter, ciphertext, external_aad
                )
                return boot, salt, counter, payload
            except Refused:
                continue
        raise Refused("FORGED")


class UpOpener(Opener):
    """message.md, Freshness, up. Starts from a saved state or by FIRST_CONTACT."""

    direction = UP

    def __init__(self, device, state=None, first_contact=False):
        if (state is None) != first_contact:
            raise ValueError("either a saved state or FIRST_CONTACT")
        self.device = device
        self.current, self.previous = (None, None) if first_contact else parse_state(state)

    def fill(self, header):
        """message.md, Compact form: boot and salt, then the counter."""
        for session in (self.current, self.previous):
            if session and session.boot % 256 == header.boot:
                return [(session.boot, session.salt, fill_counter(header.counter, session.highest))]
        if self.current is None or self.current.salt:
            return []
        boot = self.current.boot + (header.boot - self.current.boot) % 256
        return [(boot, b"", header.counter)] if boot <= BOOT_MAX else []

    def admit(self, boot, salt, counter):
        for session in (self.current, self.previous):
            if session and (session.boot, session.salt) == (boot, salt):
                return session.admit(counter)
        if self.current and boot <= self.current.boot:
            raise Refused("STALE")
        self.current, self.previous = Session(boot, salt, counter), self.current

    def state(self):
        """message.md, Saved state of an up opener."""
        known = [session for session in (self.current, self.previous) if session]
        sessions = b"".join(encode_session(session) for session in known).ljust(56, b"\0")
        body = bytes([1, len(known), 0, 0]) + sessions
        return body + crc32(body)


class DownOpener(Opener):
    """message.md, Freshness, down: of a device in one boot."""

    direction = DOWN

    def __init__(self, device, boot):
        self.device = device
        self.boot = boot
        self.sessions = []

    def fill(self, header):
        if header.boot != self.boot % 256:
            return []
        return [
            (self.boot, session.salt, fill_counter(header.counter, session.highest))
            for session in reversed(self.sessions)
        ]

    def admit(self, boot, salt, counter):
        if boot != self.boot:
            raise Refused("STALE")
        for session in self.sessions:
            if session.salt == salt:
                return session.admit(counter)
        if len(self.sessions) == 4:
            raise Refused("SESSION_FULL")
        self.sessions.append(Session(boot, salt, counter))


def crc32(data):
    """CRC-32 of IEEE 802.3, big-endian."""
    return zlib.crc32(data).to_bytes(4, "big")


def encode_session(session):
    """message.md, Saved state of an up opener: one session."""
    return (
        session.boot.to_bytes(6, "big")
        + bytes([len(session.salt), 0])
        + session.salt.ljust(8, b"\0")
        + session.highest.to_bytes(4, "big")
        + session.window.to_bytes(8, "big")
    )


def parse_session(data):
    salt_length = data[6]
    if salt_length not in (0, 8):
        raise Refused("BAD_STATE")
    session = Session(
        boot=int.from_bytes(data[:6], "big"),
        salt=data[8 : 8 + salt_length],
        highest=int.from_bytes(data[16:20], "big"),
        window=int.from_bytes(data[20:], "big"),
    )
    seen_below_zero = session.window >> (session.highest + 1) if session.highest < 63 else 0
    if encode_session(session) != data or session.window & 1 == 0 or seen_below_zero:
        raise Refused("BAD_STATE")
    return session


def parse_state(state):
    """message.md, Saved state of an up opener: the current and the previous session."""
    if len(state) != 64 or state[60:] != crc32(state[:60]):
        raise Refused("BAD_STATE")
    if state[0] != 1 or state[1] > 2 or state[2:4] != bytes(2):
        raise Refused("BAD_STATE")
    places = [state[4:32], state[32:60]]
    known, unknown = places[: state[1]], places[state[1] :]
    if any(any(place) for place in unknown):
        raise Refused("BAD_STATE")
    sessions = [parse_session(place) for place in known] + [None] * len(unknown)
    current, previous = sessions
    if previous and previous.boot >= current.boot:
        raise Refused("BAD_STATE")
    return current, previous


# Rotation


def offer(device, next_device):
    """rotation.md, The offer."""
    in_range("the next version", next_device.version, device.version + 1, VERSION_MAX)
    wrapping = rotation_key(device.key, next_device.version)
    return u64be(next_device.version) + keywrap.aes_key_wrap(wrapping, next_device.key)


def apply_offer(device, bytes_of_offer):
    """rotation.md, Device: the next device key, or None if the offer is ignored."""
    if len(bytes_of_offer) != 48:
        raise Refused("BAD_OFFER")
    version = int.from_bytes(bytes_of_offer[:8], "big")
    if version <= device.version:
        return None
    if version > VERSION_MAX:
        raise Refused("BAD_OFFER")
    try:
        key = keywrap.aes_key_unwrap(rotation_key(device.key, version), bytes_of_offer[8:])
    except keywrap.InvalidUnwrap:
        raise Refused("BAD_OFFER") from None
    return DeviceKey(key, version, device.device_id)


# The boot journal

COPIES, SLOTS, SLOT, WORD = (0, 64), 128, 16, 8


@dataclass(frozen=True)
class PageHeader:
    """rotation.md, The boot journal: page header."""

    sequence: int
    version: int
    base: int
    key: bytes

    def encode(self):
        body = (
            b"ckj1"
            + self.sequence.to_bytes(4, "big")
            + u64be(self.version)
            + self.base.to_bytes(6, "big")
            + bytes(2)
            + self.key
            + bytes(4)
        )
        return body + crc32(body)


def parse_page_header(data):
    """One copy of a header, or None if it is not valid or unreadable."""
    if data is None:
        return None
    header = PageHeader(
        sequence=int.from_bytes(data[4:8], "big"),
        version=int.from_bytes(data[8:16], "big"),
        base=int.from_bytes(data[16:22], "big"),
        key=data[24:56],
    )
    in_ranges = header.sequence >= 1 and 1 <= header.version <= VERSION_MAX
    return header if in_ranges and header.encode() == data else None


def encode_entry(boot, sequence):
    """rotation.md, The boot journal: slots."""
    body = boot.to_bytes(6, "big") + sequence.to_bytes(4, "big") + bytes(2)
    return body + crc32(body)


@dataclass(frozen=True)
class Slot:
    """One slot as read: its boot and sequence number if zeros and CRC are right."""

    erased: bool
    boot: int | None = None
    sequence: int | None = None


def parse_slot(data):
    if data is None:
        return Slot(erased=False)
    if data == b"\xff" * SLOT:
        return Slot(erased=True)
    boot, sequence = int.from_bytes(data[:6], "big"), int.from_bytes(data[6:10], "big")
    if encode_entry(boot, sequence) != data:
        return Slot(erased=False)
    return Slot(False, boot, sequence)


@dataclass
class Journal:
    """rotation.md, The boot journal: pages, and words (page, offset) that are unreadable."""

    pages: list
    unreadable: set = field(default_factory=set)
    current: int | None = None

    # The flash

    def read(self, page, offset, length):
        words = range(offset, offset + length, WORD)
        if any((page, word) in self.unreadable for word in words):
            return None
        return bytes(self.pages[page][offset : offset + length])

    def write(self, page, offset, data):
        self.pages[page] = self.pages[page][:offset] + data + self.pages[page][offset + len(data) :]

    def erase(self, page):
        self.pages[page] = b"\xff" * len(self.pages[page])
        self.unreadable = {word for word in self.unreadable if word[0] != page}

    # What it holds

    def slots(self, page):
        offsets = range(SLOTS, len(self.pages[page]), SLOT)
        return [parse_slot(self.read(page, offset, SLOT)) for offset in offsets]

    def is_blank(self, page):
        length = len(self.pages[page])
        return self.read(page, 0, length) == b"\xff" * length

    def header(self, page):
        """The header of a page that stands, else None."""
        copies = [parse_page_header(self.read(page, offset, 64)) for offset in COPIES]
        valid = {copy for copy in copies if copy}
        twice = len(valid) == 1 and None not in copies
        has_slot = any(not slot.erased for slot in self.slots(page))
        if not valid or not (twice or has_slot):
            return None
        return copies[0] or copies[1]

    def write_page(self, page, header, boot):
        """A page is written: erase, both copies of the header, an entry."""
        self.erase(page)
        for offset in COPIES:
            self.write(page, offset, header.encode())
        self.write(page, SLOTS, encode_entry(boot, header.sequence))

    def next_page(self):
        return (self.current + 1) % len(self.pages)

    def recover(self):
        """Rule 1. Returns the header of the current page."""
        headers = {page: self.header(page) for page in range(len(self.pages))}
        standing = {page: header for page, header in headers.items() if header}
        if not standing:
            raise Refused("STATE_LOST")
        current = max(standing, key=lambda page: standing[page].sequence)
        header = standing[current]
        others = [page for page in headers if page != current]
        entries = [slot for page in others for slot in self.slots(page) if slot.boot is not None]
        if any(entry.sequence > header.sequence for entry in entries):
            raise Refused("STATE_LOST")
        self.current = current
        if all(slot.erased for slot in self.slots(current)):
            self.write(current, SLOTS, encode_entry(header.base, header.sequence))
        for page in others:
            same_version = headers[page] and headers[page].version == header.version
            if not same_version and not self.is_blank(page):
                self.erase(page)
        return header

    def reach(self):
        """Rule 2, after recovery."""
        header = self.header(self.current)
        highest, torn = header.base, 0
        for slot in self.slots(self.current):
            if slot.sequence == header.sequence:
                highest, torn = max(highest, slot.boot), 0
            elif not slot.erased:
                torn += 1
        return highest + torn

    def boot(self):
        """Rule 3: puts the next boot on record and returns its number."""
        header = self.recover()
        boot = self.reach() + 1
        slots = self.slots(self.current)
        free = len(slots)
        while slots[free - 1].erased:
            free -= 1
        if free < len(slots):
            self.write(self.current, SLOTS + SLOT * free, encode_entry(boot, header.sequence))
            return boot
        following = replace(header, sequence=header.sequence + 1, base=boot - 1)
        self.write_page(self.next_page(), following, boot)
        self.current = self.next_page()
        return boot

    def rotate(self, version, key):
        """Rule 4."""
        header = self.recover()
        in_range("the new version", version, header.version + 1, VERSION_MAX)
        reach = self.reach()
        following = PageHeader(header.sequence + 1, version, reach, key)
        self.write_page(self.next_page(), following, reach)
        self.recover()

    def provision(self, version, key):
        """Rule 5."""
        try:
            header = self.recover()
        except Refused:
            for page in range(len(self.pages)):
                self.erase(page)
            self.write_page(0, PageHeader(1, version, 0, key), 0)
            return
        if (version, key) == (header.version, header.key):
            return
        if version <= header.version:
            raise Refused("REFUSED")
        self.rotate(version, key)
