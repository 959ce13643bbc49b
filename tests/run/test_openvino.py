"""OpenVINO as an engine; skipped where it is not installed, but for what is said then."""

import ctypes
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks import photo, psnr
from onnx_writer import external_tensor
from tiny import TINY, tiny

from adain import Stylizer, engines, shipped
from adain.engines import Engine, open_engine, openvino
from adain.errors import DeviceError, ModelError, PictureError
from adain.stopping import Stop, Stopped
from adain.styles import Style

INSTALLED = util.find_spec("openvino") is not None
needs_openvino = pytest.mark.skipif(not INSTALLED, reason="openvino is not installed")
MODEL = tiny()


@pytest.fixture(autouse=True)
def look_anew() -> Iterator[None]:
    openvino.openvino_problem.cache_clear()
    yield
    openvino.openvino_problem.cache_clear()


def opened(model: bytes, device: Any = "openvino", threads: int | None = None) -> Engine:
    return open_engine(model, device, threads=threads)


def some(height: int = 17, width: int = 19, batch: int = 2) -> dict[str, Any]:
    random = np.random.default_rng(height * width)
    return {
        "content": random.integers(0, 256, (batch, height, width, 3), np.uint8),
        "style": random.random((1, TINY.style_size), np.float32),
        "alpha": np.array([0.5], np.float32),
    }


@needs_openvino
def test_it_gives_what_onnxruntime_gives_and_so_does_a_lane() -> None:
    ours, theirs = opened(MODEL, threads=1), opened(MODEL, "cpu")
    assert (ours.device, ours.lanes) == ("openvino", 1)
    for inputs in (some(), some(31, 16, 1), some()):
        result, lane = ours.run(inputs), ours.lane(inputs)
        np.testing.assert_allclose(result.astype(int), theirs.run(inputs), atol=1)
        lane.upload(inputs)
        lane.compute()
        np.testing.assert_array_equal(lane.download(), result)


@needs_openvino
def test_threads_share_an_engine_and_results_are_their_own() -> None:
    engine, inputs = opened(MODEL), [some(16 + index, 40, 1) for index in range(40)]
    alone = [engine.run(each) for each in inputs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(engine.run, inputs))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@needs_openvino
def test_a_run_that_nobody_waits_for_ends_and_none_is_begun() -> None:
    ours, stop, inputs = opened(MODEL, threads=1), Stop(), some()
    with stop.stops():
        before = ours.run(inputs)
        stop.set()
        with pytest.raises(Stopped):
            ours.run(inputs)
    np.testing.assert_array_equal(ours.run(inputs), before)


@needs_openvino
def test_pictures_of_the_shipped_model_stay_the_same() -> None:
    ours, theirs = Stylizer(device="openvino"), Stylizer(device="cpu")
    for name, alpha in (("great-wave", 1.0), ("scream", 0.5), ("scream", 0.0)):
        assert psnr(theirs.stylize(photo("chelsea"), name, alpha), ours.stylize(photo("chelsea"), name, alpha)) > 40


@needs_openvino
def test_colours_are_counted_in_float32() -> None:
    """What has no convolution before it, which OpenVINO would take in bfloat16 unless it is an output."""
    engine = opened((shipped.ONNX / "stylizer.onnx").read_bytes())
    assert isinstance(engine, openvino.OpenVino)
    operations = engine.compiled.get_runtime_model().get_ordered_ops()
    first = next(op for op in operations if op.get_rt_info()["layerType"].value == "Convolution")
    before, found = [first.input_value(0).get_node()], {}
    while before:
        op = before.pop()
        if op.get_friendly_name() not in found:
            found[op.get_friendly_name()] = {key: value.value for key, value in op.get_rt_info().items()}
            before += [value.get_node() for value in op.input_values()]
    counted = {info["outputPrecisions"] for info in found.values() if info["layerType"] in ("Eltwise", "Reduce")}
    assert "f32" in counted
    assert "bf16" not in counted


@needs_openvino
def test_codes_are_those_of_onnxruntime() -> None:
    picture = photo("chelsea")
    ours, theirs = (Stylizer(device=device).encode_style(picture).code for device in ("openvino", "cpu"))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@needs_openvino
