"""Start-up: how long from the start of a process to its first stylised picture, and on what.

Run as python -m adain.bench.startup.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from ..errors import ModelError

PARTS = ("python", "imports", "library", "session", "style", "read", "first run", "save", "second run")

# What `adain stylize` does for one picture, with a look at the clock between the parts.
_CHILD = """
import io, json, sys, time
began, model, size, device = json.loads(sys.argv[1])
marks = [began, time.time()]
def mark(): marks.append(time.time())
import adain.cli
from adain import Stylizer
from adain.pictures import Picture, load, save
mark()
if device == "openvino":
    import openvino
else:
    from adain.engines.onnxruntime import library; library()
mark()
stylizer = Stylizer(model, device)
mark()
style = stylizer.find_style(sys.argv[2] if model is None else __import__("numpy").zeros((64, 64, 3), "uint8") + 99)
mark()
picture = load(sys.stdin.buffer.read()).pixels
mark()
result = stylizer.stylize(picture, style)
mark()
save(Picture(result), io.BytesIO())
mark()
stylizer.stylize(picture, style)
mark()
print(json.dumps([b - a for a, b in zip(marks, marks[1:])]))
"""


def measure_startup(
    model: Path | None = None, size: int = 512, device: str = "cpu", rounds: int = 5
) -> dict[str, float]:
    """Time fresh processes.

    Args:
        model: a folder of `adain export`; None takes the shipped model.
        size: sides of the picture, in px.
        device: as for `Stylizer`.
        rounds: processes, one after the other; one more before them fills the cache of the disk.

    Returns:
        Medians in seconds by part, of PARTS, and "total", which is all of them but the second run. "library" is
        the import of onnxruntime or openvino, "session" reads the model and makes it ready. The second run shows
        what the first one spends on memory and on the search of kernels.

    Raises:
        ModelError: the model or the device cannot be used; the message is the child's.
    """
    content = _picture(size)
    times = [_once(content, model, size, device) for _ in range(1 + rounds)][1:]
    parts = {name: statistics.median(column) for name, column in zip(PARTS, zip(*times, strict=True), strict=True)}
    return parts | {"total": statistics.median(sum(row[:-1]) for row in times)}


def _picture(size: int) -> bytes:
    import io

    import numpy as np

    from ..pictures import Picture, save

    file = io.BytesIO()
    save(Picture(np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)), file)
    return file.getvalue()


def _once(content: bytes, model: Path | None, size: int, device: str) -> list[float]:
    facts = json.dumps([time.time(), None if model is None else str(model), size, device])
    command = [sys.executable, "-c", _CHILD, facts, "starry-night"]
    done = subprocess.run(command, input=content, capture_output=True)
    if done.returncode:
        raise ModelError((done.stderr.decode(errors="replace").splitlines() or ["the process was killed"])[-1])
    seconds: list[float] = json.loads(done.stdout)
    return seconds


def main() -> None:
    """Print a table in ms."""
    parser = argparse.ArgumentParser(prog="python -m adain.bench.startup", description=__doc__)
    parser.add_argument("--model", type=Path, help="a folder of `adain export`; without it the shipped model")
    parser.add_argument("--size", type=int, default=512, help="sides of the picture, in px")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for part, seconds in measure_startup(options.model, options.size, options.device, options.rounds).items():
        print(f"{part:12} {1000 * seconds:6.0f} ms")


if __name__ == "__main__":
    main()
