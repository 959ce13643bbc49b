"""The breadth of strokes: a picture is painted at another size than its own, and brought back.

A network paints strokes of so many pixels. To make them as broad for a large picture as for a small one, the large one
is painted small. What it has of finer detail is then put back (joint upsampling), as strongly as the painting follows
the photograph there: by the slope of the line through both, as in the guided filter of He, Sun and Tang
(ECCV 2010; "Fast Guided Filter", arXiv 1505.00996).

The size at which a painting is encoded has no part in it. Looked at with five paintings, each in one network or in
both, from 128 to 1024 px, it changes contrast and texture, in each painting another way: strokes became broader in
one, a mosaic, and fewer in another. Nor could a style be encoded anew whose painting is not at hand, as with the
built-in ones.
"""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .pictures import Pixels

Floats = NDArray[np.float32]

MEASURE = 1_000_000  # pixels of a picture on which strokes have the breadth that the network gives them, or fewer
RADIUS = 2  # px around one, in the small picture, in which the slope is taken
LEAST = 16.0  # variance, in steps of 255 squared, of a ground that has no detail to follow
STEEPEST = 1.5  # slope


def inner_size(width: int, height: int, stroke_size: float | None, least: int) -> tuple[int, int]:
    """The size at which a picture is painted.

    Args:
        width, height: its own, in px.
        stroke_size: 1 is the breadth of strokes on a picture of MEASURE pixels; None keeps the picture's size.
        least: px of the shorter side.
    """
    if stroke_size is None:
        return width, height
    scale = min(1.0, (MEASURE / (width * height)) ** 0.5) / stroke_size
    scale = max(scale, min(1.0, least / min(width, height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


class Lift:
    """What was painted small, in the size of its content, with the content's detail.

    Args:
        content: uint8 [H,W,3].
        small: what of it was painted: uint8 [h,w,3].
        painted: uint8 [h,w,3].
    """

    def __init__(self, content: Pixels, small: Pixels, painted: Pixels) -> None:
        self._content, self._small, self._painted = content, small, painted
        self._slope = _slope(_grey(small), painted.astype(np.float32)) if small.size < content.size else None

    def rows(self, start: int, stop: int) -> Pixels:
        """The rows from `start` to before `stop`: uint8 [stop-start,W,3]."""
        height, width = self._content.shape[:2]
        if self._painted.shape == self._content.shape:
            return self._painted[start:stop]
        scale = self._painted.shape[0] / height
        # Filters do not see what is beyond the box, which would show between parts.
        margin = ceil(4 * max(1, 1 / scale)) + 1
        above, below = min(margin, start), min(margin, height - stop)
        box = (0.0, (start - above) * scale, float(self._painted.shape[1]), (stop + below) * scale)
        size = (width, stop - start + above + below)

        def enlarged(image: Image.Image, how: Image.Resampling) -> Floats:
            return np.asarray(image.resize(size, how, box=box), np.float32)[above : above + stop - start]

        result = enlarged(Image.fromarray(self._painted), Image.Resampling.LANCZOS).copy()
        if self._slope is not None:
            fine = _grey(self._content[start:stop]) - _grey(
                enlarged(Image.fromarray(self._small), Image.Resampling.LANCZOS)
            )
            for channel in range(3):
                slope = Image.fromarray(self._slope[..., channel])
                result[..., channel] += enlarged(slope, Image.Resampling.BILINEAR) * fine
        rounded: Pixels = np.rint(result.clip(0, 255)).astype(np.uint8)
        return rounded


def _grey(pixels: NDArray[Any]) -> Floats:
    grey: Floats = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey


def _slope(grey: Floats, painted: Floats) -> Floats:
    """How the painted channels [h,w,3] rise with the content's brightness [h,w] around each pixel: [h,w,3]."""
    mean, mean_painted = _mean(grey[..., None]), _mean(painted)
    variance = _mean(grey[..., None] ** 2) - mean**2
    covariance = _mean(grey[..., None] * painted) - mean * mean_painted
    slope: Floats = _mean((covariance / (variance + LEAST)).clip(-STEEPEST, STEEPEST))
    return slope


def _mean(values: Floats) -> Floats:
    """Of [h,w,C] over squares of 2 RADIUS + 1 px; at the borders over what there is of them, by reflection."""
    for axis in (0, 1):
        ends = [(0, 0)] * 3
        ends[axis] = (RADIUS, RADIUS)
        padded = np.pad(values, ends, mode="symmetric")
        length = values.shape[axis]
        parts = [padded.take(range(at, at + length), axis) for at in range(2 * RADIUS + 1)]
        values = sum(parts[1:], parts[0]) / np.float32(len(parts))
    return values
