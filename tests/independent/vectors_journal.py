"""docs/vectors/journal.json: images of flash, whole and damaged.

What an image is meant to show is written beside it, and checked against corekey_spec.
Relies on: corekey_spec and fixed_inputs. Specification: docs/rotation.md.
"""

import corekey_spec as spec
from corekey_spec import Refused
from fixed_inputs import bytes_of, changed

PAGE = 192
SLOTS = 128
BLANK = b"\xff" * PAGE
ERASED = b"\xff" * 16
NOISE = bytes_of("noise", 16)
NOISE_PAGE = bytes_of("noise page", PAGE)
LOST = "STATE_LOST"
KEYS = {version: bytes_of(f"journal key {version}") for version in (1, 2, 3, 300)}


def header(sequence=1, version=1, base=0, key=None):
    return spec.PageHeader(sequence, version, base, key or KEYS[version]).encode()


def page(sequence=1, version=1, base=0, boots=(0,), size=PAGE):
    """A page image. An entry is a boot number or 16 bytes as they are; the rest is erased."""
    copies = header(sequence, version, base) * 2
    return image(copies, entries(sequence, boots), size)


def image(copies, slots, size=PAGE):
    return (copies + slots).ljust(size, b"\xff")


def entries(sequence, boots):
    return b"".join(
        boot if isinstance(boot, bytes) else spec.encode_entry(boot, sequence) for boot in boots
    )


def cut(data, written, size=PAGE):
    """A page of which only the first bytes were written."""
    return data[:written].ljust(size, b"\xff")


def cut_entry(boot, sequence, written=8):
    return spec.encode_entry(boot, sequence)[:written].ljust(16, b"\xff")


def without_copy(data, *copies):
    """A page with a bit changed in some copies of its header."""
    for copy in copies:
        data = changed(data, 64 * copy + 30)
    return data


def with_crc(body):
    return body + spec.crc32(body)


def header_with(place, value):
    """A header with some bytes replaced under a right CRC."""
    body = header()[:60]
    return with_crc(body[:place] + value + body[place + len(value) :])


def journal():
    images = plain_images() + torn_images() + header_images() + other_pages() + lost_images()
    return {
        "specification": "docs/rotation.md",
        "images": [image_case(*case) for case in images],
        "rotations": rotation_cases(),
        "provisions": provision_cases(),
    }


def plain_images():
    """Name, pages, and the next boot or STATE_LOST; then words that are unreadable."""
    full = page(1, 1, 0, (0, 1, 2, 3))
    return [
        ("provisioned, no boot yet", [page(), BLANK], 1),
        ("one boot", [page(boots=(0, 1)), BLANK], 2),
        ("one slot left", [page(boots=(0, 1, 2)), BLANK], 3),
        ("page full: the next page is written", [full, BLANK], 4),
        ("on the second page", [full, page(2, 1, 3, (4,))], 5),
        ("second page full: the first is written", [full, page(2, 1, 3, (4, 5, 6, 7))], 8),
        ("on the first page again", [page(3, 1, 7, (8,)), page(2, 1, 3, (4, 5, 6, 7))], 9),
        ("gaps between boots", [page(boots=(0, 5, 900)), BLANK], 901),
        ("boots out of order", [page(boots=(0, 7, 3)), BLANK], 8),
        ("base above the entries", [page(1, 1, 50, (1, 2)), BLANK], 51),
        ("boots near 2^48", [page(1, 1, 2**48 - 4, (2**48 - 3,)), BLANK], 2**48 - 2),
        (
            "sequence numbers near 2^32",
            [page(2**32 - 2, 1, 7, (8,)), page(2**32 - 3, 1, 3, (4, 5, 6, 7))],
            9,
        ),
        (
            "three pages, current in the middle",
            [page(4, 1, 12, (13,)), page(5, 1, 16, (17, 18)), page(3, 1, 8, (9, 10, 11, 12))],
            19,
        ),
        (
            "three pages, last one full",
            [full, page(2, 1, 3, (4, 5, 6, 7)), page(3, 1, 7, (8, 9, 10, 11))],
            12,
        ),
        ("version 300", [page(1, 300, 0, (0, 1)), BLANK], 2),
        ("pages of 144 bytes: one slot", [page(1, 1, 0, (0,), 144), b"\xff" * 144], 1),
        ("pages of 256 bytes", [page(1, 1, 0, range(7), 256), b"\xff" * 256], 7),
    ]


