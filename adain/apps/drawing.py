"""What is drawn for a picture, as a function of the seed, the picture's name and its number alone: by hashes, so that
neither order nor other pictures matter.
"""

import hashlib


def digest(*parts: object) -> bytes:
    """SHA-256 of some values, as text; names of files need not be text."""
    text = "\0".join(map(str, parts))
    return hashlib.sha256(text.encode(errors="surrogateescape")).digest()


def _number(*parts: object) -> int:
    """A whole number of 64 bits that looks drawn by chance."""
    return int.from_bytes(digest(*parts)[:8], "big")


def draw_style(seed: int, content: str, k: int, count: int) -> int:
    """The number of a style, 0 to count - 1; the same one comes again only after all others.

    (The shuffle of Fisher and Yates, as far as it is needed, and a new one for every `count` pictures.)
    """
    turn, place = divmod(k, count)
    swapped: dict[int, int] = {}
    for left in range(place + 1):
        right = left + _number(seed, content, "style", turn, left) % (count - left)
        swapped[left], swapped[right] = swapped.get(right, right), swapped.get(left, left)
    return swapped[place]


def draw_alpha(seed: int, content: str, k: int, low: float, high: float) -> float:
    """A strength, evenly between two, with four decimals."""
    if low == high:
        return low
    return round(low + (high - low) * _number(seed, content, "alpha", k) / 2**64, 4)
