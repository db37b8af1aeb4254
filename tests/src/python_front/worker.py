"""The Python front's other end: runs in an environment that has the wheel.

Reads a request a line, ``{"call": name, "args": [...]}``, and answers it with a
line: ``{"ok": result}`` or ``{"refused": exception, "says": text}``. Bytes are
``{"hex": text}``. A call that needs a flash asks for it in between:
``{"flash": [what, ...]}``. It judges nothing, but that two calls which do the
same must agree.
"""

import json
import sys
from array import array
from hashlib import sha256
from itertools import count
from pathlib import Path

import corekey
from corekey import _native

UNWRITTEN = b"\xa5"
TAG = 16


def kind(data):
    """The same bytes, by their length in one or another kind of buffer."""
    kinds = [bytes, bytearray, memoryview, lambda data: array("B", data)]
    return kinds[len(data) % len(kinds)](data)


def as_bytes(value):
    if isinstance(value, dict) and value.keys() == {"hex"}:
        return kind(bytes.fromhex(value["hex"]))
    return value


def as_json(value):
    return {"hex": bytes(value).hex()}


def say(answer):
    print(json.dumps(answer, default=as_json), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    return json.loads(line, object_hook=as_bytes)


class Refused(Exception):
    """An exception of the call, and what it left in the output."""

    def __init__(self, error, buffer):
        super().__init__(error)
        self.error, self.buffer = error, buffer


class Flash:
    """The flash of the suite, on the other end of the line."""

    def __init__(self, pages, page_size):
        self.pages, self.page_size = pages, page_size

    def read(self, page, offset, length):
        return self._ask("read", page, offset, length)

    def write(self, page, offset, word):
        self._ask("write", page, offset, word)

    def erase(self, page):
        self._ask("erase", page)

    def _ask(self, *what):
        say({"flash": what})
        answer = hear()
        if answer is None:
            raise corekey.Unreadable("unreadable")
        return answer


def agree(one, other):
    """Two ways to one result; refusals are compared by their class."""
    outcomes = []
    for way in (one, other):
        try:
            outcomes.append(("result", way()))
        except Refused as refused:
            outcomes.append(("refused", type(refused.error)))
        except Exception as error:
            outcomes.append(("refused", type(error)))
    if outcomes[0] != outcomes[1]:
        raise AssertionError(f"two ways disagree: {outcomes}")
    return one()


def into(write, size):
    """A call that writes to a buffer: its result and all of the buffer."""
    buffer = bytearray(UNWRITTEN * size)
    try:
        return [write(buffer), bytes(buffer)]
    except Exception as error:
        raise Refused(error, bytes(buffer)) from None


# Primitives.


def describe():
    native = Path(_native.__file__)
    digest = sha256(native.read_bytes()).hexdigest()
    return f"{native.name} of {native.parent}, SHA-256 {digest}"


def hash(algorithm, data):
    return corekey.digest(data, algorithm)


def hash_parts(algorithm, parts):
    state = corekey.Hash(algorithm)
    for part in parts:
        state.update(part)
    return state.finalize()


def hmac(algorithm, key, data):
    return corekey.HmacKey(key, algorithm).sign(data)


def hmac_parts(algorithm, key, parts):
    state = corekey.HmacKey(key, algorithm).start()
    for part in parts:
        state.update(part)
    return state.finalize()


def hmac_verify(algorithm, key, data, tag):
    ready = corekey.HmacKey(key, algorithm)

    def in_parts():
        state = ready.start()
        state.update(data)
        return state.verify(tag)

    return agree(lambda: ready.verify(data, tag), in_parts)


def hkdf(algorithm, inputs, length):
    salt, ikm, info = inputs
    return corekey.hkdf(ikm, length, salt, info, algorithm)


def hkdf_extract_expand(algorithm, inputs, length):
    salt, ikm, info = inputs
    prk = corekey.Prk.extract(ikm, salt, algorithm)
    return agree(
        lambda: prk.expand(info, length),
        lambda: into(lambda buffer: prk.expand_into(info, buffer), length)[1],
    )


def hkdf_expand(algorithm, inputs, length):
    prk, info = inputs
    return corekey.Prk(prk, algorithm).expand(info, length)


def seal(in_place, key, nonce, aad, plaintext):
    aead = corekey.AESGCM(key)
    size = len(plaintext) + TAG

    def write():
        if not in_place:
            sealed = into(lambda buffer: aead.encrypt_into(nonce, plaintext, aad, buffer), size)
            return sealed[1]
        buffer = bytearray(plaintext) + UNWRITTEN * TAG
        aead.encrypt_into(nonce, memoryview(buffer)[:-TAG], aad, buffer)
        return bytes(buffer)

    return agree(write, lambda: aead.encrypt(nonce, plaintext, aad))


def open(in_place, key, nonce, aad, sealed):
    aead = corekey.AESGCM(key)
    size = len(sealed) - TAG

    def write():
        if not in_place:
            return into(lambda buffer: aead.decrypt_into(nonce, sealed, aad, buffer), size)[1]
        buffer = bytearray(sealed)
        front = memoryview(buffer)[:size]
        try:
            aead.decrypt_into(nonce, buffer, aad, front)
        except Exception as error:
            raise Refused(error, bytes(front)) from None
        return bytes(front)

    return agree(write, lambda: aead.decrypt(nonce, sealed, aad))


def wrap(padded, kek, key):
    wrapping = corekey.WrapKey(kek)
    return wrapping.wrap_with_padding(key) if padded else wrapping.wrap(key)


def unwrap(padded, kek, wrapped):
    key = corekey.WrapKey(kek)
    whole, part = key.unwrap, key.unwrap_into
    if padded:
        whole, part = key.unwrap_with_padding, key.unwrap_with_padding_into

    def write():
        length, buffer = into(lambda buffer: part(wrapped, buffer), len(wrapped))
        return buffer[:length]

    agree(write, lambda: whole(wrapped))
    return into(lambda buffer: part(wrapped, buffer), len(wrapped))


def drbg(entropy, personalization, calls):
    script = bytearray(entropy)

    def source(length):
        block = script[:length]
        del script[:length]
        return block

    generator = corekey.HmacDrbg(source, personalization)
    outputs = []
    for what, additional, length in calls:
        if what == "reseed":
            generator.reseed(additional)
        else:
            outputs.append(generator.generate(length, additional))
    return outputs


# The device layer. A root is [secret, fleet or None], a name [version, id], a key
# [version, id, bytes], a session [direction, boot, salt].


def the_root(secret, fleet):
    root = corekey.Root(secret)
    return root if fleet is None else root.fleet_root(fleet)


def the_key(version, device_id, key):
    return corekey.DeviceKey(device_id, version, key)


def held(key):
    return [key.version, key.check_value, key.app_auth_key(b"")]


def root_id(root):
    return the_root(*root).root_id()


def device_key(root, version, device_id):
    return the_root(*root).device_key(device_id, version).expose()


def import_key(version, device_id, imported):
    return held(corekey.DeviceKey.from_imported(device_id, version, imported))


def hold(key):
    return held(the_key(*key))


def wrap_row(root, key):
    return the_root(*root).table_key().wrap(the_key(*key))


def unwrap_row(root, version, device_id, wrapped):
    return held(the_root(*root).table_key().unwrap(device_id, version, wrapped))


def audit(root, chain_id, entries):
    sealing, verifying = the_root(*root).audit_key(chain_id), the_root(*root).audit_key(chain_id)
    tags, previous = [], bytes(32)
    for index, entry in enumerate(entries):
        tag = sealing.seal(previous, index, entry)
        verifying.verify(previous, index, entry, tag)
        tags.append(tag)
        previous = tag
    return tags


def application_key(key, purpose, context):
    key = the_key(*key)
    return key.app_wrap_key(context) if purpose == "wrap" else key.app_auth_key(context)


def personalization(key, boot):
    return the_key(*key).drbg_personalization(boot)


def cose_key(key, direction, boot, salt):
    return the_key(*key).cose_key(direction, boot, salt)


def inspect(message):
    claim = corekey.inspect(message)
    names = ["form", "version", "device_id", "boot", "salt", "counter", "payload_length"]
    return [getattr(claim, name) for name in names]


def rewrite(form, message):
    return corekey.to_compact(message) if form == "compact" else corekey.to_full_iv(message)


numbers = count()
objects = {}


def kept(value):
    """A number for an object that later calls name."""
    number = next(numbers)
    objects[number] = value
    return number


def drop(number):
    del objects[number]


def sealer(key, direction, boot, salt):
    make = corekey.Sealer.up if direction == "up" else corekey.Sealer.down
    return kept(make(the_key(*key), boot, salt))


def seal_message(number, form, external_aad, payload):
    this = objects[number]
    if len(payload) % 2:
        return this.seal(payload, form, external_aad)
    length = this.sealed_length(len(payload), form)
    return into(lambda buffer: this.seal_into(payload, buffer, form, external_aad), length)[1]


def opener_up(key, state):
    key = the_key(*key)
    if state is None:
        return kept(corekey.Opener.first_contact(key))
    return kept(corekey.Opener.resume(key, state))


def opener_down(key, boot):
    return kept(corekey.Opener.down(the_key(*key), boot))


def open_message(number, external_aad, message):
    this = objects[number]
    if len(message) % 2:
        payload, opened = this.open(message, external_aad)
    else:
        opened, buffer = into(
            lambda buffer: this.open_into(message, buffer, external_aad), len(message)
        )
        payload = buffer[: opened.payload_length]
    names = ["form", "version", "device_id", "boot", "salt", "counter", "payload_length"]
    return [getattr(opened, name) for name in names] + [payload]


def save(number):
    return objects[number].save()


def offer(current, following):
    return the_key(*current).offer(the_key(*following))


def accept(current, bytes_of_offer):
    following = the_key(*current).accept(bytes_of_offer)
    return None if following is None else held(following)


def recover(flash, device_id):
    with corekey.Journal.open(Flash(*flash)) as journal:
        return held(journal.device_key(device_id))


def next_boot(flash):
    with corekey.Journal.open(Flash(*flash)) as journal:
        return journal.next_boot()


def rotate(flash, device_id, bytes_of_offer):
    with corekey.Journal.open(Flash(*flash)) as journal:
        following = journal.accept(device_id, bytes_of_offer)
        return None if following is None else held(following)


def provision(flash, key):
    corekey.Journal.provision(Flash(*flash), the_key(*key)).close()


def main():
    corekey.selftest()
    while True:
        request = hear()
        try:
            say({"ok": globals()[request["call"]](*request["args"])})
        except Refused as refused:
            error = refused.error
            name = type(error).__name__
            say({"refused": name, "says": str(error), "buffer": refused.buffer})
        except Exception as error:
            say({"refused": type(error).__name__, "says": str(error)})


if __name__ == "__main__":
    main()
