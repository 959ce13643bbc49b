"""AdaIN at three layers of a VGG, and a narrow decoder whose every layer is scaled and shifted after the style.

What differs from the paper's network:

- The encoder sees the photograph as it is, and all statistics are of it: one pass measures, so sums of parts add up.
- The decoder paints in whitened colours (`colour.whitened`), and the style's mean and covariance are applied to what
  it paints. So palettes are right by construction.
- Its layers are modulated (FiLM: Perez et al., arXiv 1709.07871) by a small function of the style code, so that
  strokes can differ from style to style. With alpha the code goes over to the content's own.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from .adain import Mean, adain, blend, statistics
from .architecture import STRIDES, Architecture
from .colour import blend_colours, colour_statistics, coloured, whitened
from .model import StyleTransfer

NARROWEST = 0.5  # deviation of a channel, of which photographs have 0.3 to 4 and gradients less than 0.1
HIDDEN = 128  # width of the function of the style code
FURTHEST = 3.0  # deviations from the mean style beyond which a number of a code says no more
LOW = 4  # px of the picture for one of the whitened picture that the decoder starts from


class Network(StyleTransfer):
    """See the module."""

    def __init__(self, architecture: Architecture, encoder: str) -> None:
        super().__init__(architecture, encoder)
        self.encoded = tuple(layer for layer in architecture.layers if layer in STRIDES)
        self.decoder = Decoder(self.style_size)

    def learn_codes(self, codes: Iterable[Tensor]) -> None:
        """The mean and the deviation of each number of a code."""
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
        self.conv4a, self.conv4b = _conv(512, 256), _conv(256, 128)
        self.skip3, self.conv3a, self.conv3b = _conv(256, 64, 1), _conv(128 + 64 + 3, 128), _conv(128, 64)
        self.skip2, self.conv2a, self.conv2b = _conv(128, 32, 1), _conv(64 + 32, 64), _conv(64, 32)
        self.conv1a, self.conv1b = _conv(32, 32), _conv(32, 3)
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

        def layer(conv: nn.Module, x: Tensor) -> Tensor:
            scale, shift = next(modulations)
            return functional.relu(conv(x) * scale.to(x.dtype) + shift.to(x.dtype))

        x = _doubled(layer(self.conv4b, layer(self.conv4a, relu4)))
        skip = functional.relu(self.skip3(relu3))
        x = torch.cat([x, skip, low.to(x.dtype)], dim=1)
        x = _doubled(layer(self.conv3b, layer(self.conv3a, x)))
        skip = functional.relu(self.skip2(relu2))
        x = torch.cat([x, skip], dim=1)
        x = _doubled(layer(self.conv2b, layer(self.conv2a, x)))
        detail: Tensor = self.conv1b(layer(self.conv1a, x))
        smooth: Tensor = functional.interpolate(low, scale_factor=float(LOW), mode="bilinear", align_corners=False)
        return smooth + detail.float()


class Modulation(nn.Module):
    """Style codes to scales and shifts, [N,C,1,1] each, for layers of `widths` channels."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, style_size: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.widths = [width for width in widths for _ in range(2)]
        # of the codes of the paintings that the network is trained on, by `learn_codes`
        self.register_buffer("mean", torch.zeros(style_size))
        self.register_buffer("deviation", torch.ones(style_size))
        self.first, self.second = nn.Linear(style_size, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, sum(self.widths))
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def learn_codes(self, codes: Tensor) -> None:
        """Take the mean and the deviation of codes [K,S] of many paintings, before training."""
        self.mean.copy_(codes.mean(0))
        self.deviation.copy_(codes.std(0, correction=0) + 1e-4)

    def forward(self, code: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Code [N,S] -> (scale, shift) a layer."""
        x = ((code.float() - self.mean) / self.deviation).clamp(-FURTHEST, FURTHEST)
        x = self.last(functional.relu(self.second(functional.relu(self.first(x)))))
        # reshaped, since OpenCV 4 does not read what indexing with None twice exports
        parts = torch.split(x.reshape(-1, sum(self.widths), 1, 1), self.widths, dim=1)
        return ((1 + scale, shift) for scale, shift in zip(parts[0::2], parts[1::2], strict=True))


def _conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    mode: Literal["reflect", "zeros"] = "reflect" if kernel > 1 else "zeros"
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode=mode)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
