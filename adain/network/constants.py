"""Constants that are made once for each device: with every copy of one the host would wait for the GPU."""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

Matrix = tuple[tuple[float, ...], ...]


def made_once(make: Callable[[], Tensor]) -> Callable[[torch.device], Tensor]:
    """A function that gives what `make` makes on the CPU, on a device; for eager mode only."""

    @cache
    def on(device: torch.device) -> Tensor:
        with torch.inference_mode(False):  # what is made in that mode can never be trained with
            return make().to(device)

    return on


@cache
def _maker(matrix: Matrix) -> Callable[[torch.device], Tensor]:
    return made_once(lambda: torch.tensor(matrix, dtype=torch.float32))


def constant(matrix: Matrix, like: Tensor) -> Tensor:
    """A matrix [K,C] as float32, on the device of `like`."""
    # What traces a graph makes its own: the stand-in for a tensor that it sees must not be kept.
    if torch.compiler.is_compiling():
        return like.new_tensor(matrix, dtype=torch.float32)
    return _maker(matrix)(like.device)
