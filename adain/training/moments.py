"""The statistics that losses compare, of features in half precision: no copy in float32 is kept for the gradient."""

from typing import Any

import torch
from torch import Tensor

from ..network.adain import EPSILON


class Moments(torch.autograd.Function):
    """Features [N,C,H,W] of any float type to the means of their values and of their squares, float32 [N,C,1,1]."""

    @staticmethod
    def forward(context: Any, features: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        context.save_for_backward(features)
        if features.device.type == "cuda":
            first = features.mean((2, 3), keepdim=True, dtype=torch.float32)
            norm = torch.linalg.vector_norm(features, 2, (2, 3), keepdim=True, dtype=torch.float32)
            return first, norm.square() / (features.shape[2] * features.shape[3])
        # A CPU sums up the squares of a norm one by one: 1e-4 off on a flat ground. The copy is not kept.
        features = features.float()
        return features.mean((2, 3), keepdim=True), features.square().mean((2, 3), keepdim=True)

    @staticmethod
    def backward(context: Any, first: Tensor, second: Tensor) -> Tensor:
        """See the class."""
        (features,) = context.saved_tensors
        count = features.shape[2] * features.shape[3]
        # In float32, since both summands cancel out in channels that are almost flat.
        return torch.addcmul(first / count, features, 2 * second / count).to(features.dtype)


def statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """`network.adain.statistics` by means over all positions: [N,C,H,W] to mean and deviation, float32 [N,C,1,1]."""
    first, second = Moments.apply(features)
    # The difference of two roundings may be just below 0.
    return first, ((second - first * first).clamp(min=0) + EPSILON).sqrt()