@pytest.mark.parametrize("location", ["w.bin", "../w.bin", "link.bin", "ABSOLUTE"])
def test_external_data_is_never_read(location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "w.bin").write_bytes(bytes(4))
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    white = external_tensor("white", [], location.replace("ABSOLUTE", str(tmp_path / "w.bin")))
    monkeypatch.chdir(folder)
    with pytest.raises(RuntimeError, match="outside the base directory|external data|w.bin|link.bin"):
        opened(tiny(constants=[white]))


@needs_openvino
@pytest.mark.parametrize("content", [b"", b"hello", MODEL[:-100], b'<?xml version="1.0"?><net name="x" version="11"/>'])
def test_a_broken_file(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "stylizer.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="stylizer.onnx is no ONNX file that can be run here") as error:
        Stylizer(file, "openvino")
    assert "\n" not in str(error.value)


@needs_openvino
def test_a_run_that_fails_says_what_failed(write_tiny: Callable[..., Path]) -> None:
    stylizer = Stylizer(write_tiny(stride=7), "openvino")  # has no stride, and so runs
    style = Style(np.array([0.2, 0.4, 0.6], np.float32), "sea")
    assert stylizer.stylize(np.zeros((20, 30, 3), np.uint8), style).shape == (20, 30, 3)
    with pytest.raises(RuntimeError):
        opened(MODEL).run(some() | {"style": np.zeros((1, 5), np.float32)})


@needs_openvino
def test_too_large_for_the_memory(monkeypatch: pytest.MonkeyPatch, write_tiny: Callable[..., Path]) -> None:
    def fail(*given: Any) -> None:
        raise RuntimeError(
            "Exception from src/inference/src/cpp/infer_request.cpp:224:\n[CPU] Pad node with name 'p' Check 'ptr' "
            "failed at src/plugins/intel_cpu/src/cpu_memory.cpp:257:\nFailed to allocate 1155074048 bytes of memory\n"
        )

    stylizer = Stylizer(write_tiny(), "openvino")
    monkeypatch.setattr(stylizer._stylizer._engine, "run", fail)
    with pytest.raises(PictureError, match="need more memory than there is"):
        stylizer.stylize(np.zeros((20, 30, 3), np.uint8), Style(np.zeros(3, np.float32), "black"))


@needs_openvino
def test_its_use_is_not_reported() -> None:
    code = (
        "import sys; from adain import Stylizer; assert Stylizer(device='openvino').device == 'openvino'; "
        "assert 'openvino' in sys.modules; assert not [m for m in sys.modules if m.startswith('openvino_telemetry')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@needs_openvino
@pytest.mark.skipif(sys.platform != "linux", reason="signal stacks are looked at on Linux only")
def test_signals_are_handled_where_they_were() -> None:
    libc, before, after = ctypes.CDLL(None), openvino._SignalStack(), openvino._SignalStack()
    libc.sigaltstack(None, ctypes.byref(before))
    engine = opened(MODEL)
    engine.run(some())
    libc.sigaltstack(None, ctypes.byref(after))
    assert (after.address, after.flags, after.size) == (before.address, before.flags, before.size)


def test_auto_takes_it_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_cuda(*args: Any) -> None:
        raise DeviceError("this machine has no NVIDIA GPU")

    monkeypatch.setattr(engines, "Cuda", no_cuda)
    assert opened(MODEL, "auto").device == ("openvino" if INSTALLED else "cpu")
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    openvino.openvino_problem.cache_clear()
    assert opened(MODEL, "auto").device == "cpu"


def test_auto_prefers_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "Cuda", lambda *args: "the gpu")
    monkeypatch.setattr(engines, "OpenVino", lambda *args: pytest.fail("openvino"))
    assert opened(MODEL, "auto") == "the gpu"


def test_where_it_is_missing_or_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ImportError("libstdc++.so.6: version GLIBCXX_3.4.99 not found")

    monkeypatch.setattr(util, "find_spec", lambda name: "found")
    monkeypatch.setattr(openvino, "_openvino", broken)
    with pytest.raises(DeviceError, match=r"openvino: OpenVINO does not start \(libstdc.*`pip install --upgrade"):
        opened(MODEL)
    openvino.openvino_problem.cache_clear()
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(DeviceError, match=r"openvino: OpenVINO is not installed; `pip install 'openvino"):
        opened(MODEL)
