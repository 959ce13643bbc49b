"""Statistics of the colours of pictures, and pictures given the colours of others."""

import torch
from torch import Tensor

from ..colours import NARROWEST, OPPONENT_AXES
from .adain import EPSILON, Mean, average, blend
from .constants import Matrix, constant

GREY = 0.5  # sums are of differences from it, which loses fewer digits to rounding

Colours = tuple[Tensor, Tensor]  # `colour_statistics`

_LOWER = [(row, column) for row in range(3) for column in range(row + 1)]
# The covariances of the opponent colours (_LOWER) from those of RGB: rr, gg, bb, rg, gb, br.
_RGB_TO_COVARIANCE: Matrix = tuple(
    (*(p[i] * q[i] for i in range(3)), *(p[i] * q[j] + p[j] * q[i] for i, j in ((0, 1), (1, 2), (2, 0))))
    for p, q in ((OPPONENT_AXES[row], OPPONENT_AXES[column]) for row, column in _LOWER)
)
# A lower triangle (_LOWER) on opponent colours as a matrix, column by column, that takes RGB, or gives RGB.
_TRIANGLE_AFTER_AXES: Matrix = tuple(
    tuple(OPPONENT_AXES[column][into] * (row == out) for row, column in _LOWER) for into in range(3) for out in range(3)
)
_AXES_AFTER_TRIANGLE: Matrix = tuple(
    tuple(OPPONENT_AXES[row][out] * (column == into) for row, column in _LOWER) for into in range(3) for out in range(3)
)


def opponent_colours(colours: Tensor) -> Tensor:
    """Colours, RGB [N,3,1,1], to their amounts of the OPPONENT_AXES, [N,3,1,1]."""
    return _linear(OPPONENT_AXES, colours)


def from_opponent_colours(colours: Tensor) -> Tensor:
    """The inverse of `opponent_colours`, [N,3,1,1] to the same."""
    return _linear(tuple(zip(*OPPONENT_AXES, strict=True)), colours)


def colour_statistics(picture: Tensor, mean: Mean = average) -> Colours:
    """Mean and covariance of the opponent colours of a picture, the latter as its Cholesky factor, in float32.

    The factor generalises the standard deviation: brightness is spread by its own deviation, and each further
    axis by how it follows the axes before it, and by what deviation remains.

    Args:
        picture: RGB [N,3,H,W] in 0..1.
        mean: where means come from; it is asked for those of RGB - GREY [N,3,1,1], then for those of the products
            rr, gg, bb, rg, gb, br [N,6,1,1].

    Returns:
        mean [N,3,1,1] and factor [N,6,1,1]: the lower triangle, row by row.
    """
    colours = picture.float() - GREY
    first = mean(colours, 1)
    second = mean(torch.cat([colours * colours, colours * _next_channel(colours)], dim=1), 1)
    covariance = second - torch.cat([first * first, first * _next_channel(first)], dim=1)
    xx, yx, yy, zx, zy, zz = torch.split(_linear(_RGB_TO_COVARIANCE, covariance), 1, dim=1)
    # What is no more than rounding may be just below 0.
    a = (xx.clamp(min=0) + EPSILON).sqrt()
    b, d = yx / a, zx / a
    c = ((yy - b * b).clamp(min=0) + EPSILON).sqrt()
    e = (zy - d * b) / c
    f = ((zz - d * d - e * e).clamp(min=0) + EPSILON).sqrt()
    return opponent_colours(first + GREY), torch.cat([a, b, c, d, e, f], dim=1)


def blend_colours(content: Colours, style: Colours, alpha: Tensor | float) -> Colours:
    """Between both: factors blend as pictures do, since a recoloured picture is linear in them."""
    return blend(content[0], style[0], alpha), blend(content[1], style[1], alpha)


def recolour(picture: Tensor, own: Colours, wanted: Colours) -> Tensor:
    """Give a picture other `colour_statistics`: AdaIN of the pixels, with the correlations of the colours.

    As Reinhard et al., "Color Transfer between Images" (2001), but with the whole covariance (Xiao and Ma 2006).
    Brightness stays a rising function of the content's brightness.

    Args:
        picture: RGB [N,3,H,W], about 0..1.
        own: its `colour_statistics`: [N or 1,3,1,1] and [N or 1,6,1,1].
        wanted: those of the result, such as a style's.

    Returns:
        RGB [N,3,H,W], not clamped, in the type of `picture`.
    """
    return coloured(whitened(picture.float(), own, wanted), wanted).to(picture.dtype)


def whitened(picture: Tensor, own: Colours, wanted: Colours) -> Tensor:
    """The picture's opponent colours, made uncorrelated, with mean 0 and deviation 1.

    Args:
        picture: RGB float32 [N,3,H,W].
        own: its `colour_statistics`.
        wanted: those that `coloured` will be given: axes that are narrow in the content are left narrower than 1 unless
            they stay narrow.

    Returns:
        float32 [N,3,H,W].
    """
    a, b, c, d, e, f = torch.split(own[1], 1, dim=1)
    wanted_a, _, wanted_c, _, _, wanted_f = torch.split(wanted[1], 1, dim=1)
    x, y, z = (
        torch.maximum(mine, theirs.clamp(max=NARROWEST))
        for mine, theirs in ((a, wanted_a), (c, wanted_c), (f, wanted_f))
    )
    # Two steps, each a lower triangle, multiplied out: the axes before are subtracted (forward substitution: 1;
    # -u, 1; u w - v, -w, 1), which makes the colours uncorrelated; each is divided by its deviation.
    u, v, w = b / a, d / a, e / c
    triangle = torch.cat([1 / x, -u / y, 1 / y, (u * w - v) / z, -w / z, 1 / z], dim=1)
    return _mixed(_linear(_TRIANGLE_AFTER_AXES, triangle), picture - from_opponent_colours(own[0]))


def coloured(whitened: Tensor, wanted: Colours) -> Tensor:
    """Whitened opponent colours, float32 [N,3,H,W], to RGB with these `colour_statistics`, not clamped."""
    return _mixed(_linear(_AXES_AFTER_TRIANGLE, wanted[1]), whitened) + from_opponent_colours(wanted[0])


def _mixed(matrix: Tensor, picture: Tensor) -> Tensor:
    """A matrix for each picture, [N,9,1,1] column by column, times its colours [N,3,H,W]."""
    columns, colours = torch.split(matrix, 3, dim=1), torch.split(picture, 1, dim=1)
    return columns[0] * colours[0] + columns[1] * colours[1] + columns[2] * colours[2]


def _next_channel(picture: Tensor) -> Tensor:
    """[N,3,H,W] with green for red, blue for green, red for blue."""
    red, green, blue = torch.split(picture, 1, dim=1)
    return torch.cat([green, blue, red], dim=1)


def _linear(matrix: Matrix, values: Tensor) -> Tensor:
    """The matrix [K,C] times [N,C,1,1]: [N,K,1,1].

    As a product and a sum, since GPUs round the factors of a matrix product (TF32), and autocast rounds them more.
    """
    factors = constant(matrix, values)[None, :, :, None]
    # Over both last axes, though one is 1, since pnnx loses a single axis.
    product: Tensor = (factors * values.reshape(-1, 1, len(matrix[0]), 1)).sum((2, 3), keepdim=True)
    return product
