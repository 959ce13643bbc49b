"""The original scale of a VGG whose channels were normalised.

The encoder in a model file is normalised: every channel is scaled so that its mean activation is 1
(`vgg.normalise`), and the factors are not in the file. They can be had back without it: scaling a
channel scales the norm of its filter, so it is enough to know the norms that the original filters have. Those
1,664 numbers are kept here, and the shipped encoder becomes the original VGG but for the rounding of its weights
in the model file (features of relu4_1 within about 0.5 %).
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .vgg import Encoder


def original_norms() -> NDArray[np.float32]:
    """`filter_norms` of the VGG-16 of Simonyan and Zisserman in the Caffe convention, input folded: float32 [1664]."""
    norms: NDArray[np.float32] = np.load(Path(__file__).with_name("vgg16_norms.npy"))
    return norms


def filter_norms(encoder: Encoder) -> NDArray[np.float32]:
    """The L2 norms of all filters, in the order of the convolutions, float32 [1664] for VGG-16."""
    norms = [conv.weight.detach().double().flatten(1).norm(dim=1) for _, conv in encoder.convolutions()]
    return torch.cat(norms).float().numpy()


def restore_scale(encoder: Encoder, norms: NDArray[np.float32]) -> Tensor:
    """Undo `normalise` in place: scale every channel so that its filter has the given norm.

    Exact for whatever positive factors the channels were scaled by, because ReLU and max pooling commute with
    them.

    Args:
        encoder: a VGG whose channels were scaled.
        norms: `filter_norms` of it before that.

    Returns:
        The factors of the last layer, float64 [C].
    """
    wanted = torch.from_numpy(norms).double()
    before = torch.ones(3, dtype=torch.float64)
    with torch.no_grad():
        for _, conv in encoder.convolutions():
            norm, wanted = wanted[: conv.out_channels], wanted[conv.out_channels :]
            weight = conv.weight.double() / before.view(1, -1, 1, 1)
            factor = norm / weight.flatten(1).norm(dim=1)
            conv.weight.copy_(weight * factor.view(-1, 1, 1, 1))
            conv.bias.copy_(conv.bias.double() * factor)  # type: ignore[union-attr]
            before = factor
    return before