def torn_images():
    bad_crc = changed(spec.encode_entry(3, 1), 15)
    zeros_set = with_crc((9).to_bytes(6, "big") + (1).to_bytes(4, "big") + b"\0\x01")
    full = page(1, 1, 0, (0, 1, 2, 3))
    cases = [
        ("newest entry cut after its first word", (0, 1, cut_entry(2, 1)), 3),
        ("newest entry cut inside a word", (0, 1, cut_entry(2, 1, 3)), 3),
        ("newest entry's CRC changed", (0, 1, bad_crc), 3),
        ("newest entry random", (0, 1, NOISE), 3),
        ("newest entry zeros", (0, 1, bytes(16)), 3),
        ("newest entry's zeros set under a right CRC", (0, 1, zeros_set), 3),
        ("two torn behind the last", (0, NOISE, cut_entry(1, 1)), 3),
        ("torn before the last does not count", (0, NOISE, 2), 3),
        ("torn before and behind the last", (NOISE, 1, NOISE), 3),
        ("first entry torn", (NOISE,), 2),
        ("all torn", (NOISE,) * 4, 5),
        ("last slot torn: the next page is written", (0, 1, 2, cut_entry(3, 1)), 4),
        ("two torn at the end: the next page is written", (0, 1, NOISE, NOISE), 4),
        ("erased slot before a torn one is not used", (0, ERASED, NOISE), 2),
        ("erased slot before a valid one is not used", (0, ERASED, 2), 3),
        ("erased slot before a torn last one: the next page is written", (0, 1, ERASED, NOISE), 3),
    ]
    return [(name, [page(boots=boots), BLANK], boot) for name, boots, boot in cases] + [
        (
            "entry of a lower sequence number is torn",
            [page(2, 1, 3, (spec.encode_entry(40, 1),)), BLANK],
            5,
        ),
        (
            "entry of a higher sequence number is torn",
            [page(2, 1, 3, (4, spec.encode_entry(40, 9))), BLANK],
            6,
        ),
        ("first entry of a second page cut", [full, page(2, 1, 3, (cut_entry(4, 2),))], 5),
        (
            "torn slots of another page do not count",
            [page(boots=(0, 1, NOISE, NOISE)), page(2, 1, 6, (7,))],
            8,
        ),
        (
            "newest entry's second word unreadable",
            [page(boots=(0, 1)), BLANK],
            2,
            [[0, SLOTS + 24]],
        ),
        ("an erased slot unreadable", [page(boots=(0, 1)), BLANK], 3, [[0, SLOTS + 32]]),
        ("an entry before the last unreadable", [page(boots=(0, 1)), BLANK], 2, [[0, SLOTS]]),
    ]


def header_images():
    """One of the three things by which a page stands is missing, or two are."""
    full = page(1, 1, 0, (0, 1, 2, 3))
    newer = page(2, 1, 3, (4, 5))
    empty = image(header(2, 1, 3) * 2, b"")
    two_keys = image(header(2, 1, 3) + header(2, 1, 3, KEYS[3]), b"")
    return [
        ("first copy changed", [full, without_copy(newer, 0)], 6),
        ("second copy changed", [full, without_copy(newer, 1)], 6),
        ("first copy erased", [full, b"\xff" * 64 + newer[64:]], 6),
        ("first copy unreadable", [full, newer], 6, [[1, 0]]),
        ("second copy unreadable", [full, newer], 6, [[1, 120]]),
        (
            "first copy changed, its only entry torn",
            [without_copy(page(boots=(NOISE,)), 0), BLANK],
            2,
        ),
        ("both copies, no entry: gets one", [full, empty], 4),
        ("both copies, no entry, single page standing", [image(header() * 2, b""), BLANK], 1),
        ("first copy only: the page does not stand", [full, cut(newer, 64)], 4),
        ("second copy cut before its last word", [full, cut(newer, 120)], 4),
        ("second copy only, no entry", [full, b"\xff" * 64 + empty[64:]], 4),
        ("first copy cut before its last word", [full, cut(newer, 56)], 4),
        ("first copy cut in its first word", [full, cut(newer, 5)], 4),
        ("first copy and no entry, the rest unreadable", [full, cut(newer, 64)], 4, [[1, 64]]),
        ("two copies that differ, no entry: they count as one", [full, two_keys], 4),
    ]


