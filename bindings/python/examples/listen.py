"""Opens a recorded stream of sealed messages, as the receiver in Rust does.

    listen.py ROOT_FILE STREAM_FILE DEVICE_ID...

STREAM_FILE holds what devices sent, one after the other: length (2 bytes,
big-endian) and message. A line is printed for each reading, the same that
``crypto-core/examples/receiver`` prints. Exits with 1 at the first message that
does not open: what is recorded was opened once.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import corekey


class Listener:
    """Opens messages of the devices that it is told about."""

    def __init__(self, root: corekey.Root, device_ids: list[bytes]) -> None:
        self._root = root
        self._device_ids = device_ids
        self._openers: dict[tuple[bytes, int], corekey.Opener] = {}

    def open(self, message: bytes) -> tuple[bytes, corekey.Opened]:
        """The payload, and whose it is by the key that verified it."""
        claim = corekey.inspect(message)
        if claim.device_id is not None:
            return self._opener(claim.device_id, claim.version).open(message)
        # A compact message does not say whose it is: the key that opens it does.
        for (_, version), opener in self._openers.items():
            if version % 64 == claim.version:
                try:
                    return opener.open(message)
                except (corekey.Forged, corekey.NeedLong):
                    continue
        raise corekey.Forged("no device that was heard has sealed this message")

    def _opener(self, device_id: bytes, version: int) -> corekey.Opener:
        if device_id not in self._device_ids:
            raise corekey.OtherKey(f"{device_id!r} is no device of ours")
        if (device_id, version) not in self._openers:
            key = self._root.device_key(device_id, version)
            # A service resumes from the state that it saved. A recording begins
            # at the first message.
            self._openers[device_id, version] = corekey.Opener.first_contact(key)
        return self._openers[device_id, version]


def messages(stream: bytes) -> Iterator[bytes]:
    """Cuts a stream into its messages."""
    while stream:
        end = 2 + int.from_bytes(stream[:2], "big")
        yield stream[2:end]
        stream = stream[end:]


def reading(payload: bytes) -> str:
    """A reading as text; firmware/common/payload.h says what it looks like."""
    value, decimals = int.from_bytes(payload[:8], "big", signed=True), payload[8]
    name_end = 10 + payload[9]
    name, unit = payload[10:name_end].decode("ascii"), payload[name_end:].decode("ascii")
    digits = str(abs(value)).rjust(decimals + 1, "0")
    whole = digits[: len(digits) - decimals]
    point = "." + digits[len(whole) :] if decimals else ""
    number = ("-" if value < 0 else "") + whole + point
    return f"{name:<26} {number:>14} {unit}"


def main() -> None:
    root_file, stream_file, *device_ids = sys.argv[1:]
    corekey.selftest()
    root = corekey.Root(Path(root_file).read_bytes())
    listener = Listener(root, [device_id.encode() for device_id in device_ids])
    for message in messages(Path(stream_file).read_bytes()):
        try:
            payload, opened = listener.open(message)
        except corekey.MessageError as error:
            sys.exit(f"listen: {type(error).__name__}: {error}")
        line = (
            f"opened  {opened.device_id.decode():<10} v{opened.version} boot {opened.boot} "
            f"#{opened.counter:<3} {opened.form:<7}  {reading(payload)}"
        )
        print(line.rstrip())


if __name__ == "__main__":
    main()
