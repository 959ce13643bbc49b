"""The paper's network, and the one with AdaIN at several layers: encoder, AdaIN, the encoder mirrored."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .adain import Mean, adain, statistics
from .architecture import CHANNELS, STRIDES, Architecture
from .colour import Colours, colour_statistics, recolour
from .model import StyleTransfer
from .vgg import channels


class Network(StyleTransfer):
    """AdaIN at layers of a VGG, and a decoder that mirrors it.

    With "colours" among the layers, the content gets the style's colours before it is encoded, and what the decoder
    makes gets them again.
    """

    def __init__(self, architecture: Architecture, encoder: str) -> None:
        super().__init__(architecture, encoder)
        self.encoded = tuple(layer for layer in architecture.layers if layer in STRIDES)
        self.decoder = Decoder(encoder, self.encoded)

    def render(self, content: Tensor, code: Tensor, alpha: Tensor | float, mean: Mean) -> Tensor:
        """See the class."""
        if "colours" not in self.architecture.layers:
            classic: Tensor = self.decoder(self.styled(content, code, alpha, mean))
            return classic
        own, wanted = self.colours(content, code, alpha, mean)
        recoloured = recolour(content, own, wanted).clamp(0, 1)
        return self.finish(self.decoder(self.styled(recoloured, code, alpha, mean)), wanted, mean)

    def styled(self, content: Tensor, code: Tensor, alpha: Tensor | float, mean: Mean) -> list[Tensor]:
        """AdaIN at every layer of the VGG, each blended with what it started from: [N,C,H/s,W/s] each."""
        parts = self.parts(code)
        return [
            adain(x, statistics(x, STRIDES[layer], mean), parts[layer], alpha)
            for layer, x in zip(self.encoded, self.encoder(content, self.encoded), strict=True)
        ]

    def finish(self, picture: Tensor, wanted: Colours, mean: Mean) -> Tensor:
        """What the decoder made, RGB [N,3,H,W], with these colours even after clamping to 0..1, which takes some away.

        The second pass makes up for most of that: style loss 1.22 instead of 1.26, style match 0.849 for 0.843
        (16 evaluation pairs). Training does with one pass, through which gradients flow everywhere.
        """
        picture = recolour(picture, colour_statistics(picture, mean), wanted)
        if self.training:
            return picture
        picture = picture.clamp(0, 1)
        return recolour(picture, colour_statistics(picture, mean), wanted)


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
