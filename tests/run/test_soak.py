"""One model under load: threads, processes, sizes, memory. `python -m adain.bench.load` is the long version."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adain.bench.load import Load, in_process, mark, soak, some_styles
from adain.engines import onnxruntime as cpu
from adain.errors import AdaINError
from adain.stylizer import Stylizer

pytestmark = pytest.mark.slow


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
    monkeypatch.setattr(cpu, "LARGE", 10_000)  # so that a small one is huge
    monkeypatch.setattr(cpu, "HUGE", 100_000)
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
