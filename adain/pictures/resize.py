"""Every change of a picture's size."""

from dataclasses import replace
from typing import Literal

from PIL import Image

from ..errors import OptionError
from .picture import Picture

Filter = Literal["lanczos", "bicubic", "bilinear"]  # the last takes half as long as the first, and is a little softer
_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
}
# Beyond 16 times smaller, whole pixels are averaged first, down to 8 times or more: 0.1 steps away on average, in a
# tenth of the time, which is 7 s for the largest pictures.
_GAP = 8.0


def check_side(size: int) -> None:
    """Raise an OptionError where a side would have no pixel."""
    if size < 1:
        raise OptionError(f"the size is {size}; give the pixels of a side, 1 or more")


def resize(picture: Picture, width: int, height: int, filter: Filter = "lanczos") -> Picture:
    """Bring a picture to a size in px; colours of what is transparent do not bleed into the rest."""
    if (picture.width, picture.height) == (width, height):
        return picture
    resized = Picture.from_pil(picture.to_pil().resize((width, height), _FILTERS[filter], reducing_gap=_GAP))
    return replace(resized, metadata=picture.metadata)


def resize_to_side(picture: Picture, size: int, which: Literal["longer", "shorter"] = "longer") -> Picture:
    """Shrink (Lanczos) so that one side has at most `size` pixels and the shape stays.

    Args:
        picture: left as it is where that side is `size` or less already.
        size: pixels, 1 or more.
        which: the side that `size` is about.

    Raises:
        OptionError: size below 1.
    """
    check_side(size)
    sides = (picture.width, picture.height)
    side = max(sides) if which == "longer" else min(sides)
    if side <= size:
        return picture
    width, height = (max(1, round(each * size / side)) for each in sides)
    return resize(picture, width, height)


def square(picture: Picture, size: int) -> Picture:
    """Shrink or enlarge (bicubic) so that the shorter side is `size`, and cut the middle: size x size px, opaque."""
    scale = size / min(picture.width, picture.height)
    width, height = (max(size, round(side * scale)) for side in (picture.width, picture.height))
    pixels = resize(Picture(picture.pixels), width, height, "bicubic").pixels
    left, top = (width - size) // 2, (height - size) // 2
    return Picture(pixels[top : top + size, left : left + size])
