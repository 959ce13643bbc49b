"""The network between the doors of the contract: modules that take and give tensors as `adain.contract` has them.

The network itself is not bent for the exporter.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..contract import Graph, Io
from ..network.model import StyleTransfer


class _Doors(nn.Module):
    def __init__(self, network: StyleTransfer, io: Io) -> None:
        super().__init__()
        self.network, self.io, self.stride = network, io, network.architecture.stride

    def enter(self, pixels: Tensor) -> Tensor:
        """Pixels of the contract -> [N,3,H',W'] in 0..1 with sides that the stride divides."""
        if self.io == "portable":
            return pixels
        dtype = next(self.network.parameters()).dtype
        # contiguous: else convolutions ask in which order it lies, and the exporter takes the answer for a condition
        return self.pad(pixels.permute(0, 3, 1, 2).to(dtype) / 255).contiguous()

    def pad(self, x: Tensor) -> Tensor:
        """[N,C,H,W] -> [N,C,H',W'], by reflection at the bottom and on the right."""
        height, width = x.shape[2:]
        return functional.pad(x, (0, -width % self.stride, 0, -height % self.stride), mode="reflect")

    def leave(self, x: Tensor, pixels: Tensor) -> Tensor:
        """[N,3,H',W'] -> pixels of the contract, of the size of `pixels`, rounded half to even."""
        x = x.float().clamp(0, 1)
        if self.io == "portable":
            return x
        x = x[:, :, : pixels.shape[1], : pixels.shape[2]]
        return (x * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


class _Stylizer(_Doors):
    def forward(self, content: Tensor, style: Tensor, alpha: Tensor) -> Tensor:
        return self.leave(self.network.stylize(self.enter(content), style, alpha), content)


class _StyleEncoder(_Doors):
    def forward(self, image: Tensor) -> Tensor:
        return self.network.encode_style(self.enter(image))


class _AdaIN(_Doors):
    def forward(self, content: Tensor, style_image: Tensor, alpha: Tensor) -> Tensor:
        code = self.network.encode_style(self.enter(style_image))
        return self.leave(self.network.stylize(self.enter(content), code, alpha), content)


class _Measure(_Doors):
    def forward(self, content: Tensor, style: Tensor, alpha: Tensor, weight: Tensor) -> Tensor:
        if self.io == "bytes":
            weight = self.pad(weight[:, None])[:, 0]
        return self.network.measure(self.enter(content), style, alpha, weight)


class _Paint(_Doors):
    def forward(self, content: Tensor, style: Tensor, alpha: Tensor, statistics: Tensor) -> Tensor:
        painted = self.network.paint(self.enter(content), style, alpha, statistics)
        return self.leave(painted, content)


_WRAPPERS: dict[Graph, type[_Doors]] = {
    "stylizer": _Stylizer,
    "style_encoder": _StyleEncoder,
    "adain": _AdaIN,
    "measure": _Measure,
    "paint": _Paint,
}


def folded(network: StyleTransfer) -> StyleTransfer:
    """A copy in which what follows from weights alone is weights."""
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if hasattr(module, "folded"):
            network.set_submodule(name, module.folded())
    return network


def wrap(graph: Graph, network: StyleTransfer, io: Io) -> nn.Module:
    """The module that becomes GRAPH.onnx."""
    return _WRAPPERS[graph](network, io).eval()
