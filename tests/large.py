"""Peak memory and time of `adain stylize` on large photographs, as the README has them.

    python tests/large.py --megapixels 1 12 50 96 -- --stroke-size full --device cpu

What stands after -- is given to `adain stylize`. Each picture has a process of its own; Linux and macOS.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

SHAPE = 3, 2  # 96 megapixels are 12,000 x 8,000


def draw(file: Path, megapixels: float) -> None:
    """A JPEG file with shapes of every size."""
    unit = (megapixels * 1e6 / (SHAPE[0] * SHAPE[1])) ** 0.5
    size = round(SHAPE[0] * unit), round(SHAPE[1] * unit)
    random, picture = np.random.default_rng(0), Image.new("RGB", size, "grey")
    for side in (4, 16, 64, 256, 1024):
        grid = Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8))
        picture = Image.blend(picture, grid.resize(size, Image.Resampling.BICUBIC), 0.4)
    picture.save(file, quality=95)


def measure(file: Path, options: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of the processor, and gigabytes at the peak."""
    out = file.with_name("out.jpg")
    command = [sys.executable, "-m", "adain", "stylize", str(file), "--style", "scream", "-o", str(out), *options]
    began = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed")
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e9


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12])
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in arguments.megapixels:
            file = Path(folder, "photo.jpg")
            # In a process of its own: the peak of a child is at least what its parent has as it starts it.
            drawing = get_context("spawn").Process(target=draw, args=(file, megapixels))
            drawing.start()
            drawing.join()
            seconds, processor, gigabytes = measure(file, arguments.options)
            took = f"{seconds:.0f} s, {processor:.0f} s of the processor"
            print(f"{megapixels:g} megapixels: {gigabytes:.2f} GB, {took}", flush=True)


if __name__ == "__main__":
    main()
