"""The losses of AdaIN (arXiv 1703.06868, equations 11 to 13), and more of ours and of others.

All return a tensor of no dimensions, in float32; 0 is best.
"""

import torch
from torch import Tensor
from torch.nn import functional

from ..network.adain import EPSILON
from ..network.constants import constant, made_once
from .moments import statistics
from .perception import Features

SHIFT_MARGIN = 8  # px, where a border is seen that another photograph does not have
FLAT = 1e-3  # deviation of a layer's features below which a picture is as good as flat
PLAIN = 0.03  # deviation of colours, in 0..1, beside which a style is as good as plain
LUMINANCE = (0.299, 0.587, 0.114)
GRID_PERIODS = (2, 4, 8)  # px: where upsampling by 2 can leave its pattern
GRID_TILE = 64  # px
GRID_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def content_loss(output: Tensor, target: Tensor) -> Tensor:
    """Equation 12, as a mean: squared distance of the output's deepest features to AdaIN's own.

    Args:
        output: relu4_1 of the stylised picture, [N,C,H,W].
        target: what AdaIN made of the content's relu4_1, same shape.
    """
    return functional.mse_loss(output.float(), target.float())


def style_loss(output: Features, style: Features) -> Tensor:
    """Equation 13, as means: squared distance of means and standard deviations, summed over layers.

    Args:
        output: features of the stylised picture, by layer.
        style: the same layers of the style picture; sizes may differ.
    """
    terms = []
    for layer, mine in output.items():
        mean, std = statistics(mine)
        style_mean, style_std = statistics(style[layer])
        terms += [functional.mse_loss(mean, style_mean), functional.mse_loss(std, style_std)]
    return torch.stack(terms).sum()


def balanced_style_loss(output: Features, style: Features) -> Tensor:
    """As `style_loss`, where each layer of each pair counts alike, whatever the size of its statistics.

    After Cheng et al., "Style-Aware Normalized Loss" (arXiv 2104.10064): each layer's squared distance is divided by
    the bound that it cannot exceed, the squares of the style's statistics and of the output's (a constant for the
    gradient). 0 to 1 for a layer, since features after ReLU, and so their statistics, are not negative.

    Args:
        output, style: as in `style_loss`.
    """
    terms = []
    for layer, features in output.items():
        mine, theirs = (torch.cat(statistics(each), dim=1).flatten(1) for each in (features, style[layer]))
        terms.append(_relative(mine, theirs))
    return torch.stack(terms).sum()


def distribution_loss(output: Features, style: Features, directions: dict[str, Tensor]) -> Tensor:
    """Distance of whole distributions: a few strong spikes meet a mean and a deviation, but not this.

    The sliced Wasserstein distance (Heitz et al., arXiv 2006.07229): features are projected on directions, and the
    sorted values compared. With the axes as directions it is EFDM's (arXiv 2203.07740). Divided as in
    `balanced_style_loss`.

    Args:
        output, style: as in `style_loss`; sizes must agree.
        directions: [K,C] for each layer that counts.
    """
    terms = []
    for layer, axes in directions.items():
        mine, theirs = (
            torch.sort(torch.einsum("kc,ncp->nkp", axes, each[layer].float().flatten(2)), dim=2).values
            for each in (output, style)
        )
        terms.append(_relative(mine.flatten(1), theirs.flatten(1)))
    return torch.stack(terms).sum()


def palette_loss(output: Tensor, style: Tensor, directions: Tensor) -> Tensor:
    """Distance of the colours, as they are and averaged over 4x4 px: mean and covariance leave much of a palette open.

    The sliced Wasserstein distance, absolute, over the style's own spread along each direction.

    Args:
        output, style: RGB [N,3,H,W] in 0..1, sides at least 4.
        directions: [K,3].
    """
    terms = []
    for side in (1, 4):
        mine, theirs = (
            torch.sort(torch.einsum("kc,ncp->nkp", directions, functional.avg_pool2d(each, side).flatten(2))).values
            for each in (output.float(), style.float())
        )
        terms.append(((mine - theirs).abs().mean(2) / (theirs.std(2, correction=0) + PLAIN)).mean())
    return torch.stack(terms).sum()


