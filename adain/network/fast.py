"""A small network for machines without a GPU: the large one's style codes, a twentieth of its arithmetic or less.

Nothing is computed at full size but colours. A small encoder of its own, trained with the rest, sees the photograph as
it is; its features are normalised over the picture, so one pass measures and tiles are exact. What comes after is
scaled and shifted after the style code (FiLM: Perez et al., arXiv 1709.07871), and the style's mean and covariance are
applied to the colours at the end, as in `modulated`. VGG is run for paintings only.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from .adain import Mean, normalised, statistics
from .architecture import EYE, Architecture
from .colour import blend_colours, colour_statistics, coloured, whitened
from .model import StyleTransfer
from .modulation import Modulation
from .modulation import conv as reflecting

BLOCKS = {"quarter": 2, "eighth": 3, "sixteenth": 1}  # residual blocks, by size; further coarse ones did nothing
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
        fine, middle, coarse = EYE.values()
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


class Blocks(nn.Module):
    """The residual blocks of one size, [N,C,H,W] to the same; `layer` is what comes after a first convolution."""

    def __init__(self, size: str) -> None:
        super().__init__()
        self.convs = nn.ModuleList(conv(EYE[size], EYE[size]) for _ in range(2 * BLOCKS[size]))

    def forward(self, x: Tensor, layer: Callable[[Tensor], Tensor]) -> Tensor:
        """See the class."""
        for first, second in zip(self.convs[0::2], self.convs[1::2], strict=True):
            x = x + second(layer(first(x)))
        return x


class Enlarge(nn.Conv2d):
    """[N,C,H,W] to [N,C',2H,2W]: a convolution of 1 x 1, then bilinear interpolation, without steps that show the grid.

    It is computed as a convolution too: OpenCV 5 interpolates what is one value wide wrongly.
    """

    kernels: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 1)
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        along = torch.tensor(((0.25, 0.75, 0), (0, 0.75, 0.25)))  # the first and the second half of the middle value
        kernels = torch.einsum("iv,jw->ijvw", along, along).reshape(4, 1, 3, 3)
        self.register_buffer("kernels", kernels.repeat(outputs, 1, 1, 1), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """See the class."""
        x = functional.pad(super().forward(input), (1,) * 4, "replicate")
        x = functional.conv2d(x, self.kernels.to(x.dtype), groups=self.out_channels)
        return functional.pixel_shuffle(x, 2)


class Decoder(nn.Module):
    """Normalised features and a style code to a whitened picture.

    Args:
        style_size: S, the length of a style code.
    """

    def __init__(self, style_size: int) -> None:
        super().__init__()
        fine, middle, coarse = EYE.values()
        self.enter = conv(coarse, coarse)
        self.blocks = Blocks("sixteenth")
        self.to_middle, self.middle, self.middle_blocks = (
            Enlarge(coarse, middle),
            conv(middle, middle),
            Blocks("eighth"),
        )
        self.to_fine, self.fine, self.fine_blocks = Enlarge(middle, fine), conv(fine, fine), Blocks("quarter")
        self.last = conv(fine, fine)
        self.pixels = Pixels(fine)
        entries = {"sixteenth": 1, "eighth": 2, "quarter": 2}  # layers before the blocks
        layers = [EYE[size] for size, count in entries.items() for _ in range(count + BLOCKS[size])]
        self.modulation = Modulation(style_size, [*layers, fine, 3])

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

        x = self.blocks(layer(self.enter(coarse)), layer)
        x = layer(self.to_middle(x) + middle)
        x = self.middle_blocks(layer(self.middle(x)), layer)
        x = layer(self.to_fine(x) + fine)
        x = self.fine_blocks(layer(self.fine(x)), layer)
        x = layer(self.last(x))
        _, keep = next(modulations)
        return torch.sigmoid(keep), self.pixels(x)


# Bilinear interpolation, from 3 values at a quarter of the size (last axis) to the 3 at half size (the axis before)
# that a kernel sees around the first and around the second half of the middle one.
BILINEAR = ((0.75, 0.25, 0), (0.25, 0.75, 0), (0, 0.75, 0.25)), ((0.25, 0.75, 0), (0, 0.75, 0.25), (0, 0.25, 0.75))


class Pixels(nn.Module):
    """Features at a quarter of the size, [N,C,H,W], to colours, float32 [N,3,4H,4W].

    They are doubled by bilinear interpolation, convolved, and each value's 12 numbers are 3 colours of 2 x 2 px: with
    48 kernels of their own 4 x 4 px would soon have a lattice. It is computed as one convolution without doubling,
    whose 48 kernels follow from those 12, edges included, in a third of the time.
    """

    along: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        # it begins with little more than the recoloured content
        self.weight = nn.Parameter(0.03 * torch.randn(12, channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(12))
        self.register_buffer("along", torch.tensor(BILINEAR), persistent=False)

    def kernels(self) -> tuple[Tensor, Tensor]:
        """Weights [48,C,3,3] and biases [48] of the one convolution."""
        weight, bias = self.weight.reshape(3, 2, 2, *self.weight.shape[1:]), self.bias.reshape(3, 1, 2, 1, 2)
        weight = torch.einsum("puv,qsw,cabkus->cpaqbkvw", self.along, self.along, weight)
        return weight.flatten(0, 4), bias.expand(3, 2, 2, 2, 2).flatten()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = functional.conv2d(functional.pad(x, (1,) * 4, "replicate"), *self.kernels())
        return functional.pixel_shuffle(x.float(), 4)

    def folded(self) -> nn.Module:
        """The same with kernels that are computed once."""
        weight, bias = self.kernels()
        plain = conv(weight.shape[1], len(weight))
        plain.load_state_dict({"weight": weight, "bias": bias})
        return nn.Sequential(plain, nn.PixelShuffle(4))
