"""Which pictures are scored: pairs of a content and a style, and the crops of both."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import pictures
from ..errors import OptionError, PictureError
from ..pictures import Pixels, find_pictures


@dataclass(frozen=True)
class Pair:
    """A content and a style picture."""

    content: Path
    style: Path

    @property
    def name(self) -> str:
        """CONTENT__STYLE, the name of the result without a suffix."""
        return f"{self.content.stem}__{self.style.stem}"


def plan(contents: Path, styles: Path, count: int | None = None, seed: int = 0) -> list[Pair]:
    """Every content with every style, or a part of that in which all contents and styles are met evenly.

    The part: contents and styles in random order, each list gone round and round, one step in both at a time.
    All pairs so met are different until the first one comes again (after their least common multiple); then
    the styles are shifted by one. How often two contents, or two styles, are met differs by at most 1, and a
    smaller part of one seed lies within the larger.

    Args:
        contents, styles: folders of pictures, searched with their subfolders.
        count: of pairs; None, or more than there are, takes all.
        seed: of the order.

    Returns:
        Sorted by content, then style.

    Raises:
        PictureError: a folder is missing or empty, or two results would have one name.
        OptionError: count below 1.
    """
    if count is not None and count < 1:
        raise OptionError(f"{count} pairs cannot be scored; give 1 or more, or leave --pairs out for all")
    all_contents, all_styles = find_pictures([contents]), find_pictures([styles])
    every = [Pair(content, style) for content in all_contents for style in all_styles]
    seen: dict[str, Pair] = {}
    for pair in every:
        if (twin := seen.setdefault(pair.name, pair)) != pair:
            first, second = (twin.content, pair.content) if twin.content != pair.content else (twin.style, pair.style)
            raise PictureError(f"{first} and {second} would both give {pair.name}.png; rename one")
    if count is None or count >= len(every):
        return every
    random = np.random.default_rng(seed)
    rows, columns = random.permutation(len(all_contents)), random.permutation(len(all_styles))
    period = np.lcm(len(rows), len(columns))
    steps = np.arange(count)
    chosen = sorted(zip(rows[steps % len(rows)], columns[(steps + steps // period) % len(columns)], strict=True))
    return [Pair(all_contents[row], all_styles[column]) for row, column in chosen]


def square(file: Path, size: int) -> Pixels:
    """Read a picture as uint8 [size,size,3], see `pictures.square`."""
    return pictures.square(pictures.load(file), size).pixels
