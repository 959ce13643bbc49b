"""Colours of pictures: measured, put into style codes, exchanged.

Opponent colours (`AXES` times RGB in 0..1) and their statistics are those of the networks, see `network/colour.py`:
the mean, and the lower Cholesky factor of the covariance. Codes of most models have them as parts of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .pictures import Pixels

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

EPSILON = 1e-5  # added to variances
# A photograph that is almost grey has noise for colours, and a flat one has noise for everything: stretching
# that to the style's spread would make blotches of it.
NARROWEST = 0.05  # no colour axis is stretched as if its deviation were less than this

# Brightness, red against blue, green against both: the axes of Ohta, Kanade and Sakai, "Color information for
# region segmentation" (1980), orthonormal.
OPPONENT_AXES = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (2**-0.5, 0.0, -(2**-0.5)),
    (-(6**-0.5), 2 * 6**-0.5, -(6**-0.5)),
)
AXES: Doubles = np.array(OPPONENT_AXES)

_MEAN, _FACTOR = "colours.mean", "colours.factor"  # in `Contract.code`
_LOWER = np.tril_indices(3)
_ROWS = 1 << 18  # pixels that are measured at once


@dataclass(frozen=True, eq=False)
class Colours:
    """The colours of a picture.

    Attributes:
        mean: float64 [3], of the opponent colours.
        factor: float64 [3,3], lower triangle L with L L^T = covariance + EPSILON.
    """

    mean: Doubles
    factor: Doubles

    @classmethod
    def of(cls, sums: Doubles) -> Self:
        """From what `colour_sums` gives, of one picture or added up over several."""
        moments = sums / max(sums[0, 0], EPSILON)
        covariance = AXES @ (moments[1:, 1:] - np.outer(moments[0, 1:], moments[0, 1:])) @ AXES.T
        spread, vectors = np.linalg.eigh(covariance)  # rounding may leave it just below 0
        covariance = (vectors * spread.clip(0)) @ vectors.T + EPSILON * np.eye(3)
        return cls(AXES @ moments[0, 1:], np.linalg.cholesky(covariance))


def colour_sums(pixels: Pixels, weight: NDArray[np.generic] | None = None) -> Doubles:
    """Weighted sums over pixels, of products of (1, R, G, B) in 0..1: those of several pictures add up.

    Args:
        pixels: uint8 [H,W,3].
        weight: [H,W], of any unit; None counts all pixels the same.

    Returns:
        float64 [4,4], symmetric: the sum of the weights, of the colours, and of their products.
    """
    total = np.zeros((4, 4))
    rows = max(1, _ROWS // pixels.shape[1])
    for start in range(0, len(pixels), rows):
        colours = pixels[start : start + rows].reshape(-1, 3) / 255
        values = np.concatenate([np.ones((len(colours), 1)), colours], axis=1)
        weights = 1.0 if weight is None else weight[start : start + rows].reshape(-1, 1)
        total += (values * weights).T @ values
    return total


def has_colours(code: Sequence[tuple[str, int]]) -> bool:
    """Whether a style code of this layout (`Contract.code`) has parts that are colours."""
    return (_MEAN, 3) in code and (_FACTOR, 6) in code


def with_colours(style: Floats, code: Sequence[tuple[str, int]], wanted: Colours, strength: float) -> Floats:
    """A style code [S] whose colours are moved from its own (strength 0) to those wanted (1)."""
    values, at = {_MEAN: wanted.mean, _FACTOR: wanted.factor[_LOWER]}, 0
    style = style.copy()
    for name, length in code:
        if name in values:
            style[at : at + length] += strength * (values[name] - style[at : at + length])
        at += length
    return style


def recolour(pixels: Pixels, own: Colours, wanted: Colours, strength: float = 1.0) -> Pixels:
    """A picture in other colours: linear, as Xiao and Ma (2006), along the axes of `network.colour.recolour`.

    Args:
        pixels: uint8 [H,W,3].
        own: the picture's.
        wanted: the result's, but for what is clipped.
        strength: 0 gives the picture back, 1 the colours that are wanted.
    """
    spread, target = own.factor.diagonal(), wanted.factor.diagonal()
    uncorrelated = np.linalg.inv(own.factor / spread)
    whitened = uncorrelated / np.maximum(spread, target.clip(max=NARROWEST))[:, None]
    matrix = AXES.T @ wanted.factor @ whitened @ AXES
    matrix = np.eye(3) + strength * (matrix - np.eye(3))
    mean = AXES.T @ (own.mean + strength * (wanted.mean - own.mean))
    offset = mean - matrix @ AXES.T @ own.mean
    result = pixels @ matrix.T.astype(np.float32) + np.float32(255 * offset)
    rounded: Pixels = np.rint(result.clip(0, 255)).astype(np.uint8)
    return rounded


def take_brightness(content: Pixels, painted: Pixels, strength: float = 1.0) -> Pixels:
    """The brightness of one picture and the hues of another, pixel by pixel, uint8 [H,W,3] each.

    Brightness is the mean of red, green and blue. Where it leaves no room for the content's colour, that is made
    paler, so that brightness and hue stay.

    Args:
        content: gives the colours.
        painted: gives the brightness.
        strength: 0 gives `painted` back.
    """
    bright = painted.mean(2, dtype=np.float32, keepdims=True)
    colour = content - content.mean(2, dtype=np.float32, keepdims=True)
    if strength < 1:
        colour = strength * colour + (1 - strength) * (painted - bright)
    most, least = (reach(2, keepdims=True).clip(min=1e-3) for reach in (colour.max, (-colour).max))
    room = np.minimum(np.minimum((255 - bright) / most, bright / least), 1)
    result: Pixels = np.rint((bright + room * colour).clip(0, 255)).astype(np.uint8)
    return result
