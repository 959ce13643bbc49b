import ctypes
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx_writer import external_tensor
from tiny import TINY, tiny

from adain.engines import open_engine
from adain.engines.cuda import check as cuda_check
from adain.engines.cuda import engine as cuda
from adain.errors import DeviceError, OptionError

MODEL = tiny()


class FakeDriver:
    """libcuda with so many GPUs, or an error, for so new a CUDA."""

    def __init__(self, count: int = 1, error: int = 0, version: int = 13020) -> None:
        self.count, self.error, self.version = count, error, version

    def cuInit(self, flags: int) -> int:
        return self.error

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = self.count
        return 0

    def cuGetErrorString(self, code: int, text: Any) -> int:
        text._obj.value = b"system not yet initialized"
        return 0

    def cuDriverGetVersion(self, version: Any) -> int:
        version._obj.value = self.version
        return 0


@pytest.fixture(autouse=True)
def look_anew() -> Iterator[None]:
    cuda_check.cuda_problem.cache_clear()
    yield
    cuda_check.cuda_problem.cache_clear()


def a_gpu(monkeypatch: pytest.MonkeyPatch, driver: FakeDriver | None) -> None:
    monkeypatch.setattr(cuda_check, "driver", lambda: driver)


def open_it(where: Any, threads: int | None = None) -> Any:
    return open_engine(MODEL, where, threads=threads)


def test_the_cpu_needs_no_look_at_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "cuda_problem", lambda: pytest.fail("looked"))
    engine = open_it("cpu", threads=1)
    assert engine.device == "cpu"
    session = engine.session
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_session_options().intra_op_num_threads == 1
    assert not session.get_session_options().enable_mem_pattern


def test_unknown_options() -> None:
    with pytest.raises(OptionError, match="the device is 'tpu'; give one of auto, cpu, "):
        open_it("tpu")
    with pytest.raises(OptionError, match="threads is 0; give 1 or more"):
        open_it("cpu", threads=0)


def test_auto_without_a_gpu_is_quiet(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    a_gpu(monkeypatch, None)
    with caplog.at_level(logging.INFO, "adain"):
        assert open_it("auto").device == "cpu"
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage() == "running on the CPU: this machine has no NVIDIA GPU, or no NVIDIA driver"
    assert capfd.readouterr() == ("", "")


def test_auto_with_a_gpu_that_cannot_be_used_warns_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    a_gpu(monkeypatch, FakeDriver())
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert open_it("auto").device == "cpu"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "the installed onnxruntime is built without CUDA; `pip install" in record.getMessage()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("driver", "message"),
    [
        (None, "cannot run on cuda: this machine has no NVIDIA GPU, or no NVIDIA driver"),
        (FakeDriver(error=803), "the NVIDIA driver finds no usable GPU (system not yet initialized)"),
        (FakeDriver(count=0), "the NVIDIA driver finds no GPU"),
        (
            FakeDriver(version=12040),
            "the NVIDIA driver is for CUDA 12.4, onnxruntime needs CUDA 13.0; install a newer",
        ),
    ],
)
def test_cuda_says_why_not(monkeypatch: pytest.MonkeyPatch, driver: FakeDriver | None, message: str) -> None:
    a_gpu(monkeypatch, driver)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "cuda_version", "13.0", raising=False)
    with pytest.raises(DeviceError) as error:
        open_it("cuda")
    assert message in str(error.value)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def missing(path: str) -> None:
        raise OSError("libcublasLt.so.13: cannot open shared object file: No such file or directory")

    a_gpu(monkeypatch, FakeDriver())
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print("Failed to load ..."), raising=False)
    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(DeviceError, match=r"missing \(libcublasLt.so.13: .*\); `pip install 'onnx"):
        open_it("cuda")
    assert capfd.readouterr() == ("", "")


def test_all_libraries_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the dynamic linker says of the CUDA provider on a machine that lacks nothing: onnxruntime loads the
    # library that has this symbol itself, and only then this one.
    def unresolved(path: str) -> None:
        raise OSError("libonnxruntime_providers_cuda.so: undefined symbol: Provider_GetHost")

    a_gpu(monkeypatch, FakeDriver())
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(ctypes, "CDLL", unresolved)
    assert cuda_check._library_problem() is None


def test_two_onnxruntimes(monkeypatch: pytest.MonkeyPatch) -> None:
    a_gpu(monkeypatch, FakeDriver())
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(cuda_check, "_is_installed", lambda name: True)
    with pytest.raises(DeviceError, match=r"both installed .*: `pip uninstall onnxruntime onnxruntime-gpu`, then"):
        open_it("cuda")


class CpuSession:
    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]


def test_a_silent_fallback_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "cuda_problem", lambda: None)
    monkeypatch.setattr(cuda, "start", lambda *args: CpuSession())
    with pytest.raises(DeviceError, match="refused CUDA without saying why"):
        open_it("cuda")


def test_an_error_of_cuda_is_told_and_one_of_the_model_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> Any:
        def start(*args: Any) -> None:
            raise RuntimeError(text)

        return start

    monkeypatch.setattr(cuda, "cuda_problem", lambda: None)
    monkeypatch.setattr(cuda, "start", fail("CUDA failure 2: out of memory\nand more"))
    with pytest.raises(DeviceError, match=r"CUDA does not start \(CUDA failure 2: out of memory\); free the GPU"):
        open_it("cuda")
    monkeypatch.setattr(cuda, "start", fail("INVALID_PROTOBUF"))
    with pytest.raises(RuntimeError, match="INVALID_PROTOBUF"):
        open_it("cuda")


def test_a_lane_gives_what_run_gives() -> None:
    engine = open_it("cpu")
    random = np.random.default_rng(0)
    inputs = {
        "content": random.integers(0, 256, (1, 17, 19, 3), np.uint8),
        "style": random.random((1, TINY.style_size), np.float32),
        "alpha": np.array([0.5], np.float32),
    }
    lane = engine.lane(inputs)
    lane.upload(inputs)
    lane.compute()
    np.testing.assert_array_equal(lane.download(), engine.run(inputs))


@pytest.mark.parametrize("location", ["w.bin", "../w.bin", "ABSOLUTE"])
def test_external_data_is_never_read(location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "w.bin").write_bytes(bytes(4))
    white = external_tensor("white", [], location.replace("ABSOLUTE", str(tmp_path / "w.bin")))
    file = folder / "stylizer.onnx"
    file.write_bytes(tiny(constants=[white]))
    monkeypatch.chdir(folder)
    with pytest.raises(Exception, match="External data path"):
        open_engine(file.read_bytes(), "cpu")


@pytest.mark.gpu
def test_cuda_runs() -> None:
    if (problem := cuda_check.cuda_problem()) is not None:
        pytest.skip(problem)
    engine = open_it("cuda")
    assert engine.device == "cuda"
    assert engine.session.get_providers()[0] == "CUDAExecutionProvider"


def test_onnxruntime_sends_no_usage_data(tmp_path: Path) -> None:
    code = (
        "import os; from adain import Stylizer; Stylizer(device='cpu'); "
        "assert 'ORT_DISABLE_TELEMETRY' not in os.environ"  # that of the caller is as it was
    )
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], check=True, env=kept | home)
    assert not list(tmp_path.rglob("*onnxruntime*"))  # where it would queue them
