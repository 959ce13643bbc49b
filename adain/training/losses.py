"""The losses of AdaIN (arXiv 1703.06868, equations 11 to 13), and one of ours."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ..network.adain import statistics


def content_loss(output: Tensor, target: Tensor) -> Tensor:
    """Equation 12, as a mean: squared distance of the output's deepest features to AdaIN's own.

    Args:
        output: relu4_1 of the stylised picture, [N,C,H,W].
        target: what AdaIN made of the content's relu4_1, same shape.
    """
    return functional.mse_loss(output.float(), target.float())


def style_loss(output: Sequence[Tensor], style: Sequence[Tensor]) -> Tensor:
    """Equation 13, as means: squared distance of means and standard deviations, summed over layers.

    Args:
        output: relu1_1 to relu4_1 of the stylised picture.
        style: the same layers of the style picture; sizes may differ.
    """
    terms = []
    for mine, theirs in zip(output, style, strict=True):
        mean, std = statistics(mine)
        style_mean, style_std = statistics(theirs)
        terms += [functional.mse_loss(mean, style_mean), functional.mse_loss(std, style_std)]
    return torch.stack(terms).sum()


def identity_loss(output: Tensor, picture: Tensor) -> Tensor:
    """Mean squared distance in pixels between a picture and itself stylised after itself.

    Not in the paper: it teaches the decoder to give back what it is shown, so that alpha 0 is the content.

    Args:
        output, picture: RGB [N,3,H,W] in 0..1.
    """
    return functional.mse_loss(output.float(), picture.float())
