"""A rival for the bench: a network of MicroAST's shape (Wang et al., AAAI 2023, arXiv 2211.15313) with random weights.

    python tests/support/microast.py microast
    adain bench fast --against microast

Its pictures' half alone: what its encoder of styles would give is the style code. Files keep our contract.
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch
from onnx import helper, save_model
from torch import Tensor, nn
from torch.nn import functional

from adain.contract import Contract
from adain.export.graph import to_onnx
from adain.network.adain import adain, statistics
from adain.network.model import StyleTransfer

WIDTHS = (16, 32, 64)  # channels at the full size, at a half and at a quarter
PAINTERS = 2
STYLE = PAINTERS * 4 * WIDTHS[-1]  # numbers of a style code


def write(folder: Path) -> None:
    """Write stylizer.onnx."""
    torch.manual_seed(0)
    network = cast(StyleTransfer, MicroAST().eval())
    of_none: Any = dict.fromkeys(("checkpoint_sha256", "license", "attribution", "adain_version"), "random weights")
    plain = Contract("stylizer", "bytes", "fp32", "microast", "none", (), style_size=STYLE, stride=4, **of_none)
    proto, contract = to_onnx(network, plain)
    helper.set_model_props(proto, contract.to_metadata())
    folder.mkdir(parents=True, exist_ok=True)
    save_model(proto, folder / "stylizer.onnx")


class MicroAST(nn.Module):
    """Encoder, painters, decoder; `stylize` is what the exporter asks for."""

    architecture = SimpleNamespace(stride=4)

    def __init__(self) -> None:
        super().__init__()
        full, half, quarter = WIDTHS
        self.encoder = nn.Sequential(
            *_layer(3, full, 9),
            *(*_layer(full, half, 3, 2), *_layer(half, half, 1)),
            *(*_layer(half, quarter, 3, 2), *_layer(quarter, quarter, 1)),
            *(Residual(quarter), Residual(quarter)),
        )
        self.painters = nn.ModuleList(Painter(quarter) for _ in range(PAINTERS))
        self.decoder = nn.Sequential(
            *(_twice(), *_layer(quarter, half, 3), *_layer(half, half, 1)),
            *(_twice(), *_layer(half, full, 3), *_layer(full, full, 1)),
            _conv(full, 3, 9),
        )

    def stylize(self, content: Tensor, code: Tensor, alpha: Tensor) -> Tensor:
        """[N,3,H,W] to the same, after [N or 1,S]."""
        x = self.encoder(content)
        for painter, part in zip(self.painters, code[:, :, None, None].chunk(PAINTERS, 1), strict=True):
            x = painter(x, part, alpha)
        painted: Tensor = self.decoder(x)
        return painted


class Residual(nn.Module):
    """Two convolutions, and the input added: [N,C,H,W] to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (_conv(channels, channels, 3) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(functional.relu(self.first(x)))
        return x + y


class Painter(Residual):
    """AdaIN, then a block whose layers are scaled, and get a part of their input, as the style says."""

    def forward(self, x: Tensor, code: Tensor, alpha: Tensor) -> Tensor:
        mean, deviation, scale, shift = code.chunk(4, 1)
        x = adain(x, statistics(x), (mean, deviation), alpha)
        y = functional.relu(scale * self.first(x) + shift * x)
        z: Tensor = scale * self.second(y) + shift * y
        return x + z


def _twice() -> nn.Upsample:
    return nn.Upsample(scale_factor=2.0, mode="bilinear")


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, padding_mode="reflect")


def _layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> tuple[nn.Module, ...]:
    groups = min(inputs, outputs) if kernel == 3 else 1  # it mixes channels by 1 x 1 alone
    return _conv(inputs, outputs, kernel, stride, groups), nn.ReLU()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
