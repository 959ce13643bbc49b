"""Time onnxruntime against PyTorch on the CPU, in turn, with the shipped model: python weights/speed.py"""

import statistics
import time

import numpy as np
import torch

from adain import Stylizer, shipped
from adain.network.checkpoint import load_model
from adain.styles import builtin

ROUNDS = 7


def main() -> None:
    """Print medians in ms and the median of the ratios, for square pictures; one round before does not count."""
    stylizer, model, style = Stylizer(device="cpu"), load_model(shipped.CHECKPOINT).model, builtin("scream")
    code = torch.from_numpy(style.code.copy())[None]
    print("size  onnxruntime ms  PyTorch ms  ratio")
    for size in (256, 512, 1024):
        frame = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
        pixels = torch.from_numpy(frame).permute(2, 0, 1)[None] / 255
        times = []
        for _ in range(1 + ROUNDS):
            began = time.perf_counter()
            stylizer.stylize(frame, style)
            between = time.perf_counter()
            with torch.no_grad():
                model.stylize(pixels, code)
            times.append((between - began, time.perf_counter() - between))
        ours, theirs = (1000 * statistics.median(column) for column in zip(*times[1:], strict=True))
        ratio = statistics.median(b / a for a, b in times[1:])
        print(f"{size:4}  {ours:14.0f}  {theirs:10.0f}  {ratio:5.2f}")


if __name__ == "__main__":
    main()
