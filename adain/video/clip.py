"""What every source of frames is: frames with their times, and what is known before the first is read."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from ..errors import OptionError
from ..pictures import Pixels

BT709 = 1  # by its number in ITU-T H.273


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a clip.

    Attributes:
        pixels: uint8 [H,W,3], upright, sRGB-like.
        pts: when it is shown, from the start of the clip, in units of `Shape.time_base`.
        duration: how long it is shown, in the same units, 1 or more.
        number: of its file, in a sequence of pictures; of other frames counted from 1.
    """

    pixels: Pixels
    pts: int
    duration: int
    number: int


Frames = Generator[Frame, None, None]


@dataclass(frozen=True)
class Shape:
    """What all frames of a clip share.

    Attributes:
        size: (width, height) in px.
        time_base: seconds, the unit of times.
        rate: frames a second, on average.
        pixel_ratio: width of a pixel by its height.
        primaries, transfer: colour, by their numbers in ITU-T H.273.
    """

    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    pixel_ratio: Fraction = Fraction(1)
    primaries: int = BT709
    transfer: int = BT709


class Clip(Protocol):
    """Frames in the order in which they are shown.

    Attributes:
        shape: of every frame.
        expected: how many frames there may be; None where nobody knows.
        notes: what is converted or left out, one sentence each.
    """

    shape: Shape
    expected: int | None
    notes: list[str]

    @property
    def bad(self) -> int:
        """Frames that could not be decoded so far."""

    def frames(self) -> Frames:
        """All frames from the beginning; may be called once."""


@dataclass(frozen=True)
class Span:
    """Which part of a clip is wanted, and how fast.

    Attributes:
        start, end: seconds from the beginning; None goes on to the end.
        rate: frames a second; None keeps the clip's own times.
        size: px, at most, of the longer side; None keeps the size.

    Raises:
        OptionError: a negative time, an end that is not after the start, a rate outside 0 to 1000, a size below 1.
    """

    start: float = 0.0
    end: float | None = None
    rate: float | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        if not self.start >= 0:
            raise OptionError(f"the start is {self.start:g} s; give 0 or more")
        if self.end is not None and not self.end > self.start:
            raise OptionError(f"the end is {self.end:g} s; give a time after the start, {self.start:g} s")
        if self.rate is not None and not 0 < self.rate <= 1000:
            raise OptionError(f"the rate is {self.rate:g} frames a second; give more than 0 and at most 1000")
        if self.size is not None and self.size < 1:
            raise OptionError(f"the size is {self.size}; give the pixels of a side, 1 or more")

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """A size in px, shrunk as wanted."""
        scale = min(1.0, (self.size or max(width, height)) / max(width, height))
        return max(1, round(width * scale)), max(1, round(height * scale))

    def count(self, seconds: float, rate: Fraction) -> int:
        """How many frames that is of a clip of so many seconds, about."""
        end = seconds if self.end is None else min(self.end, seconds)
        return max(1, round((end - self.start) * rate))


WHOLE = Span()


class Resampled:
    """A clip at a constant rate: at each time the frame that is shown then; the sound keeps its place. A `Clip`."""

    def __init__(self, clip: Clip, rate: float) -> None:
        exact = Fraction(rate).limit_denominator(1001)
        self._clip = clip
        self._ticks = clip.shape.time_base * exact  # frames of the new rate in a unit of the old times
        self.shape = replace(clip.shape, rate=exact, time_base=1 / exact)
        self.notes, self.expected = clip.notes, None
        if clip.expected is not None:
            self.expected = max(1, round(clip.expected * exact / clip.shape.rate))

    @property
    def bad(self) -> int:
        """See `Clip`."""
        return self._clip.bad

    def frames(self) -> Frames:
        """See `Clip`."""
        number, shown = 0, None
        for frame in self._clip.frames():
            while shown is not None and number < frame.pts * self._ticks:
                yield Frame(shown.pixels, number, 1, number + 1)
                number += 1
            shown = frame
        while shown is not None and number < (shown.pts + shown.duration) * self._ticks:
            yield Frame(shown.pixels, number, 1, number + 1)
            number += 1
