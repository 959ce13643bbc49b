import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adain import masks
from adain.engines.onnxruntime import CpuLane, OnnxRuntime
from adain.errors import ModelError, OptionError, PictureError, StreamClosed, StyleError
from adain.look import Look
from adain.masks import load_mask
from adain.stream import Stream
from adain.styles import Style, blend
from adain.stylizer import Stylizer

Write = Callable[..., Path]
RANDOM = np.random.default_rng(0)
SEA = Style(np.array([0.1, 0.5, 0.9], np.float32), "sea")
SUN = Style(np.array([0.9, 0.6, 0.0], np.float32), "sun")
SIZE = (23, 18)  # width, height; no multiples of the stride


def frames(count: int) -> list[np.ndarray]:
    return list(RANDOM.integers(0, 256, (count, SIZE[1], SIZE[0], 3), np.uint8))


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before  # rich's end by themselves, a little later


@pytest.fixture(params=["bytes", "portable"])
def door(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=[1, 2])
def stylizer(door: str, request: pytest.FixtureRequest, write_tiny: Write, monkeypatch: pytest.MonkeyPatch) -> Stylizer:
    """With one lane, as on a CPU, and with two, as on a GPU."""
    monkeypatch.setattr(OnnxRuntime, "lanes", request.param)
    return Stylizer(write_tiny(io=door), "cpu", threads=1)


@pytest.fixture
def one(write_tiny: Write) -> Stylizer:
    return Stylizer(write_tiny(), "cpu", threads=1)


