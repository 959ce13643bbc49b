"""Sequences of pictures: a folder, or files with numbers in their names as in frames/%05d.png."""

import re
from fractions import Fraction
from pathlib import Path

from ..errors import OptionError, PictureError
from ..pictures import Picture, find_pictures, format_of, is_folder, load, resize, save
from .clip import WHOLE, Frame, Frames, Shape, Span

RATE = 25  # frames a second where nobody says
_NUMBER = re.compile(r"%(0\d+)?d")


def is_sequence(path: str) -> bool:
    """Whether a path stands for a sequence of pictures."""
    return is_folder(Path(path)) or _NUMBER.search(Path(path).name) is not None


class PictureSequence:
    """The pictures of a sequence, `span.rate` a second; a `Clip`.

    A picture that cannot be read is left out, and the one before is shown longer; one of another size than the first is
    stretched to that. What is transparent is white.

    Raises:
        PictureError: there are none, or the first cannot be read.
        OptionError: the span starts after the last picture.
    """

    def __init__(self, path: str, span: Span = WHOLE) -> None:
        self.notes: list[str] = []
        self.bad = 0
        rate = Fraction(span.rate or RATE).limit_denominator(1001)
        files = _find(path)
        first, _ = files[0]
        end = float("inf") if span.end is None else span.end
        self._first = first + round(span.start * rate)
        self._files = [(number, file) for number, file in files if span.start <= (number - first) / rate < end]
        if not self._files:
            raise OptionError(f"{path} has no picture at {span.start:g} s; it ends before")
        picture = load(self._files[0][1])
        self.shape = Shape(span.fit(picture.width, picture.height), 1 / rate, rate)
        self.expected: int | None = len(self._files)

    def frames(self) -> Frames:
        """See `Clip`."""
        for number, file in self._files:
            try:
                picture = load(file)
            except PictureError:
                self.bad += 1
                continue
            yield Frame(resize(Picture(picture.pixels), *self.shape.size).pixels, number - self._first, 1, number)


class PictureSink:
    """Writes frames as files of a sequence; a `Sink`.

    Raises:
        OptionError: the name has no place for a number, or an unknown suffix.
    """

    def __init__(self, pattern: str) -> None:
        if not _NUMBER.search(Path(pattern).name):
            raise OptionError(f"{pattern} has no place for a number; write it like frames/%05d.png")
        format_of(Path(pattern).suffix)
        self._pattern = pattern

    def file(self, number: int) -> Path:
        """The file of a frame."""
        return _named(self._pattern, number)

    def write(self, frame: Frame) -> None:
        """See `Sink`."""
        save(Picture(frame.pixels), self.file(frame.number))

    def end_part(self) -> None:
        """See `Sink`."""


def _find(path: str) -> list[tuple[int, Path]]:
    """Numbers and files of a sequence, in order."""
    if is_folder(Path(path)):
        return list(enumerate(find_pictures([path]), 1))
    pattern = Path(path)
    match = _NUMBER.search(pattern.name)
    assert match
    before, after = pattern.name[: match.start()], pattern.name[match.end() :]
    shape = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    found = []
    for file in pattern.parent.iterdir() if pattern.parent.is_dir() else ():
        if (fits := shape.fullmatch(file.name)) and file == _named(path, int(fits[1])):
            found.append((int(fits[1]), file))
    if not found:
        raise PictureError(f"there is no picture {path}; check the path")
    return sorted(found)


def _named(pattern: str, number: int) -> Path:
    path = Path(pattern)
    return path.with_name(_NUMBER.sub(lambda match: f"{number:{match[1] or ''}d}", path.name, count=1))