def other_pages():
    """What recovery does to the pages that are not current."""
    full = page(1, 1, 0, (0, 1, 2, 3))
    old = page(2, 1, 3, (4, 5, 6, 7))
    half = PAGE // 2
    return [
        ("another page random", [full, NOISE_PAGE], 4),
        ("another page zeros", [full, bytes(PAGE)], 4),
        ("another page blank but for its last word", [full, BLANK[:-8] + bytes(8)], 4),
        ("another page blank but for an unreadable word", [full, BLANK], 4, [[1, 184]]),
        (
            "old page erased in its first half",
            [page(3, 1, 7, (8,)), b"\xff" * half + old[half:]],
            9,
        ),
        (
            "old page erased in its second half",
            [page(3, 1, 7, (8,)), old[:half] + b"\xff" * half],
            9,
        ),
        (
            "old page erased but for its key",
            [page(3, 1, 7, (8,)), b"\xff" * 24 + old[24:60] + BLANK[60:]],
            9,
        ),
        ("old page without valid copies", [page(3, 1, 7, (8,)), without_copy(old, 0, 1)], 9),
        ("old page with one copy stands", [page(3, 1, 7, (8,)), without_copy(old, 0)], 9),
        ("three pages, two that stand for nothing", [page(), NOISE_PAGE, bytes(PAGE)], 1),
        ("rotated, no boot yet", [BLANK, page(2, 2, 3, (3,))], 4),
        ("rotated, one boot", [BLANK, page(2, 2, 3, (3, 4))], 5),
        ("rotated, old page not erased", [full, page(2, 2, 3, (3,))], 4),
        (
            "rotated, two old pages not erased",
            [full, page(2, 1, 3, (4, 5)), page(3, 2, 5, (5,))],
            6,
        ),
        ("rotated, old page half erased", [b"\xff" * 40 + full[40:], page(2, 2, 3, (3,))], 4),
        ("rotated, no entry yet", [full, image(header(2, 2, 3) * 2, b"")], 4),
        ("rotated, first copy only: still the old version", [full, cut(page(2, 2, 3), 64)], 4),
        ("rotated, second copy cut: still the old version", [full, cut(page(2, 2, 3), 104)], 4),
        (
            "two rotations, old pages not erased",
            [page(1, 1, 0, (0, 1)), page(2, 2, 1, (1,)), page(3, 3, 1, (1,))],
            2,
        ),
        (
            "two pages of the new version and one of the old",
            [page(5, 2, 8, (9,)), page(4, 2, 4, (5, 6, 7, 8)), page(3, 1, 0, (1,))],
            10,
        ),
    ]


def lost_images():
    full = page(1, 1, 0, (0, 1, 2, 3))
    newer = page(2, 1, 3, (4, 5))
    newest = page(3, 1, 7, (8, 9))
    one_slot = entries(1, (0, 1))
    cases = [
        ("blank", [BLANK, BLANK]),
        ("zeros", [bytes(PAGE), bytes(PAGE)]),
        ("random", [NOISE_PAGE, bytes_of("more noise", PAGE)]),
        ("entries but no header", [image(b"\xff" * 128, one_slot), BLANK]),
        ("both copies' CRC changed", [changed(changed(page(), 63), 127), BLANK]),
        ("both copies' key changed", [without_copy(page(), 0, 1), BLANK]),
        ("both copies unreadable", [page(), BLANK], [[0, 24], [0, 88]]),
        ("one copy, no entry", [cut(page(), 64), BLANK]),
        ("one copy twice over, on two pages", [cut(page(), 64), cut(page(2), 64)]),
        ("current page's header lost: its entries tell", [full, without_copy(newer, 0, 1)]),
        ("current page's header erased", [full, b"\xff" * 128 + newer[128:]]),
        ("current page's header unreadable", [full, newer], [[1, 0], [1, 64]]),
        ("an entry above in a page half erased", [full, BLANK[:160] + newer[144:160] + ERASED]),
        ("an entry above in a page of three", [full, newer, without_copy(newest, 0, 1)]),
        (
            "an entry above in the slots of a page that stands",
            [full, page(2, 1, 3, (4, spec.encode_entry(9, 4))), page(3, 1, 7, (8,))],
        ),
        (
            "an entry above of another version's page",
            [full, without_copy(page(2, 2, 3, (3,)), 0, 1)],
        ),
    ]
    bad_headers = [
        ("magic", 0, b"ckj2"),
        ("sequence number 0", 4, bytes(4)),
        ("version 0", 8, bytes(8)),
        ("version 2^53", 8, spec.u64be(2**53)),
        ("first zeros set", 22, b"\0\x01"),
        ("second zeros set", 56, b"\x01\0\0\0"),
    ]
    for name, place, value in bad_headers:
        bad = image(header_with(place, value) * 2, one_slot)
        cases.append((f"both copies under a right CRC: {name}", [bad, BLANK]))
    return [(name, pages, LOST, *unreadable) for name, pages, *unreadable in cases]


