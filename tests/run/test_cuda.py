"""The CUDA engine against stand-ins for the GPU: onnxruntime's CPU provider, and a driver that copies by memmove.

Tests marked `gpu` ask a real one.
"""

import ctypes
import gc
import importlib.util
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from checks import in_threads, psnr, shipped_feed, wide_picture
from tiny import TINY, tiny

from adain import Stylizer, shipped
from adain.engines import onnxruntime as cpu
from adain.engines import open_engine
from adain.engines.cuda import check as cuda_check
from adain.engines.cuda import copies as cuda_copy
from adain.engines.cuda import engine as cuda
from adain.engines.cuda import tensorrt
from adain.errors import DeviceError, OptionError, PictureError
from adain.session import Session as OurSession

MODEL = tiny()
needs_onnx = pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="onnx is not installed")
SHIPPED = shipped.ONNX / "stylizer.onnx"


class MemmoveDriver:
    """libcuda whose device memory is the host's; like the real one it works in threads with a context only."""

    def __init__(self) -> None:
        self.entered: set[int] = set()
        self.pinned: dict[int, Any] = {}
        self.streams = 0
        self.refuses: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name in ("cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain"):
            return lambda *arguments: 0
        raise AttributeError(name)

    def cuCtxSetCurrent(self, context: Any) -> int:
        self.entered.add(threading.get_ident())
        return 0

    def _check(self) -> None:
        assert threading.get_ident() in self.entered

    def cuStreamSynchronize(self, stream: Any) -> int:
        self._check()
        return 0

    def cuStreamCreate(self, stream: Any, flags: Any) -> int:
        self._check()
        assert flags.value == 1
        self.streams += 1
        return 0

    def cuStreamDestroy_v2(self, stream: Any) -> int:
        self.streams -= 1
        return 0

    def cuMemHostAlloc(self, pointer: Any, size: Any, flags: Any) -> int:
        self._check()
        if "cuMemHostAlloc" in self.refuses:
            return 2
        memory = ctypes.create_string_buffer(size.value)
        pointer._obj.value = ctypes.addressof(memory)
        self.pinned[ctypes.addressof(memory)] = memory
        return 0

    def cuMemFreeHost(self, pointer: Any) -> int:
        self._check()
        del self.pinned[pointer.value]
        return 0

    def cuMemcpyHtoDAsync_v2(self, target: Any, source: Any, size: Any, stream: Any) -> int:
        self._check()
        ctypes.memmove(target, source, size.value)
        return 0

    cuMemcpyDtoHAsync_v2 = cuMemcpyHtoDAsync_v2

    def cuGetErrorString(self, code: int, text: Any) -> int:
        text._obj.value = b"out of memory"
        return 0


class Session:
    """A session of the CPU that says it is on the GPU, and can be told to fail."""

    def __init__(self, gpu: "Gpu", session: Any, providers: list[Any], options: Any) -> None:
        self.gpu, self.session, self.providers, self.options = gpu, session, providers, options
        self.threads: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def get_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def run(self, names: Any, inputs: Any, options: Any) -> Any:
        self.gpu.plain.append(_shrinks(options))
        if self.gpu.failures:
            raise RuntimeError(self.gpu.failures.pop())
        return self.session.run(names, inputs)

    def run_with_iobinding(self, binding: Any) -> None:
        self.threads.add(threading.get_ident())
        self.session.run_with_iobinding(binding)


def _shrinks(options: Any) -> bool:
    try:
        return bool(options.get_run_config_entry("memory.enable_memory_arena_shrinkage") == "cpu:0;gpu:0")
    except RuntimeError:
        return False