def contrast_loss(output: Features, content: Features, anchors: dict[str, Tensor], temperature: float = 0.07) -> Tensor:
    """How badly the differences between neighbours in the output are told apart by those in the content.

    CCPL (Wu et al., arXiv 2207.04808) without its projection heads: the difference between a position and each of its
    eight neighbours should be nearest, in direction, to the difference at the same place in the content.

    Args:
        output, content: features of the stylised picture, and of the content.
        anchors: rows and columns of positions, int64 [2,A], none at the border, for each layer that counts.
        temperature: of the softmax over the A * 8 differences.
    """
    terms = []
    for layer, (rows, columns) in anchors.items():
        mine, theirs = (_differences(each[layer].float(), rows, columns) for each in (output, content))
        likeness = torch.einsum("ncq,nck->nqk", mine, theirs) / temperature
        right = torch.arange(likeness.shape[1], device=likeness.device).expand(likeness.shape[:2])
        terms.append(functional.cross_entropy(likeness.flatten(0, 1), right.flatten()))
    return torch.stack(terms).sum()


def _differences(features: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Of each position and its neighbours, [N,C,8*A], as unit vectors; what is shorter than 1, mere noise, stays so."""
    centre = features[:, :, rows, columns]
    beside = [features[:, :, rows + y, columns + x] - centre for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]
    return functional.normalize(torch.cat(beside, dim=2), dim=1, eps=1.0)


def likeness_loss(output: Tensor, content: Tensor) -> Tensor:
    """Squared distance of features without their statistics, which AdaIN changes: what is where, in whatever style.

    `adain evaluate` measures the same as content_in.

    Args:
        output, content: features of one layer, [N,C,H,W].
    """

    def normalised(features: Tensor) -> Tensor:
        mean, std = statistics(features)
        return (features.float() - mean) / std

    return functional.mse_loss(normalised(output), normalised(content))


def identity_features_loss(output: Features, picture: Features) -> Tensor:
    """As `identity_loss`, in features: squared distance against the size of the picture's own, summed over layers.

    Args:
        output, picture: features of N pictures stylised after themselves, and of the pictures.
    """
    return torch.stack(
        [_relative(each.float().flatten(1), picture[layer].float().flatten(1)) for layer, each in output.items()]
    ).sum()


def imitation_loss(output: Tensor, taught: Tensor) -> Tensor:
    """Absolute distance to a teacher's picture: means over four scales, and of the differences between neighbours.

    Args:
        output, taught: RGB [N,3,H,W], sides at least 8.
    """
    error = output.float() - taught.float()  # which all of it is linear in
    seen = [error.diff(dim=2), error.diff(dim=3), *(functional.avg_pool2d(error, 2**n) for n in range(4))]
    return torch.stack([each.abs().mean() for each in seen]).sum()


def imitation_features_loss(output: Features, taught: Features) -> Tensor:
    """Absolute distance to the features of a teacher's picture, over their deviation; summed over layers.

    Pixels see a stroke that is moved a little as wrong altogether, features as nearly right.

    Args:
        output, taught: features of N pictures, and of the teacher's; their sizes agree.
    """
    terms = []
    for layer, mine in output.items():
        theirs = taught[layer].float().flatten(1)
        distance = (mine.float().flatten(1) - theirs).abs().mean(1)
        terms.append((distance / theirs.std(1).clamp(min=FLAT)).mean())
    return torch.stack(terms).sum()


def overlap(picture: Tensor, moved: Tensor, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Where two pictures show the same, without the borders, which each has alone.

    Args:
        picture: [N,C,H,W], sides over 2 * SHIFT_MARGIN + 8 after the offsets are taken away.
        moved: the same, of what begins `rows` and `columns` px further on.

    Returns:
        Views of both, [N,C,H - rows - 2 * SHIFT_MARGIN, W - columns - 2 * SHIFT_MARGIN].
    """
    height, width = (side - offset for side, offset in zip(picture.shape[2:], (rows, columns), strict=True))
    inner = (..., slice(SHIFT_MARGIN, height - SHIFT_MARGIN), slice(SHIFT_MARGIN, width - SHIFT_MARGIN))
    return picture[..., rows:, columns:][inner], moved[..., :height, :width][inner]


def shift_loss(output: Tensor, moved: Tensor, rows: int, columns: int) -> Tensor:
    """How far what is painted changes where the photograph moves over the network's grid: `imitation_loss` of both.

    Not in the paper. Where the statistics of a style can be met by a pattern that is locked to the grid, a small
    network learns nothing else; such a pattern does not move with the photograph.

    Args:
        output, moved: RGB, painted, as for `overlap`.
    """
    return imitation_loss(*overlap(output, moved, rows, columns))


def _relative(mine: Tensor, theirs: Tensor) -> Tensor:
    """Squared distance of vectors [N,D] over the sum of their squares, a constant for the gradient; the mean over N."""
    size = (mine.square().sum(1) + theirs.square().sum(1)).detach()
    return ((mine - theirs).square().sum(1) / size.clamp(min=EPSILON)).mean()


def identity_loss(output: Tensor, picture: Tensor) -> Tensor:
    """Mean squared distance in pixels between a picture and itself stylised after itself.

    Not in the paper: it teaches the decoder to give back what it is shown, so that alpha 0 is the content.

    Args:
        output, picture: RGB [N,3,H,W] in 0..1.
    """
    return functional.mse_loss(output.float(), picture.float())


def structure_loss(output: Tensor, content: Tensor) -> Tensor:
    """1 - SSIM of luminance (Wang et al. 2004, windows of 7 px), in 0..2.

    Not in the paper: its content loss sees relu4_1 only, where a pixel-sized pattern or a lost eye costs nothing.

    Args:
        output: the stylised picture, RGB [N,3,H,W], about 0..1.
        content: the content in the style's colours, same shape: what is asked for is its structure.
    """
    x, y = _luminance(output), _luminance(content)

    # By pooling: the convolutions of the libraries' SSIM took a seventh of a whole training step.
    def mean(values: Tensor) -> Tensor:
        return functional.avg_pool2d(values, kernel_size=7, stride=1)

    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x * x) - mean_x * mean_x + mean(y * y) - mean_y * mean_y
    covariance = mean(x * y) - mean_x * mean_y
    brightness = (2 * mean_x * mean_y + 0.01**2) / (mean_x * mean_x + mean_y * mean_y + 0.01**2)
    structure = (2 * covariance + 0.03**2) / (variances + 0.03**2)
    return 1 - (brightness * structure).mean()


