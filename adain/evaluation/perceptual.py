"""ST-LPIPS (Ghildyal and Liu, ECCV 2022, arXiv 2207.13686): a learned distance that no loss of ours has seen.

AlexNet in which every stride of 2 is a blur and a stride, and every pooling has stride 1. The weights are those in the
package stlpips_pytorch (BSD-2); nothing of its code is run, which asks for packages that it does not name.
"""

from collections.abc import Iterator
from importlib import util
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import ModelError, how_to_install
from ..pictures import Picture, Pixels, resize

FILE = "weights/vST0.0/alex_shift_tolerant.pth"
SIDE = 256  # px, of the pictures that are compared
# Of each layer: its key, the padding of its convolution.
LAYERS = (("slice1.0", 2), ("slice2.5", 2), ("slice3.9", 1), ("slice4.11", 1), ("slice5.13", 1))


def find_weights() -> Path:
    """The weights in the installed package.

    Raises:
        ModelError: it is not installed, or has none.
    """
    spec = util.find_spec("stlpips_pytorch")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (Path(folder) / FILE).exists():
            return Path(folder) / FILE
    raise ModelError(f"{FILE} of the package stlpips_pytorch is missing; {how_to_install('perceptual')}")


class Perceptual:
    """The distance, between pictures.

    Args:
        file: see `find_weights`.
        device: of torch.
    """

    def __init__(self, file: Path, device: str = "cpu") -> None:
        self._weights: dict[str, Tensor] = torch.load(file, map_location=device, weights_only=True)

    def __call__(self, one: Pixels, other: Pixels) -> float:
        """0 for the same picture, about 1 for unrelated ones.

        Args:
            one, other: uint8 [H,W,3] of any size; both are brought to SIDE x SIDE px.
        """
        batch = torch.stack([self._tensor(one), self._tensor(other)])
        with torch.inference_mode():
            return float(sum(self._layer_distances(batch)))

    def _tensor(self, picture: Pixels) -> Tensor:
        values = torch.from_numpy(resize(Picture(picture), SIDE, SIDE).pixels.copy()).permute(2, 0, 1) / 127.5 - 1
        return values.to(self._weights["scaling_layer.shift"].device)

    def _layer_distances(self, batch: Tensor) -> Iterator[float]:
        """Of each layer: mean over places of the weighted squared difference of features of length 1."""
        weights = self._weights
        x = (batch - weights["scaling_layer.shift"]) / weights["scaling_layer.scale"]
        for index, (key, padding) in enumerate(LAYERS):
            if index in (1, 2):
                x = _halve(functional.max_pool2d(x, 3, stride=1))
            x = functional.conv2d(x, weights[f"net.{key}.weight"], weights[f"net.{key}.bias"], padding=padding)
            x = functional.relu(_halve(x) if index == 0 else x)
            one, other = x / (x.norm(dim=1, keepdim=True) + 1e-10)
            scores = weights[f"lin{index}.model.1.weight"][0] * (one - other).square()
            yield float(scores.sum(0).mean())


def _halve(x: Tensor) -> Tensor:
    """Blur with [1,2,1] / 4 along both axes and take every second value; [N,C,H,W], padded by reflection."""
    line = torch.tensor([1.0, 2.0, 1.0], device=x.device) / 4
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 3, 3)
    return functional.conv2d(functional.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=x.shape[1])
