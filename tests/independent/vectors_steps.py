"""Sequences of messages to one opener, with the answer to each.

For: `steps` of docs/vectors/messages.json. The answer that a step is meant to
show is written beside it, and checked against corekey_spec.
Relies on: corekey_spec and fixed_inputs. Specification: docs/message.md.
"""

import corekey_spec as spec
from corekey_spec import DOWN, UP, Refused
from fixed_inputs import DEVICE_ID, ROOT, SALT, base_key, changed, salt_number, seal_as


class Sequence:
    """Feeds messages to one opener and records what it answers, a step an object."""

    def __init__(self, steps, name, direction, version=1, boot=None):
        self.steps, self.name, self.direction = steps, name, direction
        self.device = base_key(version)
        start = {
            "version": version,
            "device_id": DEVICE_ID,
            "root": ROOT,
            "device_key": self.device.key,
        }
        if direction == UP:
            self.opener = spec.UpOpener(self.device, first_contact=True)
            self.record("first_contact", start | {"direction": "up", "state": self.opener.state()})
        else:
            self.opener = spec.DownOpener(self.device, boot)
            self.record("device_start", start | {"direction": "down", "boot": boot})

    def record(self, do, fields):
        self.steps.append({"sequence": self.name, "do": do} | fields)

    def open(self, message, expect, note, external_aad=b""):
        """One message. `expect` says what the author of the sequence meant it to show."""
        step = {"note": note, "message": message, "external_aad": external_aad}
        try:
            opened = self.opener.open(message, external_aad)
            step |= {
                "status": "OPENED",
                "payload": opened.payload,
                "boot": opened.boot,
                "salt": opened.salt,
                "counter": opened.counter,
            }
        except Refused as why:
            step["status"] = why.status
        assert step["status"] == expect, (self.name, note, step["status"])
        if self.direction == UP:
            step["state"] = self.opener.state()
        self.record("open", step)

    def seal(self, boot, salt, counter, expect, note, form="long"):
        message = seal_as(self.device, self.direction, boot, salt, counter, form=form)
        self.open(message, expect, note)

    def compact(self, boot, salt, counter, expect, note):
        self.seal(boot, salt, counter, expect, note, form="compact")

    def resume(self):
        """A new opener from the saved state."""
        state = self.opener.state()
        self.opener = spec.UpOpener(self.device, state=state)
        self.record("resume", {"state": state})