def grid_loss(output: Tensor) -> Tensor:
    """How far waves of 2, 4 and 8 px stand out of the spectrum: the pattern that upsampling leaves.

    Not in the paper. For each period and each of four directions, the log power of that frequency minus the mean
    log power 2 and 3 bins beside it on the same line, both averaged over all tiles of 64 px; the positive ones,
    summed. 0 for a picture without peaks. `adain evaluate` measures the same as grid_2, grid_4 and grid_8. Logs
    make a faint grid on a flat wall count as much as one among leaves, as it does for the eye.

    Args:
        output: RGB [N,3,H,W], sides at least 64.
    """
    tiles = _luminance(output).unfold(2, GRID_TILE, GRID_TILE // 2).unfold(3, GRID_TILE, GRID_TILE // 2)
    window = _window(tiles.device)
    waves = torch.fft.fft2((tiles - tiles.mean((-2, -1), keepdim=True)) * window)
    rounding = 1 / (12 * 255**2)  # of 8-bit pictures: what is below cannot be seen
    power = (waves.abs().square() / window.square().sum() + rounding).log().mean((0, 1, 2, 3))
    # As a product and a sum, since GPUs may round the factors of a matrix product.
    return functional.relu((_peaks(tiles.device) * power).sum((1, 2))).sum()


@made_once
def _window() -> Tensor:
    """Of a tile, [GRID_TILE,GRID_TILE]."""
    window = torch.hann_window(GRID_TILE)
    return window[:, None] * window


@made_once
def _peaks() -> Tensor:
    """[K,GRID_TILE,GRID_TILE]: for each period and direction 1 at its frequency, and less the mean of those beside."""
    table = torch.zeros(len(GRID_PERIODS), len(GRID_DIRECTIONS), GRID_TILE, GRID_TILE)
    for period, rows in zip(GRID_PERIODS, table, strict=True):
        for (down, right), row in zip(GRID_DIRECTIONS, rows, strict=True):
            for offset, weight in ((0, 1.0), *((each, -1 / 4) for each in (-3, -2, 2, 3))):
                bin = GRID_TILE // period + offset
                row[down * bin % GRID_TILE, right * bin % GRID_TILE] += weight
    return table.flatten(0, 1)


def _luminance(picture: Tensor) -> Tensor:
    """RGB [N,3,H,W] -> float32 [N,1,H,W]."""
    weights = constant((LUMINANCE,), picture).view(1, 3, 1, 1)
    return (picture.float() * weights).sum(1, keepdim=True)
