"""A rival: a network of MicroAST's shape (Wang et al., AAAI 2023, arXiv 2211.15313) with random weights, for its time.

Its pictures' half alone: what the style's encoder would give is held in the graph, as a ready style code is with ours.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..network.adain import adain, statistics
from ..pictures import Pixels

WIDTHS = (16, 32, 64)  # channels at the full size, at a half and at a quarter


def microast_graph(content: Pixels) -> bytes:
    """An ONNX file of the float32 network: `content` uint8 [1,H,W,3] of this shape to uint8 [1,H,W,3]."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = MicroAST().eval()
    program = torch.onnx.export(
        network, (torch.from_numpy(content),), input_names=["content"], dynamo=True, verbose=False
    )
    assert program is not None
    file: bytes = program.model_proto.SerializeToString()
    return file


class MicroAST(nn.Module):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        full, half, quarter = WIDTHS
        self.encoder = nn.Sequential(
            *_layer(3, full, 9),
            *(*_layer(full, half, 3, 2), *_layer(half, half, 1)),
            *(*_layer(half, quarter, 3, 2), *_layer(quarter, quarter, 1)),
            *(Residual(quarter), Residual(quarter)),
        )
        self.painters = nn.ModuleList((Painter(quarter), Painter(quarter)))
        self.decoder = nn.Sequential(
            *(nn.Upsample(scale_factor=2, mode="bilinear"), *_layer(quarter, half, 3), *_layer(half, half, 1)),
            *(nn.Upsample(scale_factor=2, mode="bilinear"), *_layer(half, full, 3), *_layer(full, full, 1)),
            _conv(full, 3, 9),
        )

    def forward(self, content: Tensor) -> Tensor:
        """See `microast_graph`."""
        x = self.encoder(content.permute(0, 3, 1, 2).float() / 255)
        for painter in self.painters:
            x = painter(x)
        output: Tensor = self.decoder(x).clamp(0, 1) * 255
        return output.round().to(torch.uint8).permute(0, 2, 3, 1)


class Residual(nn.Module):
    """Two convolutions, and the input added: [N,C,H,W] to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (_conv(channels, channels, 3) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.second(functional.relu(self.first(x)))
        return x + y


class Painter(Residual):
    """AdaIN, then a block whose layers are scaled, and get a part of their input, as the style says: random numbers."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.scale, self.shift, self.mean, self.deviation = (
            nn.Parameter(torch.rand(1, channels, 1, 1)) for _ in "abcd"
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = adain(x, statistics(x), (self.mean, self.deviation), 1.0)
        y = functional.relu(self.scale * self.first(x) + self.shift * x)
        z: Tensor = self.scale * self.second(y) + self.shift * y
        return x + z


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, padding_mode="reflect")


def _layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> tuple[nn.Module, ...]:
    groups = min(inputs, outputs) if kernel == 3 else 1  # it mixes channels by 1 x 1 alone
    return _conv(inputs, outputs, kernel, stride, groups), nn.ReLU()
