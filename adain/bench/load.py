"""Load: many frames of changing sizes, from threads and from processes; python -m adain.bench.load

The results of every pass must be the very same, and memory, threads and open files must stay level.
"""

import argparse
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import AdaINError
from ..styles import Style
from ..stylizer import Stylizer

PASS = 500  # different frames; after so many they come again


@dataclass(frozen=True)
class Mark:
    """What the process holds after so many frames; memory in MB, open files with sockets (handles on Windows)."""

    frames: int
    memory: float
    files: int
    threads: int


@dataclass(frozen=True)
class Load:
    """Frames of changing sizes, styles and alphas, the same each time.

    Attributes:
        styles: of the model.
        low, high: the shortest and longest side, in px.
        different: frames before they come again.
    """

    styles: tuple[Style, ...]
    low: int = 16
    high: int = 160
    different: int = PASS

    def run(self, stylizer: Stylizer, number: int) -> int:
        """A checksum of the result of frame `number`."""
        number %= self.different
        random = np.random.default_rng(number)
        height, width = random.integers(self.low, self.high, 2, endpoint=True)
        frame = random.integers(0, 256, (height, width, 3), np.uint8)
        style = self.styles[number % len(self.styles)]
        result = stylizer.stylize(frame, style, float(random.random()))
        assert result.shape == frame.shape
        return zlib.crc32(result.tobytes())


def some_styles(stylizer: Stylizer) -> tuple[Style, ...]:
    """Four of random colours."""
    random = np.random.default_rng(0)
    pictures = [random.integers(0, random.integers(64, 256, 3), (64, 64, 3), np.uint8) for _ in range(4)]
    return tuple(stylizer.encode_style(picture) for picture in pictures)


def soak(
    stylizer: Stylizer, load: Load, count: int, every: int, expected: list[int], threads: int = 1
) -> Iterator[Mark]:
    """Run so many frames and compare them.

    Args:
        stylizer: shared by the threads.
        load: the frames.
        count: how many.
        every: frames between two marks.
        expected: checksums of the first pass; filled where it is shorter.
        threads: that run frames at once.

    Raises:
        AdaINError: a result is not the expected one.
    """
    with ThreadPoolExecutor(threads) as pool:
        run: Callable[..., Iterator[int]] = map if threads == 1 else pool.map
        for start in range(0, count, every):
            numbers = range(start, min(start + every, count))
            for number, checksum in zip(numbers, run(lambda each: load.run(stylizer, each), numbers), strict=True):
                if number == len(expected) < load.different:
                    expected.append(checksum)
                elif checksum != expected[number % load.different]:
                    raise AdaINError(f"frame {number} came out different from frame {number % load.different}")
            yield mark(numbers.stop)


def mark(frames: int) -> Mark:
    """What this process holds now."""
    import psutil

    process = psutil.Process()
    files = process.num_handles() if os.name == "nt" else process.num_fds()
    return Mark(frames, process.memory_info().rss / 1e6, files, process.num_threads())


def in_process(model: Path | None, device: str, load: Load, count: int, expected: list[int]) -> Mark:
    """`soak` in a process of its own; its last mark."""
    *_, last = soak(Stylizer(model, device), load, count, count, expected)  # type: ignore[arg-type]
    return last


def main() -> None:
    """Print a table; what goes wrong ends it."""
    parser = argparse.ArgumentParser(prog="python -m adain.bench.load", description=__doc__)
    parser.add_argument("--model", type=Path, help="a folder of `adain export`; without it the shipped model")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--low", type=int, default=16, help="the shortest side, in px")
    parser.add_argument("--high", type=int, default=160, help="the longest side, in px")
    parser.add_argument("--threads", type=int, default=8, help="that share the model, for a fifth of the frames")
    parser.add_argument("--processes", type=int, default=3, help="on one device, for a tenth of the frames each")
    options = parser.parse_args()

    stylizer = Stylizer(options.model, options.device)
    load = Load(some_styles(stylizer), options.low, options.high)
    every, expected = max(options.frames // 10, 1), list[int]()
    print(f"{load.different} frames of {load.low} to {load.high} px, again and again, on {stylizer.device}")
    print("frames  memory MB  files  threads")

    def show(each: Mark, note: str = "") -> None:
        print(f"{each.frames:6}  {each.memory:9.0f}  {each.files:5}  {each.threads:7}  {note}".rstrip(), flush=True)

    show(mark(0))
    for each in soak(stylizer, load, options.frames, every, expected):
        show(each)
    for each in soak(stylizer, load, options.frames // 5, every, expected, options.threads):
        show(each, f"{options.threads} threads share the model")
    with ProcessPoolExecutor(options.processes, multiprocessing.get_context("spawn")) as pool:
        count = max(options.frames // 10, 1)
        jobs = [
            pool.submit(in_process, options.model, options.device, load, count, expected)
            for _ in range(options.processes)
        ]
        for job in jobs:
            show(job.result(), f"one of {options.processes} processes")
    print("all results the same")


if __name__ == "__main__":
    main()
