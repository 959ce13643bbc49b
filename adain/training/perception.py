"""The network that losses see with. It is fixed, and whatever is trained may be another one."""

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..network.vgg import LAYERS, Encoder

Features = dict[str, Tensor]  # by layer, shallow to deep, [N,C,H/s,W/s] each


class Perception:
    """Pictures, RGB float [N,3,H,W] in 0..1, to their features of LAYERS.

    Args:
        encoder: a VGG with normalised channels; it computes in the type of its weights.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    def __call__(self, picture: Tensor) -> Features:
        """See the class."""
        dtype = next(self.encoder.parameters()).dtype
        with torch.autocast(picture.device.type, enabled=False):
            return dict(zip(LAYERS, self.encoder(picture.to(dtype)), strict=True))


class Seen:
    """A picture [N,3,H,W] and what the losses see in it, computed when it is first asked for."""

    def __init__(self, picture: Tensor, perceive: Callable[[Tensor], Features]) -> None:
        self.picture, self._perceive = picture, perceive

    @cached_property
    def features(self) -> Features:
        """Of the picture."""
        return self._perceive(self.picture)

    @cached_property
    def coarse(self) -> Features:
        """Of the picture at half its size."""
        return self._perceive(avg_pool2d(self.picture, 2))
