"""Adaptive instance normalisation (Huang and Belongie, arXiv 1703.06868), on statistics that are values.

Every statistic here is made of means over the positions of a picture. A forward pass asks a `Mean` for them, which
averages what it is shown (`average`), or does so by weight and keeps the sums (`Sums`), or does not look and gives the
means of sums that were taken before (`Given`).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

EPSILON = 1e-5

# values [N,C,H/stride,W/stride] and the stride -> [N,C,1,1]
Mean = Callable[[Tensor, int], Tensor]


def average(values: Tensor, stride: int = 1) -> Tensor:
    """The plain mean over positions, [N,C,1,1]."""
    return values.mean((2, 3), keepdim=True)


class Sums:
    """A `Mean` by weight that keeps the sums: those of the parts of a picture add up to those of the whole.

    Args:
        weight: [N,H,W] of the picture's pixels, in 0..1, H and W multiples of all strides that will come: 0 leaves a
            pixel out (it is outside a mask, transparent, or another part's).
    """

    def __init__(self, weight: Tensor) -> None:
        self._weights = {1: weight[:, None].float()}  # by stride
        self._sums = [self._weights[1].sum((2, 3), keepdim=True)]

    def __call__(self, values: Tensor, stride: int = 1) -> Tensor:
        """The weighted mean; its sum is kept."""
        self._sums.append((values * self._at(stride)).sum((2, 3), keepdim=True))
        return _divided(self._sums[-1], self._sums[0])

    def _at(self, stride: int) -> Tensor:
        """A position of a deeper layer weighs as much as the pixels above it together."""
        if stride not in self._weights:
            # step by step, as networks do: the exporter does not see that two steps of 2 are one of 4
            known = max(each for each in self._weights if stride % each == 0)
            step = stride // known
            self._weights[stride] = functional.avg_pool2d(self._weights[known], step) * step**2
        return self._weights[stride]

    @property
    def statistics(self) -> Tensor:
        """All sums so far, that of the weights first: float32 [N,T]."""
        return torch.cat(self._sums, dim=1).flatten(1)


class Given:
    """A `Mean` that gives the means of sums that `Sums` took, in the same order, and does not look at its values.

    Args:
        statistics: [N or 1,T].
        lengths: of its parts, 1 (the sum of the weights) first.
    """

    def __init__(self, statistics: Tensor, lengths: Sequence[int]) -> None:
        # reshaped, since OpenCV 4 does not read what indexing with None twice exports
        self._weight, *rest = torch.split(statistics.reshape(-1, sum(lengths), 1, 1), list(lengths), dim=1)
        self._rest = iter(rest)

    def __call__(self, values: Tensor, stride: int = 1) -> Tensor:
        """The next of the means that were given."""
        return _divided(next(self._rest), self._weight)


def _divided(total: Tensor, weight: Tensor) -> Tensor:
    return total / weight.clamp(min=EPSILON)  # where nothing counts, the sums are 0 too


def statistics(features: Tensor, stride: int = 1, mean: Mean = average) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per picture and channel, in float32.

    Biased variance, by means with kept dimensions: every ONNX runtime that we know takes it.

    Args:
        features: [N,C,H,W], any float type.
        stride: of the features against the picture, for weights.
        mean: where means come from.

    Returns:
        mean [N,C,1,1] and sqrt(variance + EPSILON) [N,C,1,1].
    """
    features = features.float()
    first, second = mean(features, stride), mean(features * features, stride)
    # The difference of two roundings may be just below 0.
    return first, ((second - first * first).clamp(min=0) + EPSILON).sqrt()


def blend(content: Tensor, styled: Tensor, alpha: Tensor | float) -> Tensor:
    """From the content's (alpha 0) to the style's (alpha 1): [N or 1,C,H,W], or [N or 1,C,1,1]."""
    return content + alpha * (styled - content)


def adain(
    content: Tensor,
    own: tuple[Tensor, Tensor],
    style: tuple[Tensor, Tensor],
    alpha: Tensor | float = 1.0,
    narrowest: float = EPSILON,
) -> Tensor:
    """Give content features the style's statistics: equation 8 of the paper, blended as in its equation 14.

    Args:
        content: [N,C,H,W].
        own: the content's `statistics`, each [N or 1,C,1,1].
        style: those of the style's features.
        alpha: 0 keeps the content, 1 is full style; a number or a tensor that broadcasts to [N,1,1,1].
        narrowest: no channel is stretched as if the content's deviation were less than this, unless it stays narrow: a
            plain ground would become what its rounding to 8 bits is.

    Returns:
        std * (x - mean_c) / std_c + mean, [N,C,H,W], in the type of `content`, where mean and std lie between the
        content's own and the style's. This equals the blend of the features, since they are linear in both.
    """
    mean, std = own
    # One factor and one summand a channel: two passes over the features where the formula as it stands takes six.
    wanted = blend(std, style[1], alpha)
    scale = wanted / torch.maximum(std, wanted.clamp(max=narrowest))
    shift = blend(mean, style[0], alpha) - mean * scale
    return (content.float() * scale + shift).to(content.dtype)


def normalised(content: Tensor, own: tuple[Tensor, Tensor], narrowest: float) -> Tensor:
    """Features [N,C,H,W] with mean 0 and deviation 1, or less for channels whose deviation is under `narrowest`.

    See `adain` for the arguments.
    """
    mean, std = own
    scale = 1 / std.clamp(min=narrowest)
    return (content.float() * scale - mean * scale).to(content.dtype)