def up_sequences():
    steps = []

    run = Sequence(steps, "up: counters in order", UP)
    for counter in (0, 1, 2):
        run.seal(1, b"", counter, "OPENED", "next counter")
    run.seal(1, b"", 2, "REPLAY", "the last again")
    run.seal(1, b"", 0, "REPLAY", "the first again")

    run = Sequence(steps, "up: first contact in the middle", UP)
    run.seal(9, SALT, 1000, "OPENED", "any boot and counter")
    run.seal(9, SALT, 1000, "REPLAY", "again")
    run.seal(9, SALT, 937, "OPENED", "63 below, in the window")
    run.seal(9, SALT, 936, "STALE", "64 below")
    run.seal(9, SALT, 935, "STALE", "65 below")
    run.seal(9, SALT, 0, "STALE", "far below")

    run = Sequence(steps, "up: window edges", UP)
    run.seal(1, b"", 0, "OPENED", "highest 0")
    run.seal(1, b"", 63, "OPENED", "63 ahead: 0 is the window's last place")
    run.seal(1, b"", 0, "REPLAY", "63 below, seen")
    run.seal(1, b"", 1, "OPENED", "62 below, not seen")
    run.seal(1, b"", 64, "OPENED", "1 ahead: 0 leaves the window")
    run.seal(1, b"", 0, "STALE", "64 below, though seen")
    run.seal(1, b"", 1, "REPLAY", "63 below, seen")
    run.seal(1, b"", 2, "OPENED", "62 below, not seen")
    run.seal(1, b"", 128, "OPENED", "64 ahead: all others leave")
    run.seal(1, b"", 64, "STALE", "64 below")
    run.seal(1, b"", 65, "OPENED", "63 below, not seen")
    run.seal(1, b"", 193, "OPENED", "65 ahead")
    run.seal(1, b"", 130, "OPENED", "63 below, not seen")
    run.seal(1, b"", 129, "STALE", "64 below, not seen")
    run.seal(1, b"", 256, "OPENED", "63 ahead: 193 is the window's last place")
    run.seal(1, b"", 193, "REPLAY", "63 below, seen")
    run.seal(1, b"", 2**32 - 1, "OPENED", "the highest counter there is")
    run.seal(1, b"", 2**32 - 64, "OPENED", "63 below")
    run.seal(1, b"", 2**32 - 65, "STALE", "64 below")
    run.seal(1, b"", 2**32 - 1, "REPLAY", "again")

    run = Sequence(steps, "up: every place of the window", UP)
    run.seal(2, b"", 163, "OPENED", "highest 163")
    for counter in range(162, 99, -1):
        run.seal(2, b"", counter, "OPENED", f"{163 - counter} below")
    run.seal(2, b"", 99, "STALE", "64 below")
    run.seal(2, b"", 100, "REPLAY", "the window is full")

    run = Sequence(steps, "up: boots", UP)
    run.seal(5, b"", 0, "OPENED", "current 5")
    run.seal(4, b"", 0, "STALE", "below the only session")
    run.seal(5, b"", 3, "OPENED", "current 5")
    run.seal(8, b"", 2, "OPENED", "new boot, counter not 0: current 8, previous 5")
    run.seal(8, b"", 0, "OPENED", "current, late")
    run.seal(5, b"", 2, "OPENED", "previous, late")
    run.seal(5, b"", 4, "OPENED", "previous, above its highest")
    run.seal(5, b"", 4, "REPLAY", "previous, seen")
    run.seal(5, b"", 70, "OPENED", "previous, window moves on")
    run.seal(5, b"", 4, "STALE", "previous, below its window")
    run.seal(6, b"", 0, "STALE", "between previous and current")
    run.seal(7, b"", 9, "STALE", "between previous and current")
    run.seal(4, b"", 9, "STALE", "below previous")
    run.seal(9, b"", 0, "OPENED", "current 9, previous 8")
    run.seal(5, b"", 71, "STALE", "no longer previous")
    run.seal(8, b"", 1, "OPENED", "previous keeps its window")
    run.seal(8, b"", 2, "REPLAY", "previous keeps its window")
    run.seal(2**48 - 1, b"", 0, "OPENED", "the highest boot there is")
    run.seal(9, b"", 0, "REPLAY", "previous")
    run.seal(2**48 - 1, b"", 1, "OPENED", "current")

    run = Sequence(steps, "up: a recorded boot to a resumed opener", UP)
    recorded = [seal_as(run.device, UP, 3, b"", counter) for counter in range(4)]
    for message in recorded:
        run.open(message, "OPENED", "recorded")
    run.resume()
    for message in recorded:
        run.open(message, "REPLAY", "current session")
    run.seal(4, b"", 0, "OPENED", "next boot")
    run.resume()
    for message in recorded:
        run.open(message, "REPLAY", "previous session")
    run.seal(5, b"", 0, "OPENED", "next boot")
    run.resume()
    for message in recorded:
        run.open(message, "STALE", "forgotten session")
    run.seal(5, b"", 1, "OPENED", "goes on")

    run = Sequence(steps, "up: resumed before the first message", UP)
    run.resume()
    run.seal(3, b"", 7, "OPENED", "first contact goes on")

    run = Sequence(steps, "up: clones", UP)
    run.seal(5, salt_number(1), 0, "OPENED", "current 5, salt 1")
    run.seal(5, salt_number(2), 0, "STALE", "same boot, salt 2")
    run.seal(5, b"", 0, "STALE", "same boot, no salt")
    run.seal(5, salt_number(1), 1, "OPENED", "current goes on")
    run.seal(6, salt_number(1), 0, "OPENED", "current 6, same salt: another session all the same")
    run.seal(5, salt_number(2), 1, "STALE", "previous boot, salt 2")
    run.seal(5, salt_number(1), 2, "OPENED", "previous boot, salt 1")
    run.seal(6, salt_number(3), 9, "STALE", "current boot, salt 3")
    run.seal(7, b"", 0, "OPENED", "current 7, without a salt")
    run.seal(7, salt_number(3), 0, "STALE", "current boot, with a salt")

    run = Sequence(steps, "up: nothing is said before the tag verifies", UP)
    run.seal(5, b"", 100, "OPENED", "current 5")
    run.seal(6, b"", 100, "OPENED", "current 6, previous 5")
    for boot, counter, what in (
        (6, 100, "replay"),
        (6, 1, "stale counter"),
        (4, 1, "stale boot"),
        (6, 101, "next"),
        (9, 0, "new boot"),
    ):
        run.open(
            changed(seal_as(run.device, UP, boot, b"", counter)), "FORGED", f"{what}, tag changed"
        )
    run.open(
        changed(seal_as(run.device, UP, 6, b"", 102, form="compact")),
        "FORGED",
        "compact, tag changed",
    )
    run.open(seal_as(run.device, DOWN, 6, SALT, 1), "FORGED", "a downlink sent back")
    run.open(seal_as(base_key(2), UP, 6, b"", 101), "OTHER_KEY", "another version")
    run.open(b"", "MALFORMED", "nothing")
    run.open(
        seal_as(run.device, UP, 6, b"", 101, external_aad=b"a/b"), "FORGED", "external AAD left out"
    )
    run.open(
        seal_as(run.device, UP, 6, b"", 101, external_aad=b"a/b"),
        "OPENED",
        "external AAD given",
        b"a/b",
    )
    run.seal(9, b"", 0, "OPENED", "none of them left a trace")

    run = Sequence(steps, "up: compact, no salt", UP, version=67)
    run.compact(5, b"", 1, "NEED_LONG", "nothing seen")
    run.seal(5, b"", 0, "OPENED", "long, current 5")
    run.compact(5, b"", 1, "OPENED", "compact")
    run.compact(5, b"", 1, "REPLAY", "compact again")
    run.seal(5, b"", 1, "REPLAY", "the same as a long message")
    run.seal(5, b"", 2, "OPENED", "long")
    run.compact(5, b"", 2, "REPLAY", "the same as a compact message")
    run.compact(5, b"", 64, "OPENED", "compact, though its counter is a multiple of 64")
    run.compact(5, b"", 0, "STALE", "64 below")
    run.compact(6, b"", 3, "OPENED", "compact of the next boot: current 6, previous 5")
    run.compact(6, b"", 0, "OPENED", "late")
    run.compact(5, b"", 65, "OPENED", "compact of the previous boot")
    run.compact(4, b"", 1, "FORGED", "an old boot is taken for 260")
    run.seal(4, b"", 1, "STALE", "the same as a long message")
    run.compact(262, b"", 1, "FORGED", "256 above current is taken for current")
    run.compact(261, b"", 1, "FORGED", "255 above current is taken for previous")
    run.compact(260, b"", 7, "OPENED", "254 above current: current 260, previous 6")
    run.compact(5, b"", 66, "FORGED", "forgotten boot, taken for 261")
    run.compact(6, b"", 4, "OPENED", "previous")
    run.compact(261, b"", 65537, "FORGED", "new boot, counter above 65535, taken for 1")
    run.seal(261, b"", 65537, "OPENED", "the next long message sets it right")
    run.compact(261, b"", 65538, "OPENED", "and compact goes on")
    run.open(
        seal_as(base_key(3), UP, 261, b"", 65539, form="compact"),
        "FORGED",
        "version 3 has residue 3 too",
    )
    run.open(
        seal_as(base_key(66), UP, 261, b"", 65539, form="compact"),
        "OTHER_KEY",
        "version 66 has residue 2",
    )
    run.open(b"\x43\x05\x00\x01" + bytes(15), "MALFORMED", "compact of 19 bytes")
    run.resume()
    run.compact(261, b"", 65539, "OPENED", "compact to a resumed opener")

    run = Sequence(steps, "up: compact, with a salt", UP)
    run.seal(5, salt_number(1), 0, "OPENED", "long, current 5")
    run.compact(5, salt_number(1), 1, "OPENED", "compact")
    run.compact(6, salt_number(2), 0, "NEED_LONG", "a new boot has a salt that is not known")
    run.compact(6, b"", 0, "NEED_LONG", "even if it has none")
    run.open(
        changed(seal_as(run.device, UP, 6, b"", 0, form="compact")),
        "NEED_LONG",
        "before the tag is looked at",
    )
    run.seal(6, salt_number(2), 0, "OPENED", "long, current 6, previous 5")
    run.compact(6, salt_number(2), 1, "OPENED", "compact")
    run.compact(5, salt_number(1), 2, "OPENED", "compact of the previous session")
    run.compact(6, salt_number(3), 2, "FORGED", "a clone's salt")
    run.compact(262, salt_number(2), 2, "FORGED", "256 above current is taken for current")
    run.seal(7, b"", 0, "OPENED", "long, current 7 without a salt")
    run.compact(8, b"", 1, "OPENED", "compact of the next boot")
    run.compact(9, salt_number(4), 1, "FORGED", "taken for 9 without a salt")

    run = Sequence(steps, "up: compact, current and previous boot of one residue", UP)
    run.seal(5, b"", 0, "OPENED", "long, current 5")
    run.seal(261, b"", 0, "OPENED", "long, current 261, previous 5")
    run.compact(5, b"", 1, "FORGED", "taken for 261")
    run.compact(261, b"", 1, "OPENED", "current")
    run.seal(5, b"", 1, "OPENED", "previous, long")

    run = Sequence(steps, "up: compact, boots that would not fit", UP)
    run.seal(2**48 - 3, b"", 0, "OPENED", "long, current 2^48 - 3")
    run.compact(3, b"", 1, "NEED_LONG", "the next boot with residue 3 would be above 2^48 - 1")
    run.compact(2**48 - 1, b"", 1, "OPENED", "compact of boot 2^48 - 1")

    run = Sequence(steps, "up: compact, counters", UP)
    run.seal(1, b"", 99999, "OPENED", "long, expected 100,000")
    run.compact(1, b"", 132769, "FORGED", "32,769 above expected is taken for 32,767 below it")
    run.compact(1, b"", 67232, "FORGED", "32,768 below expected is taken for 32,768 above it")
    run.compact(1, b"", 67233, "STALE", "32,767 below expected")
    run.compact(1, b"", 132768, "OPENED", "32,768 above expected")
    run.seal(1, b"", 196601, "OPENED", "long")
    run.compact(1, b"", 196609, "OPENED", "over 3 times 65,536")
    run.compact(1, b"", 196607, "OPENED", "back under it")
    run.compact(1, b"", 196608, "OPENED", "between")
    run.compact(1, b"", 196608, "REPLAY", "again")
    run.seal(1, b"", 2**32 - 2, "OPENED", "long, nearly the highest")
    run.compact(1, b"", 2**32 - 1, "OPENED", "the highest")
    run.compact(1, b"", 2**32 - 3, "OPENED", "late")
    run.compact(1, b"", 2**32 - 1, "REPLAY", "the highest again")
    run.compact(1, b"", 2**32 - 65536, "STALE", "residue 0 is not taken for 2^32")
    run.compact(1, b"", 2**32 - 65531, "STALE", "residue 5 is not taken for 2^32 + 5")

    run = Sequence(steps, "up: compact, low counters", UP)
    run.seal(1, b"", 2, "OPENED", "long, expected 3")
    run.compact(1, b"", 0, "OPENED", "late")
    run.compact(1, b"", 131070, "FORGED", "taken for 65,534")
    run.compact(1, b"", 65534, "OPENED", "65,531 above expected: nothing nearer has the residue")
    return steps


