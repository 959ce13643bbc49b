"""VGG up to relu4_1 as the encoder: named layers, RGB 0..1 in, mean activation 1 per channel out.

Architecture: Simonyan and Zisserman, arXiv 1409.1556, with reflection padding as AdaIN has it
(arXiv 1703.06868, section 6). Any VGG becomes an `Encoder` in two exact steps: the input convention of its
training is folded into conv1_1 (`fold_input`), then every channel is rescaled so that its mean activation
over natural pictures is 1 (`normalise`), as Gatys et al. do and as half precision needs.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .architecture import CHANNELS

CONVS: dict[str, tuple[str, ...]] = {
    "vgg16": ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1"),
    "vgg19": ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1"),
}
LAYERS = tuple(CHANNELS)  # those that losses and AdaIN use


def channels(encoder: str) -> list[tuple[str, int, int]]:
    """The convolutions of an encoder in order, as (name such as "3_2", channels in, channels out)."""
    plan, before = [], 3
    for name in CONVS[encoder]:
        after = CHANNELS[f"relu{name[0]}_1"]
        plan.append((name, before, after))
        before = after
    return plan


class Encoder(nn.Module):
    """RGB float [N,3,H,W] in 0..1, H and W at least 16, to the features of named layers."""

    def __init__(self, name: str = "vgg16") -> None:
        super().__init__()
        self.name = name
        for conv, before, after in channels(name):
            self.add_module(f"conv{conv}", nn.Conv2d(before, after, kernel_size=3, padding=1, padding_mode="reflect"))

    def convolutions(self) -> list[tuple[str, nn.Conv2d]]:
        """The convolutions in order, as ("conv1_1", module)."""
        return [(name, module) for name, module in self.named_children() if isinstance(module, nn.Conv2d)]

    def activations(self, picture: Tensor) -> Iterable[tuple[str, Tensor]]:
        """Yield ("relu1_1", [N,64,H,W]), ("relu1_2", ...), and so on up to relu4_1, as they are computed."""
        x = picture
        for name, conv in self.convolutions():
            if name.endswith("_1") and name != "conv1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu(conv(x))
            yield name.replace("conv", "relu"), x

    def forward(self, picture: Tensor, layers: Sequence[str] = LAYERS) -> list[Tensor]:
        """The features of `layers`, each [N,C,H/s,W/s] with s = 1, 2, 4, 8, in the order of `layers`."""
        features = {name: x for name, x in self.activations(picture) if name in layers}
        return [features[name] for name in layers]


def fold_input(encoder: Encoder, *, scale: float, mean: Sequence[float], std: Sequence[float], bgr: bool) -> None:
    """Fold a network's input convention into its first convolution, in place, so that it takes RGB 0..1.

    The network was trained on (scale * x - mean) / std, x in 0..1, in the channel order of `mean` and `std`;
    that is linear in x, so conv1_1 can do it. Exact with reflection padding, which repeats real pixels.

    Args:
        encoder: with the weights for the original convention.
        scale: what 1.0 was in the original convention (255 or 1).
        mean, std: per channel in the original order and scale.
        bgr: the original order is blue, green, red.
    """
    conv = encoder.get_submodule("conv1_1")
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    with torch.no_grad():
        centre = conv.weight.new_tensor(mean).view(1, 3, 1, 1)
        spread = conv.weight.new_tensor(std).view(1, 3, 1, 1)
        conv.bias -= (conv.weight * (centre / spread)).sum((1, 2, 3))
        weight = conv.weight * (scale / spread)
        conv.weight.copy_(weight.flip(1) if bgr else weight)


def mean_activations(encoder: Encoder, pictures: Iterable[Tensor]) -> dict[str, Tensor]:
    """Mean activation of every channel after every ReLU, over all positions of all pictures.

    Args:
        encoder: any encoder.
        pictures: RGB float [N,3,H,W] in 0..1, one or more.

    Returns:
        "conv1_1" and so on -> float64 [C].
    """
    sums: dict[str, Tensor] = {}
    positions: dict[str, int] = {}
    with torch.no_grad():
        for picture in pictures:
            for name, x in encoder.activations(picture):
                conv = name.replace("relu", "conv")
                sums[conv] = sums.get(conv, 0) + x.double().sum((0, 2, 3))
                positions[conv] = positions.get(conv, 0) + x.numel() // x.shape[1]
    return {conv: total / positions[conv] for conv, total in sums.items()}


def normalise(encoder: Encoder, means: Mapping[str, Tensor]) -> None:
    """Rescale every channel in place, so that the mean activation `means` of each becomes 1.

    ReLU and max pooling commute with a positive factor, so the outputs change by 1 / mean per channel and by
    nothing else. Channels that (almost) never fire keep their scale: there is nothing to measure.

    Args:
        encoder: the network that `means` was measured on.
        means: from `mean_activations`, [C] for each convolution.
    """
    factor_before: Tensor | None = None
    with torch.no_grad():
        for name, conv in encoder.convolutions():
            mean = means[name]
            factor = torch.where(mean > 1e-3 * mean.mean(), mean, torch.ones_like(mean))
            weight = conv.weight.double() / factor.view(-1, 1, 1, 1)
            if factor_before is not None:
                weight = weight * factor_before.view(1, -1, 1, 1)
            conv.weight.copy_(weight)
            conv.bias.copy_(conv.bias.double() / factor)  # type: ignore[union-attr]
            factor_before = factor
