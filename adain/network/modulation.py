"""What the networks that know the style are made of."""

from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Padding = Literal["reflect", "replicate"]

HIDDEN = 128  # width of the function of the style code
FURTHEST = 3.0  # deviations from the mean style beyond which a number of a code says no more


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


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, padding: Padding = "reflect") -> nn.Conv2d:
    """A convolution that keeps the size, or divides it by `stride`."""
    mode: Literal[Padding, "zeros"] = padding if kernel > 1 else "zeros"
    made = nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - stride + 1) // 2, padding_mode=mode)
    nn.init.kaiming_normal_(made.weight, nonlinearity="relu")
    assert made.bias is not None
    nn.init.zeros_(made.bias)
    return made


def doubled(x: Tensor) -> Tensor:
    """Each value twice as high and as wide: [N,C,H,W] to [N,C,2H,2W]."""
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
