"""The decoder: the encoder mirrored, from AdaIN's features back to a picture."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .architecture import CHANNELS
from .vgg import channels


class Decoder(nn.Module):
    """Features of the normalised layers, shallow to deep, to RGB float [N,3,H,W] (about 0..1, not clamped).

    Where the encoder pools, this upsamples (nearest, then convolution: no checkerboard); reflection padding
    everywhere (no border). The deepest feature starts the way up; each shallower one, if any, is concatenated
    as soon as the way up reaches its size.

    Args:
        encoder: "vgg16" or "vgg19", the network to mirror.
        layers: the layers that it is given, shallow to deep, ending in "relu4_1". ("relu4_1",) is the
            decoder of the AdaIN paper.
    """

    def __init__(self, encoder: str = "vgg16", layers: Sequence[str] = ("relu4_1",)) -> None:
        super().__init__()
        self.layers = tuple(layers)
        # A block's last convolution is mirrored first, right after the upsampling: there the skip comes in.
        first = {name[0]: name for name, _, _ in channels(encoder)}
        for name, before, after in reversed(channels(encoder)):
            layer = f"relu{name[0]}_1"
            skip = CHANNELS[layer] if name == first[name[0]] and layer in self.layers[:-1] else 0
            self.add_module(
                f"conv{name}",
                nn.Conv2d(after + skip, before, kernel_size=3, padding=1, padding_mode="reflect"),
            )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """See the class; `features` are [N,C,H/s,W/s] in the order of `layers`."""
        shallower = dict(zip(self.layers[:-1], features[:-1], strict=True))
        x = features[-1]
        block = "4"
        for name, conv in self.named_children():
            if (mirrored := name.removeprefix("conv")[0]) != block:
                block = mirrored
                x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
                if (feature := shallower.get(f"relu{block}_1")) is not None:
                    x = torch.cat([x, feature], dim=1)
            x = conv(x)
            if name != "conv1_1":
                x = functional.relu(x)
        return x
