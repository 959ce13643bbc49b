"""AdaIN at three layers of a VGG, and a narrow decoder whose every layer is scaled and shifted after the style.

What differs from the paper's network:

- The encoder sees the photograph as it is, and all statistics are of it: one pass measures, so sums of parts add up.
- The decoder paints in whitened colours (`colour.whitened`), and the style's mean and covariance are applied to what
  it paints. So palettes are right by construction.
- Its layers are modulated (FiLM: Perez et al., arXiv 1709.07871) by a small function of the style code, so that
  strokes can differ from style to style. With alpha the code goes over to the content's own.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .adain import Mean, adain, blend, statistics
from .architecture import STRIDES, Architecture
from .colour import blend_colours, colour_statistics, coloured, whitened
from .model import StyleTransfer
from .modulation import Modulation, conv, doubled

NARROWEST = 0.5  # deviation of a channel, of which photographs have 0.3 to 4 and gradients less than 0.1
LOW = 4  # px of the picture for one of the whitened picture that the decoder starts from


class Network(StyleTransfer):
    """See the module."""

    def __init__(self, architecture: Architecture, encoder: str) -> None:
        super().__init__(architecture, encoder)
        self.encoded = tuple(layer for layer in architecture.layers if layer in STRIDES)
        self.decoder = Decoder(self.style_size)

    def learn_codes(self, codes: Iterable[Tensor]) -> None:
        """The mean and the deviation of each number of a code, from codes [1,S]."""
        self.decoder.modulation.learn_codes(torch.cat(list(codes)))

    def render(self, content: Tensor, code: Tensor, alpha: Tensor | float, mean: Mean) -> Tensor:
        """See the module."""
        own_colours = colour_statistics(content, mean)
        parts, styled, blended = self.parts(code), [], []
        colours = blend_colours(own_colours, parts["colours"], alpha)
        for layer, x in zip(self.encoded, self.encoder(content, self.encoded), strict=True):
            own = statistics(x, STRIDES[layer], mean)
            styled.append(adain(x, own, parts[layer], alpha, NARROWEST))
            blended += [blend(mine, style, alpha) for mine, style in zip(own, parts[layer], strict=True)]
        modulation = torch.cat([*colours, *blended], dim=1).flatten(1)
        low = whitened(functional.avg_pool2d(content.float(), LOW), own_colours, colours)
        painted: Tensor = self.decoder(styled, low, modulation)
        return coloured(painted, colours)


class Decoder(nn.Module):
    """Styled features and a small whitened picture to a whitened picture.

    Args:
        style_size: S, the length of a style code.
    """

    def __init__(self, style_size: int) -> None:
        super().__init__()
        self.conv4a, self.conv4b = conv(512, 256), conv(256, 128)
        self.skip3, self.conv3a, self.conv3b = conv(256, 64, 1), conv(128 + 64 + 3, 128), conv(128, 64)
        self.skip2, self.conv2a, self.conv2b = conv(128, 32, 1), conv(64 + 32, 64), conv(64, 32)
        self.conv1a, self.conv1b = conv(32, 32), conv(32, 3)
        modulated = (self.conv4a, self.conv4b, self.conv3a, self.conv3b, self.conv2a, self.conv2b, self.conv1a)
        self.modulation = Modulation(style_size, [conv.out_channels for conv in modulated])
        nn.init.zeros_(self.conv1b.weight)  # it begins with the small picture as it is

    def forward(self, features: Sequence[Tensor], low: Tensor, code: Tensor) -> Tensor:
        """Paint.

        Args:
            features: of relu2_1, relu3_1 and relu4_1 after AdaIN, [N,C,H/s,W/s] each.
            low: the content in whitened colours, float32 [N,3,H/4,W/4].
            code: [N,S], what modulates.

        Returns:
            float32 [N,3,H,W], whitened colours.
        """
        relu2, relu3, relu4 = features
        modulations = self.modulation(code)

        def layer(convolution: nn.Module, x: Tensor) -> Tensor:
            scale, shift = next(modulations)
            return functional.relu(convolution(x) * scale.to(x.dtype) + shift.to(x.dtype))

        x = doubled(layer(self.conv4b, layer(self.conv4a, relu4)))
        skip = functional.relu(self.skip3(relu3))
        x = torch.cat([x, skip, low.to(x.dtype)], dim=1)
        x = doubled(layer(self.conv3b, layer(self.conv3a, x)))
        skip = functional.relu(self.skip2(relu2))
        x = torch.cat([x, skip], dim=1)
        x = doubled(layer(self.conv2b, layer(self.conv2a, x)))
        detail: Tensor = self.conv1b(layer(self.conv1a, x))
        smooth: Tensor = functional.interpolate(low, scale_factor=float(LOW), mode="bilinear", align_corners=False)
        return smooth + detail.float()