def down_sequences():
    steps = []

    run = Sequence(steps, "down: sessions", DOWN, boot=7)
    run.seal(7, salt_number(1), 0, "OPENED", "salt 1")
    run.seal(7, salt_number(1), 0, "REPLAY", "again")
    run.seal(7, salt_number(2), 50, "OPENED", "salt 2, any counter")
    run.seal(7, salt_number(3), 0, "OPENED", "salt 3")
    run.open(changed(seal_as(run.device, DOWN, 7, salt_number(6), 0)), "FORGED", "takes no place")
    run.seal(6, salt_number(6), 0, "STALE", "an earlier boot; takes no place")
    run.seal(8, salt_number(6), 0, "STALE", "a later boot; takes no place")
    run.seal(6, salt_number(1), 1, "STALE", "an earlier boot under a known salt")
    run.seal(7, salt_number(4), 0, "OPENED", "salt 4")
    run.seal(7, salt_number(5), 0, "SESSION_FULL", "salt 5")
    run.seal(7, salt_number(5), 1, "SESSION_FULL", "salt 5 again")
    run.open(
        changed(seal_as(run.device, DOWN, 7, salt_number(5), 0)), "FORGED", "salt 5, tag changed"
    )
    run.seal(7, salt_number(1), 1, "OPENED", "salt 1 goes on")
    run.seal(7, salt_number(2), 0, "OPENED", "salt 2, late")
    run.seal(7, salt_number(2), 50, "REPLAY", "salt 2, again")
    run.seal(7, salt_number(2), 114, "OPENED", "salt 2, 64 ahead")
    run.seal(7, salt_number(2), 50, "STALE", "salt 2, 64 below")
    run.seal(7, salt_number(4), 0, "REPLAY", "salt 4, again")
    run.open(seal_as(run.device, UP, 7, salt_number(1), 9), "FORGED", "an uplink sent back")
    run.open(seal_as(base_key(2), DOWN, 7, salt_number(1), 9), "OTHER_KEY", "another version")

    run = Sequence(steps, "down: after a reboot", DOWN, boot=8)
    run.seal(7, salt_number(1), 0, "STALE", "of the boot before")
    run.seal(7, salt_number(1), 900, "STALE", "of the boot before")
    run.seal(8, salt_number(1), 2, "OPENED", "of this boot")

    run = Sequence(steps, "down: window edges", DOWN, boot=1)
    run.seal(1, SALT, 0, "OPENED", "highest 0")
    run.seal(1, SALT, 63, "OPENED", "63 ahead")
    run.seal(1, SALT, 0, "REPLAY", "63 below, seen")
    run.seal(1, SALT, 64, "OPENED", "64")
    run.seal(1, SALT, 0, "STALE", "64 below")
    run.seal(1, SALT, 1, "OPENED", "63 below, not seen")
    run.seal(1, SALT, 129, "OPENED", "65 ahead")
    run.seal(1, SALT, 66, "OPENED", "63 below, not seen")
    run.seal(1, SALT, 65, "STALE", "64 below")

    run = Sequence(steps, "down: compact", DOWN, boot=263)
    run.compact(263, salt_number(1), 1, "NEED_LONG", "nothing seen")
    run.seal(263, salt_number(1), 0, "OPENED", "long, salt 1")
    run.compact(263, salt_number(1), 1, "OPENED", "compact, salt 1")
    run.compact(263, salt_number(2), 1, "FORGED", "salt 2 is not known yet")
    run.seal(263, salt_number(2), 192, "OPENED", "long, salt 2")
    run.compact(263, salt_number(2), 193, "OPENED", "compact, salt 2")
    run.compact(263, salt_number(1), 2, "OPENED", "compact, salt 1, not the latest")
    run.compact(263, salt_number(1), 2, "REPLAY", "again")
    run.compact(263, salt_number(2), 129, "STALE", "compact, salt 2, 64 below")
    run.compact(263, salt_number(2), 65600, "FORGED", "32,768 above expected is the limit")
    run.compact(264, salt_number(1), 3, "NEED_LONG", "residue of another boot")
    run.compact(7, salt_number(1), 3, "FORGED", "residue of this boot, but another")
    run.seal(263, salt_number(3), 0, "OPENED", "long, salt 3")
    run.seal(263, salt_number(4), 0, "OPENED", "long, salt 4")
    run.compact(263, salt_number(5), 1, "FORGED", "a fifth salt is not known")
    run.seal(263, salt_number(5), 64, "SESSION_FULL", "a fifth salt, long")
    for number in (1, 2, 3, 4):
        run.compact(263, salt_number(number), 194, "OPENED", f"compact, salt {number}")
    run.compact(263, salt_number(3), 195, "OPENED", "compact, salt 3")
    run.open(
        seal_as(base_key(65), DOWN, 263, salt_number(1), 195, form="compact"),
        "FORGED",
        "version 65 has residue 1 too",
    )
    run.open(
        seal_as(base_key(2), DOWN, 263, salt_number(1), 195, form="compact"),
        "OTHER_KEY",
        "version 2 has residue 2",
    )
    return steps
