"""Files that are broken in the ways of disks, networks and attackers."""

import random
import re
import struct
import zlib
from collections.abc import Callable

Change = Callable[[bytearray, random.Random], None]
HUGE = (2**16 - 1, 2**15, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A file with one bit changed, or with one to three larger changes; of a PNG, mostly with right checksums, since
    others are noticed at once.
    """
    changed = bytearray(data)
    if chance.random() < 0.3:
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    else:
        for _ in range(chance.choice((1, 1, 2, 3))):
            chance.choice(CHANGES)(changed, chance)
    return checked(bytes(changed)) if chance.random() < 0.8 else bytes(changed)


def _place(data: bytearray, chance: random.Random) -> int:
    """Anywhere, half of the time in the first 256 bytes, where sizes are told."""
    return chance.randrange(min(len(data), 256) if chance.random() < 0.5 else len(data)) if data else 0


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8) if data else 0):
        data[_place(data, chance)] ^= chance.randint(1, 255)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def insert(data: bytearray, chance: random.Random) -> None:
    at, size = _place(data, chance), chance.randint(1, 64)
    data[at:at] = chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size)))


def leave_out(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.randint(1, 64)]


def swap(data: bytearray, chance: random.Random) -> None:
    """Two stretches change places."""
    a, b, c, d = sorted(_place(data, chance) for _ in range(4))
    data[a:d] = data[c:d] + data[b:c] + data[a:b]


def repeat(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = data[at : at + chance.randint(1, 256)] * chance.randint(1, 20)


def huge(data: bytearray, chance: random.Random) -> None:
    """A number that is a size, perhaps."""
    kind, value = chance.choice("<>") + chance.choice("HIQ"), chance.choice(HUGE)
    part = struct.pack(kind, value % 2 ** (8 * struct.calcsize(kind)))
    at = _place(data, chance)
    data[at : at + len(part)] = part


def number(data: bytearray, chance: random.Random) -> None:
    """Another number, or no number, in a text."""
    if found := list(re.finditer(rb"\d+", data[:16_384])):
        which = chance.choice(found)
        new = (b"0", b"-1", b"65536", b"99999999999", b"1e999", b"null", b"[]", b'"x"', b"{}")
        data[which.start() : which.end()] = chance.choice(new)


CHANGES: tuple[Change, ...] = (flip, cut, insert, leave_out, swap, repeat, huge, number)


def checked(data: bytes) -> bytes:
    """With right checksums as far as it is a PNG."""
    result, at = bytearray(data), 8
    while data.startswith(b"\x89PNG") and at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        result[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(result)