class Gpu:
    """What was asked of the stand-ins."""

    def __init__(self) -> None:
        self.driver = MemmoveDriver()
        self.sessions: list[Session] = []
        self.plain: list[bool] = []  # for each plain run: does it give memory back?
        self.failures: list[str] = []  # of the next plain runs
        self.refuse_start: Callable[[dict[str, str]], str | None] = lambda options: None

    def start(self, model: bytes, threads: int | None, providers: list[Any], adjust: Any) -> Session:
        options = providers[0][1]
        if (refusal := self.refuse_start(options)) is not None:
            raise RuntimeError(refusal)
        kept: list[Any] = []

        def look(given: Any) -> None:
            adjust(given)
            kept.append(given)

        session = Session(self, cpu.start(model, 1, ["CPUExecutionProvider"], look), providers, kept[0])
        self.sessions.append(session)
        return session


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gpu]:
    made, create = Gpu(), onnxruntime.OrtValue.ortvalue_from_shape_and_type
    monkeypatch.setattr(cuda, "cuda_problem", lambda: None)
    monkeypatch.setattr(tensorrt, "tensorrt_problem", lambda: None)
    monkeypatch.setattr(cuda, "start", made.start)
    monkeypatch.setattr(cuda_check, "driver", lambda: made.driver)
    for cached in (cuda_copy._context, cuda_copy._driver):
        cached.cache_clear()

    def on_host(shape: Any, kind: Any, device: str, number: int) -> Any:
        assert (device, number) == ("cuda", 0)
        return create(shape, kind)

    monkeypatch.setattr(onnxruntime.OrtValue, "ortvalue_from_shape_and_type", on_host)
    yield made
    gc.collect()
    for cached in (cuda_copy._context, cuda_copy._driver):
        cached.cache_clear()


def open_cuda(device: Any = "cuda", **options: Any) -> Any:
    return open_engine(MODEL, device, **options)


