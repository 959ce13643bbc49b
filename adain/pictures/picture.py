"""A picture as the package holds it."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import PictureError
from .metadata import Metadata

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, upright, in sRGB.

    Attributes:
        pixels: uint8 [H,W,3]. Where alpha is 0 a colour means nothing, and `load` puts white.
        alpha: uint8 [H,W], 255 is opaque; None where the source had no transparency.
        metadata: what else the source said; None of what was no file.

    Raises:
        PictureError: the pixels are of another type or shape.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        array = self.pixels
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
            raise PictureError(
                f"the array is {array.dtype} {list(array.shape)}; a picture is uint8 [height, width, 3] in RGB"
            )

    @property
    def height(self) -> int:
        """In px."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """In px."""
        return int(self.pixels.shape[1])

    def visible(self, least: int) -> tuple[slice, slice]:
        """Rows and columns of the smallest part that holds everything that is not transparent.

        Args:
            least: px a side that the part has in any case, where the picture has as many.
        """
        if self.alpha is None or not self.alpha.any():
            return slice(0, self.height), slice(0, self.width)
        return _span(self.alpha.max(axis=1), least), _span(self.alpha.max(axis=0), least)

    def part(self, rows: slice, columns: slice) -> Self:
        """A view of a part, such as that of `visible`."""
        alpha = None if self.alpha is None else self.alpha[rows, columns]
        return replace(self, pixels=self.pixels[rows, columns], alpha=alpha)

    @classmethod
    def from_pil(cls, image: Image.Image) -> Self:
        """Take the pixels of a PIL image of mode RGB or RGBA, in sRGB and upright; where alpha is 0 put white."""
        if image.mode == "RGB":
            return cls(_pixels(image))
        alpha = np.asarray(image.getchannel("A"))
        pixels = _pixels(image.convert("RGB"))
        pixels[alpha == 0] = 255
        return cls(pixels, alpha)

    def to_pil(self) -> Image.Image:
        """The same as a PIL image of mode RGB, or RGBA where there is an alpha channel."""
        image = Image.fromarray(self.pixels)
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        return image


def _pixels(image: Image.Image) -> Pixels:
    """Of an RGB image; some rows after the other, since numpy takes three times the memory for all at once."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    step = max(1, (1 << 20) // max(1, image.width))
    for top in range(0, image.height, step):
        pixels[top : top + step] = np.asarray(image.crop((0, top, image.width, min(top + step, image.height))))
    return pixels


def _span(seen: Pixels, least: int) -> slice:
    """From the first to the last of [N] that is not 0, and more where that is less than `least`."""
    places = np.flatnonzero(seen)
    start = max(0, min(int(places[0]), seen.size - least))
    return slice(start, max(int(places[-1]) + 1, min(start + least, seen.size)))
