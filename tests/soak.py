"""One model under load: many frames of changing sizes, from threads and from processes.

The results of every pass must be the very same, and memory, threads and open files must stay level. Not part of the
default run; `pytest -m slow tests/soak.py` takes a minute or two, and the long version is a program:

    python tests/soak.py --device cpu --frames 10000 --high 96
"""

import multiprocessing
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import pytest
import typer
from typer import Option

from adain import Style, Stylizer
from adain.engines import Device
from adain.engines import onnxruntime as cpu
from adain.errors import AdaINError

pytestmark = pytest.mark.slow

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
    process = psutil.Process()
    files = process.num_handles() if os.name == "nt" else process.num_fds()
    return Mark(frames, process.memory_info().rss / 1e6, files, process.num_threads())


def in_process(model: Path | None, device: Device, load: Load, count: int, expected: list[int]) -> Mark:
    """`soak` in a process of its own; its last mark."""
    *_, last = soak(Stylizer(model, device), load, count, count, expected)
    return last


@pytest.fixture(scope="module")
def shipped() -> Stylizer:
    return Stylizer(device="cpu")


@pytest.fixture
def tiny(write_tiny: Callable[..., Path]) -> Stylizer:
    return Stylizer(write_tiny(), "cpu", threads=1)


def run(stylizer: Stylizer, load: Load, count: int, expected: list[int], threads: int = 1) -> list[Any]:
    return list(soak(stylizer, load, count, max(count // 3, 1), expected, threads))


def test_many_sizes_from_many_threads_with_the_tiny_model(tiny: Stylizer) -> None:
    load, expected = Load(some_styles(tiny), 16, 64, different=300), list[int]()
    run(tiny, load, 300, expected)
    assert len(set(expected)) == 300
    run(tiny, load, 600, expected, threads=8)


def test_eight_threads_share_the_shipped_model(shipped: Stylizer) -> None:
    load, expected = Load(some_styles(shipped), 16, 48, different=40), list[int]()
    run(shipped, load, 40, expected)
    assert len(set(expected)) == 40
    run(shipped, load, 120, expected, threads=8)


def test_memory_files_and_threads_stay_level(shipped: Stylizer) -> None:
    load, expected = Load(some_styles(shipped), 16, 64, different=30), list[int]()
    *_, warm = run(shipped, load, 30, expected)
    *_, last = run(shipped, load, 120, expected)
    # An ended thread may be counted for a moment; 16 streams that leave something behind show.
    assert last.files <= warm.files + 2
    assert last.threads <= warm.threads + 2
    assert last.memory < warm.memory + 30


def test_streams_leave_nothing_behind(shipped: Stylizer) -> None:
    def stream_some(side: int) -> Any:
        frames = np.random.default_rng(0).integers(0, 256, (4, side, 32, 3), np.uint8)
        with shipped.stream((32, side), "scream") as stream:
            assert len(list(stream.run(frames))) == 4
        return mark(4)

    warm = stream_some(48)
    last = [stream_some(side) for side in range(16, 48, 2)][-1]
    # An ended thread may be counted for a moment; 16 streams that leave something behind show.
    assert last.files <= warm.files + 2
    assert last.threads <= warm.threads + 2
    assert last.memory < warm.memory + 30


def test_streams_and_pictures_share_a_model(shipped: Stylizer) -> None:
    random = np.random.default_rng(0)
    sides = (17, 32, 48)
    videos = [random.integers(0, 256, (6, side, 40, 3), np.uint8) for side in sides]
    expected = [np.stack([shipped.stylize(frame, "scream") for frame in video]) for video in videos]

    def play(video: np.ndarray) -> np.ndarray:
        with shipped.stream((40, video.shape[1]), "scream") as stream:
            return np.stack(list(stream.run(video)))

    with ThreadPoolExecutor(6) as pool:
        played = [pool.submit(play, video) for video in videos]
        pictures = [pool.submit(shipped.stylize, video[0], "scream") for video in videos]
        for result, picture, right in zip(played, pictures, expected, strict=True):
            np.testing.assert_array_equal(result.result(), right)
            np.testing.assert_array_equal(picture.result(), right[0])


def test_memory_comes_back_after_a_huge_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "LARGE", 13_500_000)  # so that a small one is huge
    monkeypatch.setattr(cpu, "HUGE", 135_000_000)
    stylizer = Stylizer(device="cpu")
    small, large, huge = (np.zeros((side, side, 3), np.uint8) for side in (32, 300, 360))
    stylizer.stylize(small, "scream")
    before = mark(0).memory
    stylizer.stylize(huge, "scream")
    assert mark(1).memory < before + 40  # it took about 120
    stylizer.stylize(large, "scream")
    assert mark(2).memory > before + 40  # kept for the next one
    stylizer.stylize(small, "scream")
    assert mark(3).memory < before + 40


def test_processes_on_one_device(tiny: Stylizer, tmp_path: Path) -> None:
    load, expected = Load(some_styles(tiny), 16, 40, different=20), list[int]()
    run(tiny, load, 20, expected)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(in_process, tmp_path / "tiny", "cpu", load, 60, expected) for _ in range(2)]
        assert [job.result().frames for job in jobs] == [60, 60]


def test_a_wrong_result_is_noticed(tiny: Stylizer) -> None:
    load, expected = Load(some_styles(tiny), 16, 40, different=5), list[int]()
    run(tiny, load, 5, expected)
    expected[3] += 1
    with pytest.raises(AdaINError, match="frame 3 came out different from frame 3"):
        run(tiny, load, 5, expected)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def main(
    model: Annotated[Path | None, Option(help="A folder of `adain export`; without it the shipped model.")] = None,
    device: Device = "auto",
    frames: int = 10_000,
    low: Annotated[int, Option(help="The shortest side, in px.")] = 16,
    high: Annotated[int, Option(help="The longest side, in px.")] = 160,
    threads: Annotated[int, Option(help="That share the model, for a fifth of the frames.")] = 8,
    processes: Annotated[int, Option(help="On one device, for a tenth of the frames each.")] = 3,
) -> None:
    """Print a table; what goes wrong ends it."""
    stylizer = Stylizer(model, device)
    load = Load(some_styles(stylizer), low, high)
    every, expected = max(frames // 10, 1), list[int]()
    print(f"{load.different} frames of {low} to {high} px, again and again, on {stylizer.device}")
    print("frames  memory MB  files  threads")

    def show(each: Mark, note: str = "") -> None:
        print(f"{each.frames:6}  {each.memory:9.0f}  {each.files:5}  {each.threads:7}  {note}".rstrip(), flush=True)

    show(mark(0))
    for each in soak(stylizer, load, frames, every, expected):
        show(each)
    for each in soak(stylizer, load, frames // 5, every, expected, threads):
        show(each, f"{threads} threads share the model")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(in_process, model, device, load, every, expected) for _ in range(processes)]
        for job in jobs:
            show(job.result(), f"one of {processes} processes")
    print("all results the same")


if __name__ == "__main__":
    typer.run(main)
