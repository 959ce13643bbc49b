"""Networks with random weights, and pictures to show them."""

import torch

from adain.network import Architecture
from adain.network.model import StyleTransfer


def build(architecture: Architecture, encoder: str = "vgg16") -> StyleTransfer:
    """Random weights that keep their scale through the layers, so that pictures are no flat grey."""
    torch.manual_seed(0)
    model = architecture.build(encoder).eval()
    for parameter in model.parameters():
        if parameter.dim() == 4:
            torch.nn.init.kaiming_normal_(parameter)
    return model.requires_grad_(False)


def picture(*size: int, generator: int = 0) -> torch.Tensor:
    """Soft blobs of colour with a little noise, RGB [N,3,H,W]."""
    random = torch.Generator().manual_seed(generator)
    blobs = torch.rand(size[0], 3, 5, 5, generator=random)
    smooth = torch.nn.functional.interpolate(blobs, size[2:], mode="bicubic")
    return (smooth + 0.05 * torch.randn(*size, generator=random)).clamp(0, 1)
