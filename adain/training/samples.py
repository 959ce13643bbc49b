"""Sheets of samples: what a network makes of a few photographs and paintings of the training data."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from ..network.model import StyleTransfer
from ..replacing import replacing
from .data import Pictures, sample, to_float

COUNT = 4  # of each


@torch.no_grad()
def sample_grid(
    network: StyleTransfer, contents: Pictures, styles: Pictures, size: int, device: torch.device
) -> Tensor:
    """Fixed photographs (rows) after fixed paintings (columns), each brought to size x size: [3,H,W] in 0..1."""
    rows, columns = ([_fit(each, size) for each in sample(folder, COUNT, size)] for folder in (contents, styles))
    pictures = [torch.ones_like(rows[0]), *columns]
    codes = [network.encode_style(column[None].to(device)) for column in columns]
    for row in rows:
        content = row[None].to(device)
        pictures += [row, *(network.stylize(content, code)[0].float().clamp(0, 1).cpu() for code in codes)]
    grid: Tensor = make_grid(pictures, nrow=len(columns) + 1, padding=4)
    return grid


def write_grid(grid: Tensor, path: Path) -> None:
    """Write a sheet, [3,H,W] in 0..1, as a JPEG, whole or not at all."""
    with replacing(path) as temporary:
        to_pil_image(grid).save(temporary, quality=92)


def _fit(picture: Tensor, size: int) -> Tensor:
    scaled = interpolate(picture[None].float().cpu(), size=(size, size), mode="bilinear", antialias=True)
    return to_float(scaled, torch.device("cpu"))[0]
