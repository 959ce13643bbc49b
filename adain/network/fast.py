"""A small network for machines without a GPU: the large one's style codes, a twentieth of its arithmetic or less.

Nothing is computed at full size but colours. A small encoder of its own, trained with the rest, sees the photograph as
it is; its features are normalised over the picture, so one pass measures and tiles are exact. What comes after is
scaled and shifted after the style code (FiLM: Perez et al., arXiv 1709.07871), and the style's mean and covariance are
applied to the colours at the end, as in `modulated`. VGG is run for paintings only.
"""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from .adain import Mean, normalised, statistics
from .architecture import FAST, Architecture
from .colour import blend_colours, colour_statistics, coloured, whitened
from .model import StyleTransfer
from .modulation import Modulation, doubled
from .modulation import conv as reflecting

BLOCKS = 4  # residual blocks at a sixteenth of the size
HALVES = 32  # channels at half size
EVERY = 2  # colours are measured of one pixel in EVERY x EVERY, which is true on average; averages would be too narrow
# Not by reflection, since small pictures are one value wide inside; zeros would draw lines along the borders.
conv = partial(reflecting, padding="replicate")
NARROWEST = 0.1  # deviation below which a channel is not stretched to 1: a plain ground would become its rounding


class Network(StyleTransfer):
    """See the module."""

    corner: Tensor

    def __init__(self, architecture: Architecture, encoder: str) -> None:
        super().__init__(architecture, encoder)
        self.eye = Eye()
        corner = torch.tensor([1.0] + [0.0] * (EVERY * EVERY - 1)).reshape(1, 1, EVERY, EVERY)
        self.register_buffer("corner", corner.repeat(3, 1, 1, 1), persistent=False)
        self.decoder = Decoder(self.style_size)

    def learn_codes(self, codes: Iterable[Tensor]) -> None:
        """The mean and the deviation of each number of a code."""
        self.decoder.modulation.learn_codes(torch.cat(list(codes)))

    def render(self, content: Tensor, code: Tensor, alpha: Tensor | float, mean: Mean) -> Tensor:
        """See the module. At alpha 0 this is the content, to rounding."""
        features = [
            normalised(x, statistics(x, stride, mean), NARROWEST)
            for x, stride in zip(self.eye(content), (4, 8, 16), strict=True)
        ]
        # as a convolution, whose output's size the exporter can tell from the input's
        sampled = functional.conv2d(content, self.corner.to(content.dtype), stride=EVERY, groups=3)
        own = colour_statistics(sampled, _every(mean))
        wanted = blend_colours(own, self.parts(code)["colours"], alpha)
        keep, painted = self.decoder(features, code)
        kept = whitened(content.float(), own, wanted) * (1 + alpha * (keep - 1))
        return coloured(kept + alpha * painted, wanted)


def _every(mean: Mean) -> Mean:
    """The same mean for values of one pixel in EVERY x EVERY."""
    return lambda values, stride: mean(values, stride * EVERY)


class Eye(nn.Module):
    """RGB [N,3,H,W] in 0..1 to features at a quarter, an eighth and a sixteenth of the size, [N,C,H/s,W/s]."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = FAST.values()
        self.patches = nn.Conv2d(3, fine, 4, stride=4)
        self.fine, self.middle, self.coarse = conv(fine, fine), conv(fine, middle, 4, 2), conv(middle, coarse, 4, 2)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """See the class."""
        x = functional.relu(self.patches(picture * 4 - 2))
        features = []
        for layer in (self.fine, self.middle, self.coarse):
            x = functional.relu(layer(x))
            features.append(x)
        return features


class Decoder(nn.Module):
    """Normalised features and a style code to a whitened picture.

    Args:
        style_size: S, the length of a style code.
    """

    def __init__(self, style_size: int) -> None:
        super().__init__()
        fine, middle, coarse = FAST.values()
        self.enter = conv(coarse, coarse)
        self.blocks = nn.ModuleList(conv(coarse, coarse) for _ in range(2 * BLOCKS))
        self.to_middle, self.middle = conv(coarse, middle, 1), conv(middle, middle)
        self.to_fine, self.fine = conv(middle, fine, 1), conv(fine, fine)
        self.halves, self.pixels = conv(fine, HALVES), conv(HALVES, 12)
        nn.init.normal_(self.pixels.weight, std=0.03)  # it begins with little more than the recoloured content
        layers = [coarse] * (1 + BLOCKS) + [middle] * 2 + [fine] * 2 + [HALVES]
        self.modulation = Modulation(style_size, [*layers, 3])

    def forward(self, features: Sequence[Tensor], code: Tensor) -> tuple[Tensor, Tensor]:
        """Paint.

        Args:
            features: normalised, of a quarter, an eighth and a sixteenth of the size.
            code: [N or 1,S].

        Returns:
            How much of each of the content's whitened colours stays, float32 [N,3,1,1] in 0..1; and what is added,
            float32 [N,3,H,W].
        """
        fine, middle, coarse = features
        modulations = self.modulation(code)

        def layer(x: Tensor) -> Tensor:
            scale, shift = next(modulations)
            return functional.relu(x * scale.to(x.dtype) + shift.to(x.dtype))

        x = layer(self.enter(coarse))
        for first, second in zip(self.blocks[0::2], self.blocks[1::2], strict=True):
            x = x + second(layer(first(x)))
        x = layer(doubled(self.to_middle(x)) + middle)
        x = layer(self.middle(x))
        x = layer(doubled(self.to_fine(x)) + fine)
        x = layer(self.fine(x))
        x = layer(self.halves(x))
        x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        painted = functional.pixel_shuffle(self.pixels(x).float(), 2)
        _, keep = next(modulations)
        return torch.sigmoid(keep), painted