class Gate:
    """Holds the network until it is opened, and counts what is in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.inside = threading.Semaphore(0)
        original = CpuLane.compute

        def compute(lane: CpuLane) -> None:
            self.inside.release()
            assert self.open.wait(10)
            original(lane)

        monkeypatch.setattr(CpuLane, "compute", compute)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.open.set()


@pytest.mark.parametrize("size", [(640.0, 480.0), (640,), "64"])
def test_a_size_that_is_none(one: Stylizer, size: object) -> None:
    with pytest.raises(OptionError, match=r"the size of the stream is .*; give \(width, height\), two whole numbers"):
        one.stream(size, SEA)  # type: ignore[arg-type]
    one.stream((np.int32(20), np.int64(30)), SEA).close()


def test_many_frames_in_order(stylizer: Stylizer) -> None:
    contents = frames(300)
    with stylizer.stream(SIZE, SEA, 0.4) as stream:
        results = list(stream.run(contents))
    expected = stylizer.stylize(np.stack(contents), SEA, 0.4)
    np.testing.assert_array_equal(np.stack(results), expected)


def test_style_and_alpha_hold_from_the_next_frame(stylizer: Stylizer) -> None:
    contents = frames(12)
    settings = [(SEA, 1.0), (SUN, 1.0), (SUN, 0.25), (blend([SEA, SUN], [0.3, 0.7]), 0.5)] * 3

    def camera() -> Iterator[np.ndarray]:
        for content, (style, alpha) in zip(contents, settings, strict=True):
            stream.look = Look(style, alpha=alpha)
            yield content

    with stylizer.stream(SIZE, SEA) as stream:
        for content, (style, alpha), result in zip(contents, settings, stream.run(camera()), strict=True):
            np.testing.assert_array_equal(result, stylizer.stylize(content, style, alpha))


def test_a_change_does_not_touch_frames_in_the_stream(one: Stylizer, gate: Gate) -> None:
    content, later = frames(2)
    with one.stream(SIZE, SEA) as stream:
        stream.put(content)
        stream.look = Look(SUN, alpha=0.5)
        stream.put(later)
        gate.open.set()
        np.testing.assert_array_equal(stream.get(), one.stylize(content, SEA))
        np.testing.assert_array_equal(stream.get(), one.stylize(later, SUN, 0.5))


def test_a_look_is_set_at_once(one: Stylizer) -> None:
    content = frames(1)[0]
    with one.stream(SIZE, Look((SEA, SUN), alpha=0.5)) as stream:
        before = stream.look
        with pytest.raises(StyleError, match="has 2 values"):
            stream.look = Look(Style(np.zeros(2, np.float32), "short"), alpha=0.1)
        assert stream.look is before  # all of it or nothing
        stream.look = Look(content, alpha=0.25)
        assert (stream.look.style.name, stream.look.alpha) == ("picture", 0.25)
        np.testing.assert_array_equal(next(stream.run([content])), one.stylize(content, content, 0.25))


def test_styles_are_found_and_checked(one: Stylizer) -> None:
    picture = frames(1)[0]
    with one.stream(SIZE, picture) as stream:
        np.testing.assert_array_equal(stream.look.style.code, one.encode_style(picture).code)
        with pytest.raises(StyleError, match="has 2 values, the model tiny takes 3"):
            stream.look = Look(Style(np.zeros(2, np.float32), "short"))
        np.testing.assert_array_equal(next(stream.run([picture])), one.stylize(picture, picture))


def test_one_thread_puts_and_another_gets(stylizer: Stylizer) -> None:
    contents = frames(100)
    with stylizer.stream(SIZE, SEA) as stream, ThreadPoolExecutor(1) as camera:
        putting = camera.submit(lambda: [stream.put(content) for content in contents])
        results = [stream.get() for _ in contents]
        putting.result()
    np.testing.assert_array_equal(np.stack(results), stylizer.stylize(np.stack(contents), SEA))


def test_a_full_stream_waits(one: Stylizer, gate: Gate) -> None:
    contents = frames(4)
    with one.stream(SIZE, SEA, depth=3) as stream, ThreadPoolExecutor(1) as camera:
        for content in contents[:3]:
            stream.put(content)
        fourth = camera.submit(stream.put, contents[3])
        gate.open.set()
        with pytest.raises(TimeoutError):
            fourth.result(0.1)  # results that nobody has got count too
        stream.get()
        fourth.result(10)
        assert [stream.get().shape for _ in range(3)] == [contents[0].shape] * 3
        assert stream.dropped == 0


def test_lanes_run_beside_each_other(write_tiny: Write, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxRuntime, "lanes", 2)
    with Stylizer(write_tiny(), "cpu", threads=1).stream(SIZE, SEA) as stream:
        for content in frames(2):
            stream.put(content)
        assert gate.inside.acquire(timeout=10)
        assert gate.inside.acquire(timeout=10)  # the second came while the first was still there
        gate.open.set()


def test_reading_runs_beside_the_network(one: Stylizer, gate: Gate) -> None:
    def camera() -> Iterator[np.ndarray]:
        first, second = frames(2)
        yield first
        assert gate.inside.acquire(timeout=10)
        gate.open.set()  # only now can the first frame be done
        yield second

    with one.stream(SIZE, SEA) as stream:
        assert len(list(stream.run(camera()))) == 2


def test_run_takes_no_more_frames_than_fit(one: Stylizer) -> None:
    taken = 0

    def camera() -> Iterator[np.ndarray]:
        nonlocal taken
        for content in contents:
            taken += 1
            yield content

    contents = frames(30)
    with one.stream(SIZE, SEA, depth=4) as stream:
        for got, _ in enumerate(stream.run(camera())):
            assert taken <= got + 4


def test_cameras_drop_the_oldest_frame(one: Stylizer, gate: Gate) -> None:
    contents = frames(6)
    with one.stream(SIZE, SEA, depth=3) as stream:
        stream.put(contents[0], drop=True)
        gate.inside.acquire()  # this one is in the network and is not dropped
        for content in contents[1:]:
            stream.put(content, drop=True)
        assert stream.dropped == 3
        gate.open.set()
        for kept in (0, 4, 5):
            np.testing.assert_array_equal(stream.get(), one.stylize(contents[kept], SEA))


def test_cameras_drop_results_that_nobody_took(one: Stylizer) -> None:
    contents = frames(6)
    with one.stream(SIZE, SEA) as stream:
        for content in contents:
            stream.put(content, drop=True)
            time.sleep(0.05)
        assert stream.dropped >= 4
        last = [stream.get() for _ in range(len(contents) - stream.dropped)][-1]
        np.testing.assert_array_equal(last, one.stylize(contents[-1], SEA))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((18, 24, 3), np.uint8), r"frame 2: uint8 \[18, 24, 3\] came, uint8 \[18, 23, 3\] was expected"),
        (np.zeros((18, 23, 3), np.float32), r"frame 2: float32 \[18, 23, 3\] came"),
        (None, "frame 2: NoneType came"),
    ],
)
def test_a_wrong_frame_is_told_at_its_place(stylizer: Stylizer, wrong: Any, message: str) -> None:
    contents = frames(5)
    contents[2] = wrong
    with stylizer.stream(SIZE, SEA, depth=5) as stream:
        for content in contents:
            stream.put(content)
        results = [stream.get() for _ in range(2)]
        with pytest.raises(PictureError, match=message):
            stream.get()
        results += [stream.get() for _ in range(2)]
    good = [contents[i] for i in (0, 1, 3, 4)]
    np.testing.assert_array_equal(np.stack(results), stylizer.stylize(np.stack(good), SEA))


def test_run_ends_with_an_error_at_its_place(stylizer: Stylizer) -> None:
    contents = frames(5)
    results = []
    with stylizer.stream(SIZE, SEA) as stream:
        with pytest.raises(PictureError, match="frame 3: "):
            results.extend(stream.run([*contents[:3], contents[3][:, :-1], contents[4]]))
        assert len(results) == 3
        assert len(list(stream.run(contents))) == 5  # the stream goes on


def test_a_camera_that_gives_none_is_told(one: Stylizer) -> None:
    content: Any = [*frames(1), None]
    with one.stream(SIZE, SEA) as stream, pytest.raises(PictureError, match="frame 1: NoneType came"):
        list(stream.run(content))


def test_a_camera_that_fails_is_told_after_its_frames(stylizer: Stylizer) -> None:
    def camera() -> Iterator[np.ndarray]:
        yield from frames(3)
        raise OSError("unplugged")

    results = []
    with stylizer.stream(SIZE, SEA, depth=5) as stream, pytest.raises(OSError, match="unplugged"):
        results.extend(stream.run(camera()))
    assert len(results) == 3


def test_errors_of_the_engine(one: Stylizer, monkeypatch: pytest.MonkeyPatch) -> None:
    with one.stream(SIZE, SEA) as stream:
        monkeypatch.setattr(CpuLane, "compute", lambda self: 1 / 0)
        with pytest.raises(ModelError, match="frame 0: .*failed to run .*division by zero"):
            list(stream.run(frames(1)))


def test_early_exit(stylizer: Stylizer) -> None:
    with stylizer.stream(SIZE, SEA, depth=6) as stream:
        for got, _ in enumerate(stream.run(frames(20))):
            if got == 2:
                break
        results = list(stream.run(frames(20)))  # begins anew: nothing of the first run is left
    assert len(results) == 20


def test_an_exception_ends_the_stream(stylizer: Stylizer) -> None:
    with pytest.raises(KeyboardInterrupt), stylizer.stream(SIZE, SEA) as stream:
        for _ in stream.run(frames(20)):
            raise KeyboardInterrupt
    with pytest.raises(StreamClosed, match="the stream has ended"):
        stream.get()
    with pytest.raises(StreamClosed):
        stream.put(frames(1)[0])


def test_who_waits_is_told_that_the_stream_ends(one: Stylizer, gate: Gate) -> None:
    with ThreadPoolExecutor(2) as users:
        with one.stream(SIZE, SEA) as stream:
            getting = users.submit(stream.get)
            for content in frames(2):
                stream.put(content)
            putting = users.submit(stream.put, frames(1)[0])
            gate.inside.acquire()
            threading.Timer(0.05, gate.open.set).start()
        for waiting in (getting, putting):
            with pytest.raises(StreamClosed):
                waiting.result(10)


def test_nothing_came_in_time(one: Stylizer) -> None:
    with one.stream(SIZE, SEA) as stream, pytest.raises(TimeoutError, match="within 0.01 seconds"):
        stream.get(timeout=0.01)


def test_latency(stylizer: Stylizer) -> None:
    with stylizer.stream(SIZE, SEA) as stream:
        assert math.isnan(stream.latency.median)
        list(stream.run(frames(40)))
        latency = stream.latency
    assert 0 < latency.median <= latency.p95
    assert latency.last > 0
    assert latency.fps > 0


def test_latency_counts_from_put(one: Stylizer, gate: Gate) -> None:
    with one.stream(SIZE, SEA) as stream:
        stream.put(frames(1)[0])
        time.sleep(0.1)
        gate.open.set()
        stream.get()
        assert stream.latency.last >= 0.1


def test_what_cannot_be_opened(one: Stylizer, write_tiny: Write) -> None:
    with pytest.raises(PictureError, match="of 15 x 18 pixels is too small"):
        one.stream((15, 18), SEA)
    with pytest.raises(OptionError, match="depth is 1; give 2 or more"):
        one.stream(SIZE, SEA, depth=1)
    with pytest.raises(OptionError, match="alpha is -1"):
        one.stream(SIZE, SEA, -1)


def test_views_are_taken(stylizer: Stylizer) -> None:
    content = frames(1)[0]
    with stylizer.stream(SIZE, SEA, 0.5) as stream:
        (result,) = stream.run([content[::-1, :, ::-1]])
    np.testing.assert_array_equal(result, stylizer.stylize(content[::-1, :, ::-1], SEA, 0.5))


def test_a_stream_that_was_never_entered_has_no_threads(one: Stylizer) -> None:
    assert isinstance(one.stream(SIZE, SEA), Stream)


def test_the_content_of_a_result(one: Stylizer) -> None:
    contents = frames(20)
    with one.stream(SIZE, SEA) as stream:
        assert stream.content is None
        for content, _ in zip(contents, stream.run(contents), strict=True):
            assert stream.content is content


def test_a_mask_is_read_once_and_a_new_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr(masks, "load_mask", lambda *given: (read.append(1), load_mask(*given))[1])
    content, mask = RANDOM.integers(0, 256, (32, 48, 3), np.uint8), np.zeros((32, 48, 3), np.uint8)
    mask[:, 24:] = 255
    with Stylizer("fast", "cpu", threads=1).stream((48, 32), Look(("scream",), mask=mask)) as stream:
        first = list(stream.run([content] * 3))[-1]
        stream.look = replace(stream.look, alpha=0.5)  # as it comes back, with the mask that it has read
        (half,) = stream.run([content])
        assert len(read) == 1
        mask[:] = mask[:, ::-1].copy()
        stream.look = Look(("scream",), mask=mask)  # the same array, with something else in it
        (turned,) = stream.run([content])
        assert len(read) == 2
        stream.look = replace(stream.look, feather=8)
        (soft,) = stream.run([content])
        regions = mask // 2 + 100  # the left half is brighter
        stream.look = Look(("scream", "udnie"), regions=regions)
        (both,) = stream.run([content])
        stream.look = replace(stream.look, styles=stream.look.styles[::-1])
        (exchanged,) = stream.run([content])
    for picture in (first, half):
        np.testing.assert_array_equal(picture[:, :24], content[:, :24])
        assert (picture[:, 24:] != content[:, 24:]).mean() > 0.5
    assert (first[:, 24:] != half[:, 24:]).mean() > 0.5
    for picture in (turned, soft[:, 30:]):
        np.testing.assert_array_equal(picture[:, -16:], content[:, -16:])
    assert (turned[:, :24] != content[:, :24]).mean() > 0.5
    assert (turned != soft)[:, 20:28].any()
    assert (both != exchanged).mean() > 0.5
