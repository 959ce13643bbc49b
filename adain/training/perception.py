"""The network that losses see with. It is fixed, and whatever is trained may be another one."""

import copy
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, relu

from ..errors import OptionError
from ..network.model_file import fill, read_safetensors
from ..network.scale import original_norms, restore_scale
from ..network.vgg import LAYERS, Encoder

Features = dict[str, Tensor]  # by layer, shallow to deep, [N,C,H/s,W/s] each

SHIFT = 8  # px, the most by which `jitter` shifts, and so the deepest stride
SCALES = (0.75, 1.25)


class Deeper(nn.Module):
    """VGG-16 from relu4_1 [N,512,H,W] to relu5_1 [N,512,H/2,W/2]."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("conv4_2", "conv4_3", "conv5_1"):
            self.add_module(name, nn.Conv2d(512, 512, kernel_size=3, padding=1, padding_mode="reflect"))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        for name, conv in self.named_children():
            x = relu(conv(max_pool2d(x, 2) if name == "conv5_1" else x))
        return x


class Perception:
    """Pictures, RGB float [N,3,H,W] in 0..1, to their features of LAYERS, and of relu5_1 after `deepen`.

    Args:
        encoder: a VGG with normalised channels; it computes in the type of its weights.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._encode: Callable[[Tensor], list[Tensor]] = encoder
        self.deeper: Deeper | None = None

    def __call__(self, picture: Tensor) -> Features:
        """See the class."""
        dtype = next(self.encoder.parameters()).dtype
        with torch.autocast(picture.device.type, enabled=False):
            features = dict(zip(LAYERS, self._encode(picture.to(dtype)), strict=True))
            if self.deeper:
                features["relu5_1"] = self.deeper(features[LAYERS[-1]])
        return features

    def to(self, dtype: torch.dtype) -> None:
        """Compute in another type from now on."""
        for network in (self.encoder, self.deeper):
            if network:
                network.to(dtype)

    def compile(self) -> None:
        """Run the encoder compiled from now on, for each size of pictures anew."""
        self._encode = torch.compile(self.encoder, dynamic=False)

    @torch.no_grad()
    def deepen(self, file: Path, pictures: Iterable[Tensor]) -> None:
        """Add the next three layers of the VGG-16 whose first eight are the shipped encoder.

        Args:
            file: safetensors of the original (Caffe) weights, named conv4_2.weight and so on.
            pictures: RGB float [N,3,H,W] in 0..1; relu5_1 is normalised on them.

        Raises:
            AdaINError: the file does not fit, or the encoder is another one.
        """
        if self.encoder.name != "vgg16":
            raise OptionError("--deep holds layers of VGG-16, and goes with the shipped encoder only")
        deeper = Deeper()
        fill(deeper, read_safetensors(file)[0], str(file))
        device = next(self.encoder.parameters()).device
        self.deeper = deeper.requires_grad_(False).to(device)
        # The input in its original scale, the output in one where channels have a mean of 1 (`vgg.normalise`).
        factors = restore_scale(copy.deepcopy(self.encoder).cpu(), original_norms()).float()
        deeper.get_submodule("conv4_2").weight.mul_(factors.to(device).view(1, -1, 1, 1))  # type: ignore[operator]
        found = [self(picture.to(device))["relu5_1"].mean((0, 2, 3)) for picture in pictures]
        means = torch.stack(found).mean(0)
        means = torch.where(means > 1e-3 * means.mean(), means, torch.ones_like(means))
        last = deeper.get_submodule("conv5_1")
        last.weight.div_(means.view(-1, 1, 1, 1))  # type: ignore[operator]
        last.bias.div_(means)  # type: ignore[operator]


def jitter(random: np.random.Generator) -> Callable[[Tensor], Tensor]:
    """A random shift and scale, the same for all pictures [N,3,H,W] that the result is called with.

    Without it a pattern that is locked to the grid of pixels, or of a pooling, is the cheapest answer to a style loss.
    """
    top, left = (int(each) for each in random.integers(SHIFT + 1, size=2))
    scale = float(random.uniform(*SCALES))

    def change(picture: Tensor) -> Tensor:
        height, width = (side - SHIFT for side in picture.shape[2:])
        part = picture[:, :, top : top + height, left : left + width]
        size = [max(16, round(side * scale)) for side in (height, width)]
        return interpolate(part, size=size, mode="bilinear", antialias=True, align_corners=False)

    return change


class Seen:
    """A picture [N,3,H,W] and what the losses see in it, computed when it is first asked for.

    Args:
        picture: RGB in 0..1.
        perceive: the network of the losses.
        change: what is done to the picture before, such as `jitter`.
    """

    def __init__(self, picture: Tensor, perceive: Perception, change: Callable[[Tensor], Tensor] | None = None) -> None:
        self.picture, self._perceive, self._change = picture, perceive, change

    @cached_property
    def features(self) -> Features:
        """Of the picture."""
        return self._features(self.picture)

    @cached_property
    def coarse(self) -> Features:
        """Of the picture at half its size."""
        return self._features(avg_pool2d(self.picture, 2))

    def _features(self, picture: Tensor) -> Features:
        return self._perceive(self._change(picture) if self._change else picture)
