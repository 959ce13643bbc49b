"""Masks: which parts of a picture get which style, and how much each pixel counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .errors import OptionError, PictureError
from .pictures import Picture, Pixels, Source, load

Weight = NDArray[np.float32]  # [H,W] in 0..1


def load_mask(source: Source, size: tuple[int, int], fit: bool = False) -> Pixels:
    """A mask: white, or what is opaque, is 255; black, or what is transparent, is 0.

    Args:
        source: a picture; its alpha channel is the mask if anything in it is transparent, else its brightness is.
        size: width and height of the picture that it is for.
        fit: bring a mask of another size to this one.

    Returns:
        uint8 [H,W].

    Raises:
        PictureError: no picture, another size, or nothing is selected.
    """
    picture = load(source)
    _check_size("mask", picture, size, fit)
    if picture.alpha is not None and not picture.alpha.all():
        image = Image.fromarray(picture.alpha)
    else:
        image = picture.to_pil().convert("L")
    mask: Pixels = np.asarray(image if image.size == size else image.resize(size, Image.Resampling.BILINEAR))
    if not mask.any():
        raise PictureError("the mask selects nothing: it is black or transparent throughout; white is what is painted")
    return mask


def load_regions(source: Source, size: tuple[int, int], count: int, fit: bool = False) -> list[Pixels]:
    """Regions that a picture names by its colours: black belongs to none, the others are taken from dark to bright.

    Args:
        source: a picture without soft edges.
        size: width and height of the picture that it is for.
        count: how many regions there have to be.
        fit: bring a picture of another size to this one.

    Returns:
        uint8 [H,W] for each region: 255 inside, 0 outside.

    Raises:
        PictureError: no picture, another size, or other than `count` colours beside black.
    """
    picture = load(source)
    _check_size("picture of the regions", picture, size, fit)
    image = Image.fromarray(picture.pixels)
    pixels = np.asarray(image if image.size == size else image.resize(size, Image.Resampling.NEAREST))
    numbers = pixels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    colours = np.flatnonzero(np.bincount(numbers.ravel(), minlength=1 << 24))
    colours = colours[colours > 0]
    if len(colours) != count:
        soft = "; soft edges are for --feather, not for the file" if len(colours) > count else ""
        raise PictureError(
            f"the picture of the regions has {len(colours)} colours beside black, and there are {count} styles; "
            f"give one colour for each style{soft}"
        )
    bright = (colours >> 16) * 299 + (colours >> 8 & 255) * 587 + (colours & 255) * 114
    return [np.where(numbers == colour, 255, 0).astype(np.uint8) for colour in colours[np.argsort(bright)]]


def soften(mask: Pixels, width: float) -> Pixels:
    """Make the edges of a mask, uint8 [H,W], slopes of so many px."""
    if width == 0:
        return mask
    soft: Pixels = np.asarray(Image.fromarray(mask).filter(ImageFilter.BoxBlur(width / 2)))
    return soft


def combine(masks: Sequence[Pixels]) -> Pixels:
    """Masks, uint8 [H,W], that all have to let a pixel through, multiplied."""
    result = masks[0]
    for mask in masks[1:]:
        result = np.rint(result * (mask / np.float32(255))).astype(np.uint8)
    return result


def weight_of(mask: Pixels, size: tuple[int, int]) -> Weight:
    """What pixels count by a mask, uint8 [H,W], in a picture of another size (width, height), each for several."""
    image = Image.fromarray(mask / np.float32(255))
    weight: Weight = np.asarray(image if image.size == size else image.resize(size, Image.Resampling.BOX))
    return weight.clip(0, 1)


def check_feather(width: float) -> None:
    """Raise an OptionError where no edge can be so wide."""
    if not 0 <= width <= 10_000:
        raise OptionError(f"the feather is {width}; give the width of edges in px, 0 to 10,000")


def _check_size(what: str, picture: Picture, size: tuple[int, int], fit: bool) -> None:
    came = (picture.width, picture.height)
    if came != size and not fit:
        raise PictureError(
            f"the {what} has {came[0]} x {came[1]} pixels, the content {size[0]} x {size[1]}; "
            "give one of this size, or --fit to stretch it"
        )