def image_case(name, pages, expected, unreadable=()):
    case = {
        "name": name,
        "page_size": len(pages[0]),
        "pages": list(pages),
        "unreadable": list(unreadable),
    }
    store = spec.Journal(list(pages), {tuple(word) for word in unreadable})
    try:
        found = store.recover()
    except Refused as why:
        assert why.status == expected and store.pages == list(pages), name
        return case | {"status": why.status}
    case |= {
        "status": "OK",
        "current_page": store.current,
        "sequence": found.sequence,
        "version": found.version,
        "device_key": found.key,
        "reach": store.reach(),
        "next_boot": store.reach() + 1,
        "pages_after_recovery": list(store.pages),
    }
    assert store.boot() == case["next_boot"] == expected, (name, case["next_boot"])
    return case | {"pages_after_boot": list(store.pages)}


def rotation_cases():
    images = [
        ("first page to second", [page(boots=(0, 1, 2)), BLANK], 2, 3),
        ("no boot yet", [page(), BLANK], 2, 1),
        ("second page to first", [page(1, 1, 0, (0, 1, 2, 3)), page(2, 1, 3, (4,))], 3, 5),
        ("three pages", [page(4, 1, 8, (9,)), page(2, 1, 0, (1,)), page(3, 1, 4, (5,))], 2, 10),
        ("torn slots count", [page(boots=(0, 1, bytes(16))), BLANK], 2, 3),
        ("to a version far above", [page(boots=(0, 1)), BLANK], 300, 2),
        ("what stands for nothing is erased", [page(boots=(0, 1)), bytes(PAGE), NOISE_PAGE], 2, 2),
        ("recovery first", [page(boots=(0, 1, 2)), page(2, 2, 2, (2, 3))], 3, 4),
    ]
    cases = []
    for name, pages, version, next_boot in images:
        store = spec.Journal(list(pages))
        store.rotate(version, KEYS[version])
        assert store.reach() + 1 == next_boot, name
        cases.append(change_case(name, pages, version, store) | {"next_boot": next_boot})
    return cases


def change_case(name, pages, version, store, key=None):
    return {
        "name": name,
        "page_size": PAGE,
        "pages": list(pages),
        "version": version,
        "device_key": key or KEYS[version],
        "pages_after": list(store.pages),
    }


def provision_cases():
    used = [page(1, 1, 0, (0, 1, 2, 3)), page(2, 1, 3, (4,))]
    images = [
        ("blank flash", [BLANK, BLANK], 1, None, "OK"),
        ("random flash of three pages", [bytes(PAGE), BLANK, NOISE_PAGE], 2, None, "OK"),
        ("current page lost", [used[0], without_copy(used[1], 0, 1)], 2, None, "OK"),
        ("cut while it was provisioned", [cut(page(), 100), BLANK], 1, None, "OK"),
        ("same version and key: nothing", used, 1, None, "OK"),
        ("a higher version: a rotation", used, 300, None, "OK"),
        ("same version, another key", used, 1, KEYS[3], "REFUSED"),
        ("a lower version", [page(1, 300), BLANK], 1, None, "REFUSED"),
    ]
    cases = []
    for name, pages, version, key, status in images:
        store = spec.Journal(list(pages))
        try:
            store.provision(version, key or KEYS[version])
            found = "OK"
        except Refused as why:
            found = why.status
        assert found == status, name
        cases.append(change_case(name, pages, version, store, key) | {"status": status})
    return cases