def feed(height: int = 17, width: int = 19, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    return {
        "content": random.integers(0, 256, (1, height, width, 3), np.uint8),
        "style": random.random((1, TINY.style_size), np.float32),
        "alpha": np.array([0.5], np.float32),
    }


def expected(inputs: dict[str, Any]) -> Any:
    return open_engine(MODEL, "cpu").run(inputs)


def make_often(engine: Any, **size: int) -> None:
    for seed in range(cuda.OFTEN):
        engine.run(feed(seed=seed, **size))


def test_a_size_that_comes_often_gets_a_lane(gpu: Gpu) -> None:
    engine = open_cuda()
    for run in range(cuda.OFTEN + 5):
        inputs = feed(seed=run)
        np.testing.assert_array_equal(engine.run(inputs), expected(inputs))
    assert len(gpu.plain) == cuda.OFTEN - 1
    _, lane = gpu.sessions
    assert [tensor.shape for tensor in lane.session.get_inputs()] == [[1, 17, 19, 3], [1, 3], [1]]
    assert gpu.driver.streams == 1


def test_results_are_the_callers(gpu: Gpu) -> None:
    engine = open_cuda()
    make_often(engine)
    one = engine.run(feed(seed=1))
    before = one.copy()
    engine.run(feed(seed=2))
    np.testing.assert_array_equal(one, before)
    one[:] = 0  # and may be written to


def test_only_the_sizes_used_last_are_kept(gpu: Gpu) -> None:
    engine = open_cuda()
    for width in range(20, 20 + cuda.LANES):
        make_often(engine, width=width)
    engine.run(feed(width=20))  # so that 21 is the one used longest ago
    assert gpu.driver.streams == cuda.LANES
    pinned = len(gpu.driver.pinned)
    make_often(engine, width=40)
    assert gpu.driver.streams == cuda.LANES
    assert len(gpu.driver.pinned) == pinned
    plain = len(gpu.plain)
    engine.run(feed(width=20))
    assert len(gpu.plain) == plain
    engine.run(feed(width=21))
    assert len(gpu.plain) == plain + 1


def test_sizes_that_never_come_again_cost_nothing(gpu: Gpu) -> None:
    engine = open_cuda()
    for width in range(16, 16 + cuda.REMEMBERED + 50):
        engine.run(feed(height=16, width=width))
    assert len(gpu.sessions) == 1
    assert len(engine._runs) == cuda.REMEMBERED


@pytest.mark.parametrize(
    "refusal", ["This session cannot use the graph capture feature", "Failed to allocate memory for requested buffer"]
)
def test_without_a_cuda_graph_a_lane_launches_each_kernel(
    gpu: Gpu, caplog: pytest.LogCaptureFixture, refusal: str
) -> None:
    gpu.refuse_start = lambda options: refusal if options.get("enable_cuda_graph") == "1" else None
    engine = open_cuda()
    make_often(engine)
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.getMessage() == f"no CUDA graph, launching each kernel ({refusal})"
    assert gpu.sessions[1].providers[0][1]["enable_cuda_graph"] == "0"
    inputs = feed(seed=99)
    np.testing.assert_array_equal(engine.run(inputs), expected(inputs))
    assert len(gpu.plain) == cuda.OFTEN - 1


def test_without_any_lane_the_run_goes_on(gpu: Gpu, caplog: pytest.LogCaptureFixture) -> None:
    gpu.refuse_start = lambda options: "no" if "enable_cuda_graph" in options else None
    engine = open_cuda()
    for run in range(3 * cuda.OFTEN):
        inputs = feed(seed=run)
        np.testing.assert_array_equal(engine.run(inputs), expected(inputs))
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(messages) == 2  # once, not at every run
    assert messages[1].startswith("no lane for (('content', (1, 17, 19, 3)), ")


def test_a_lane_works_in_one_thread_whoever_calls(gpu: Gpu) -> None:
    engine = open_cuda()
    make_often(engine)

    def work(seed: int) -> None:
        for run in range(20):
            inputs = feed(seed=100 * seed + run)
            np.testing.assert_array_equal(engine.run(inputs), expected(inputs))

    in_threads(work, 4)
    assert len(gpu.sessions[1].threads) == 1


def test_two_lanes_beside_each_other(gpu: Gpu) -> None:
    engine = open_cuda()
    assert engine.lanes == 2
    one, other = engine.lane(feed()), engine.lane(feed())
    first, second = feed(seed=1), feed(seed=2)
    one.upload(first)
    other.upload(second)
    one.compute()
    other.compute()
    np.testing.assert_array_equal(other.download(), expected(second))
    np.testing.assert_array_equal(one.download(), expected(first))
    assert gpu.sessions[1].threads != gpu.sessions[2].threads
    assert gpu.driver.streams == 2
    dropping = threading.Thread(target=partial(_drop, [one, other]))
    del one, other
    dropping.start()
    dropping.join()
    assert gpu.driver.streams == 0
    assert not gpu.driver.pinned


def _drop(lanes: list[Any]) -> None:
    lanes.clear()


def test_memory_that_runs_out_is_freed_and_the_run_tried_again(gpu: Gpu) -> None:
    engine = open_cuda()
    make_often(engine)
    assert gpu.driver.streams == 1
    gpu.failures = ["bfc_arena.cc: Failed to allocate memory for requested buffer of size 15728896"]
    inputs = feed(height=64)
    np.testing.assert_array_equal(engine.run(inputs), expected(inputs))
    assert gpu.driver.streams == 0
    assert engine.session is gpu.sessions[-1]
    assert len(gpu.sessions) == 3


def test_memory_that_runs_out_for_a_lane(gpu: Gpu) -> None:
    engine = open_cuda()
    gpu.driver.refuses = {"cuMemHostAlloc"}
    for run in range(2 * cuda.OFTEN):
        inputs = feed(seed=run)
        np.testing.assert_array_equal(engine.run(inputs), expected(inputs))
    with pytest.raises(MemoryError, match=r"the NVIDIA driver refused cuMemHostAlloc \(out of memory\)"):
        engine.lane(feed())
    gpu.driver.refuses = set()
    engine.lane(feed())


def test_a_picture_too_large_for_the_gpu(gpu: Gpu, write_tiny: Callable[..., Path]) -> None:
    stylizer = Stylizer(write_tiny(), device="cuda")
    style = stylizer.encode_style(np.zeros((16, 16, 3), np.uint8))
    picture = np.full((32, 48, 3), 200, np.uint8)
    gpu.failures = 2 * ["CUDNN_STATUS_ALLOC_FAILED"]
    with pytest.raises(PictureError, match="48 x 32 pixels need more memory than there is; .* --size 24"):
        stylizer.stylize(picture, style)
    np.testing.assert_array_equal(stylizer.stylize(picture, style, alpha=0), picture)


def test_other_errors_are_passed_on(gpu: Gpu) -> None:
    engine = open_cuda()
    gpu.failures = ["CUDA failure 700: an illegal memory access was encountered"]
    with pytest.raises(RuntimeError, match="illegal memory access"):
        engine.run(feed())
    assert len(gpu.plain) == 1


def test_memory_comes_back_after_a_large_input(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "LARGE", 100 * 100 * 3)
    engine = open_cuda()
    for side in (20, 30, 40, 16, 40, 50, 100, 20):
        engine.run(feed(side, side))
    # What is larger than all since the last time, and what is large, gives its memory back.
    assert gpu.plain == [False, True, False, False, False, True, True, False]
    gpu.failures = ["no such kernel"]
    with pytest.raises(RuntimeError):
        engine.run(feed(16, 16))
    engine.run(feed(16, 17))
    assert gpu.plain[-1]


def test_onnxruntime_takes_the_options() -> None:
    # The stand-ins do not pass these on; the CPU provider knows them too.
    def adjust(options: Any) -> None:
        cuda._weights_apart(options)

    session = cpu.start(MODEL, 1, ["CPUExecutionProvider"], adjust)
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    (output,) = session.run(None, feed(), options)
    np.testing.assert_array_equal(output, expected(feed()))


@needs_onnx
def test_tensorrt_runs_the_lanes(gpu: Gpu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME" if sys.platform != "win32" else "LOCALAPPDATA", str(tmp_path))
    engine = open_cuda("tensorrt")
    assert engine.device == "tensorrt"
    assert gpu.sessions[0].providers[0][0] == "CUDAExecutionProvider"
    make_often(engine)
    inputs = feed(seed=9)
    np.testing.assert_array_equal(engine.run(inputs), expected(inputs))
    make_often(engine, width=20)
    folders = []
    for session in gpu.sessions[1:]:
        names = [each if isinstance(each, str) else each[0] for each in session.providers]
        assert names == ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
        folders.append(Path(session.providers[0][1]["trt_engine_cache_path"]))
    assert [folder.name for folder in folders] == ["1x17x19x3_1x3_1", "1x17x20x3_1x3_1"]
    assert all(folder.is_dir() and folder.is_relative_to(tmp_path) for folder in folders)


def test_tensorrt_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str) -> None:
        raise OSError("libnvinfer.so.10: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(cuda_check, "cuda_problem", lambda: None)
    cuda_check.tensorrt_problem.cache_clear()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    with pytest.raises(DeviceError, match="cannot run on tensorrt: the installed onnxruntime is built without Tens"):
        open_cuda("tensorrt")
    cuda_check.tensorrt_problem.cache_clear()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["TensorrtExecutionProvider"])
    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(DeviceError, match=r"TensorRT is missing \(libnvinfer.so.10: .*\); `pip install 'tensorrt-cu13"):
        open_cuda("tensorrt")
    cuda_check.tensorrt_problem.cache_clear()


def test_half_precision_without_onnx(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert open_cuda().precision == "fp32"
    with pytest.raises(OptionError, match=r"fp16 needs the package onnx: pip install onnx"):
        open_cuda(precision="fp16")
    assert open_cuda(precision="fp32").precision == "fp32"


@needs_onnx
def test_precision(gpu: Gpu, write_tiny: Callable[..., Path]) -> None:
    def precisions(device: Any, precision: Any) -> tuple[str, str]:
        """Of the engine, and of what the file says of itself."""
        session = OurSession(write_tiny() / "stylizer.onnx", "stylizer", device, precision=precision)
        return session.precision, session.contract.precision

    assert precisions("cuda", "auto") == ("fp16", "fp32")
    assert precisions("cuda", "fp32") == ("fp32", "fp32")
    assert precisions("cpu", "auto") == ("fp32", "fp32")
    with pytest.raises(OptionError, match="the precision fp16 is for cuda and tensorrt"):
        Stylizer(write_tiny(), device="cpu", precision="fp16")
    with pytest.raises(OptionError, match="the precision is 'int8'; give one of auto, fp32, fp16"):
        Stylizer(write_tiny(), precision="int8")  # type: ignore[arg-type]


# From here on a GPU is needed.


@pytest.fixture
def real() -> Any:
    if (problem := cuda_check.cuda_problem()) is not None:
        pytest.skip(problem)
    return lambda **options: open_engine(SHIPPED.read_bytes(), "cuda", **options)


def _sized(height: int, width: int) -> dict[str, Any]:
    tiles = np.tile(wide_picture(), (1, height // 70 + 1, width // 90 + 1, 1))
    return {**shipped_feed(), "content": np.ascontiguousarray(tiles[:, :height, :width])}


@pytest.mark.gpu
@pytest.mark.parametrize(("precision", "least"), [("fp32", 60), ("auto", 45)])
def test_gpu_gives_the_picture_of_the_cpu(real: Any, precision: str, least: float) -> None:
    engine, reference = real(precision=precision), open_engine(SHIPPED.read_bytes(), "cpu")
    for inputs in (_sized(64, 96), _sized(131, 77), _sized(512, 512)):
        assert psnr(engine.run(inputs), reference.run(inputs)) > least


@pytest.mark.gpu
def test_gpu_lane_gives_what_a_plain_run_gives(real: Any, caplog: pytest.LogCaptureFixture) -> None:
    engine, inputs = real(), _sized(128, 160)
    plain = engine.run(inputs)
    lane = engine.lane(inputs)
    assert "no CUDA graph" not in caplog.text
    for picture in (inputs["content"], inputs["content"][:, ::-1], inputs["content"]):
        lane.upload({**inputs, "content": np.ascontiguousarray(picture)})
        lane.compute()
        got = lane.download()
    assert psnr(got, plain) > 50


@pytest.mark.gpu
def test_gpu_serves_changing_sizes_from_many_threads(real: Any) -> None:
    engine = real()
    sizes = [_sized(64 + 16 * step, 96) for step in range(2 * cuda.LANES)]
    plain = [engine.run(inputs) for inputs in sizes]

    def work(offset: int) -> None:
        for run in range(40):
            index = (run // (cuda.OFTEN + 2) + offset) % len(sizes)
            assert psnr(engine.run(sizes[index]), plain[index]) > 50

    in_threads(work, 4)


def _memory_used() -> int:
    """Bytes of the GPU in use, by all processes together."""
    cuda_copy._enter()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    cuda_copy._call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    return total.value - free.value


@pytest.mark.gpu
def test_gpu_memory_comes_back_and_stays_level(real: Any) -> None:
    engine = real()
    engine.run(_sized(64, 64))
    before = _memory_used()
    engine.run(_sized(3000, 2000))
    assert _memory_used() - before < 500_000_000
    levels = []
    for step in range(200):
        engine.run(_sized(64 + step % 50, 96 + step % 70))
        levels.append(_memory_used())
    assert max(levels[100:]) <= max(levels[:100]) + 100_000_000


def _profile(engine: Any, inputs: dict[str, Any]) -> list[Any]:
    """The nodes of one run in a session for this size, as onnxruntime's profile has them; the first run warms up."""
    session = engine._open_fixed(inputs, graph=False)
    for _ in range(2):
        session.run(None, inputs)
    events = json.loads(Path(session.end_profiling()).read_text())
    nodes = [each["args"] for each in events if each.get("cat") == "Node" and each["name"].endswith("_kernel_time")]
    return nodes[len(nodes) // 2 :]


@pytest.mark.gpu
def test_gpu_computes_everything_itself(real: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(model: bytes, threads: int | None, providers: list[Any], adjust: Callable[[Any], None]) -> Any:
        def enable(options: Any) -> None:
            adjust(options)
            options.enable_profiling = True
            options.profile_file_prefix = str(tmp_path / "profile")

        return cpu.start(model, threads, providers, enable)

    monkeypatch.setattr(cuda, "start", start)
    for precision in ("fp32", "auto"):
        nodes = _profile(real(precision=precision), _sized(509, 701))
        operations = {node["op_name"].removeprefix("Nhwc") for node in nodes}
        assert {node["provider"] for node in nodes} == {"CUDAExecutionProvider"}, operations
        assert not any(operation.startswith("Memcpy") for operation in operations)
        assert {"Conv", "Pad", "Resize", "ReduceMean"} <= operations


@pytest.mark.gpu
def test_gpu_tensorrt(real: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorrt") is None or cuda_check.tensorrt_problem() is not None:
        pytest.skip("no TensorRT")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine, inputs = open_engine(SHIPPED.read_bytes(), "tensorrt"), _sized(128, 160)
    lane = engine.lane(inputs)
    lane.upload(inputs)
    lane.compute()
    assert psnr(lane.download(), real(precision="fp32").run(inputs)) > 45
    assert list(tmp_path.rglob("*.engine"))
