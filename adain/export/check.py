"""onnxruntime against PyTorch: the same inputs, the same outputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ..contract import KINDS, Contract, Precision, read_model
from ..engines.onnxruntime import start
from ..errors import ModelError
from ..network.model import StyleTransfer
from .doors import wrap

# The largest difference that may be between PyTorch and onnxruntime, on the CPU, both in float32, on any value of any
# case: 8-bit steps for pixels out of `bytes` files; the plain difference for pixels of `portable` files, which are in
# 0..1, for style codes, which are about 0..10, and for the means of statistics. Half precision rounds at every
# convolution.
BOUNDS: dict[Precision, dict[str, float]] = {
    "fp32": {"steps": 1, "pixels": 2e-3, "code": 1e-3, "statistics": 2e-3},
    "fp16": {"steps": 12, "pixels": 5e-2, "code": 5e-2, "statistics": 0.2},
}

Feeds = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Exported:
    """One written file, and the largest difference to PyTorch that its check found."""

    path: Path
    contract: Contract
    difference: float
    bound: float
    unit: str  # "steps" of 1/255, or "plain"
    cases: int


def compare(network: StyleTransfer, contract: Contract, path: Path, file: Path) -> Exported:
    """Run a file in onnxruntime on the CPU and PyTorch in float32 on the same inputs.

    Args:
        network: what the file was made from.
        path: the name that the file will have.
        file: where it is now.

    Raises:
        ModelError: it differs by more than the bound, or gives something of another shape.
    """
    session = start(read_model(file), None, ["CPUExecutionProvider"])
    reference = wrap(contract.graph, network, contract.io)
    kind = KINDS[contract.output.name]
    unit = "steps" if (kind, contract.io) == ("pixels", "bytes") else "plain"
    largest, cases, bound = 0.0, 0, BOUNDS[contract.precision][kind if unit == "plain" else unit]
    with torch.no_grad():
        for feeds in _cases(network, contract):
            expected = reference(**{name: torch.from_numpy(value) for name, value in feeds.items()}).numpy()
            (got,) = session.run(None, feeds)
            if got.shape != expected.shape or got.dtype != expected.dtype:
                raise ModelError(
                    f"{path.name} gives {got.dtype} {got.shape} where PyTorch gives {expected.dtype} {expected.shape}"
                )
            difference = np.abs(got.astype(np.float64) - expected)
            if kind == "statistics":  # sums, the first of which is that of the weights; squares may be in the hundreds
                difference = difference / (expected[:, :1] + np.abs(expected))
            # max() would pass over NaN
            largest = float("nan") if np.isnan(difference).any() else max(largest, float(difference.max()))
            cases += 1
    if not largest <= bound:
        raise ModelError(
            f"{path.name} differs from PyTorch by {largest:.3g} {unit}, more than {bound:g}: not written; "
            "report this with your versions of torch and onnxruntime"
        )
    return Exported(path, contract, largest, bound, unit, cases)


def _cases(network: StyleTransfer, contract: Contract) -> Iterator[Feeds]:
    """Inputs that cover odd and even sizes, batches, and alphas; the same ones at every call."""
    random = np.random.default_rng(0)
    noise = torch.from_numpy(random.random((4, 3, 8, 8), dtype=np.float32))
    codes = network.encode_style(functional.interpolate(noise, (64, 64), mode="bilinear")).numpy()
    sizes = [(1, 64, 64), (1, 96, 48), (1, 144, 208)]
    if contract.io == "bytes":
        sizes += [(1, 17, 131), (2, 45, 83), (3, 16, 16)]
    for (batch, height, width), alpha in zip(sizes, (1.0, 0.5, 0.0, 1.0, 0.3, 1.0), strict=False):
        styles = batch if height % 2 else 1
        feeds: Feeds = {}
        for tensor in contract.inputs:
            match KINDS[tensor.name]:
                case "pixels" if tensor.name == "style_image":
                    feeds[tensor.name] = _picture(random, contract, styles, height + 32, width + 16)
                case "pixels":
                    feeds[tensor.name] = _picture(random, contract, batch, height, width)
                case "code":
                    feeds[tensor.name] = codes[random.integers(len(codes), size=styles)]
                case "strength":
                    feeds[tensor.name] = np.array([alpha], np.float32)
                case "weights":  # with a part that does not count
                    weights = random.random((batch, height, width), dtype=np.float32)
                    weights[:, :, : width // 3] = 0
                    feeds[tensor.name] = weights
                case "statistics":
                    given = {name: torch.from_numpy(feeds[name]) for name in ("content", "style", "alpha")}
                    everything = torch.ones(batch, height, width)
                    measure = wrap("measure", network, contract.io)
                    feeds[tensor.name] = measure(**given, weight=everything).numpy()
        yield feeds


def _picture(random: np.random.Generator, contract: Contract, batch: int, height: int, width: int) -> NDArray[Any]:
    """Soft blobs of colour with a little noise: flat noise alone would be no picture."""
    coarse = random.random((batch, 3, 5, 5), dtype=np.float32)
    smooth = functional.interpolate(torch.from_numpy(coarse), (height, width), mode="bicubic").numpy()
    picture = np.clip(smooth + random.normal(0, 0.05, smooth.shape), 0, 1).astype(np.float32)
    if contract.io == "portable":
        return picture
    return np.round(picture * 255).astype(np.uint8).transpose(0, 2, 3, 1).copy()
