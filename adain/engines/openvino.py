"""OpenVINO on the CPU: faster than onnxruntime there, above all where the processor computes in bfloat16."""

import ctypes
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

from ..contract import Use
from ..errors import DeviceError, first_line, how_to_install
from ..stopping import breakable
from .engine import Array, Device, Inputs, Need, unknown
from .memory import check_memory
from .onnxruntime import CpuLane
from .threads import usable_threads

_OPTIONS = {
    "PERFORMANCE_HINT": "LATENCY",
    # Two processes that pin their threads pin them to the same cores.
    "ENABLE_CPU_PINNING": False,
    # Kernels of sizes gone by: with the default, 5000, memory grew by 1.4 MB with every new size (from 252 to 354 MB
    # over 75 sizes; without them from 240 to 274), and neither a new size nor an old one was faster.
    "CPU_RUNTIME_CACHE_CAPACITY": 0,
}
_USES: dict[str, Use] = {"bf16": "openvino bf16", "fp32": "openvino fp32"}  # by precision


class OpenVino:
    """OpenVINO on the CPU; an `Engine`.

    Pictures are computed in bfloat16 where the processor can, style codes in float32.

    Args:
        model: the bytes of an ONNX file.
        threads: None takes `usable_threads`.
        need: what runs take, under "openvino PRECISION".

    Raises:
        DeviceError: OpenVINO is not installed, or does not start.
        Exception: OpenVINO's own, where the model is at fault.
    """

    device: Device = "openvino"
    lanes = 1  # every run uses all cores

    def __init__(self, model: bytes, threads: int | None, need: Need = unknown) -> None:
        self._need = need
        if (problem := openvino_problem()) is not None:
            raise DeviceError(f"cannot run on openvino: {problem}")
        with _own_signal_stack():
            self._load(model, threads)

    def _load(self, model: bytes, threads: int | None) -> None:
        graph = _read(model)
        self.compiled = _compile(graph, threads)
        hint = self.compiled.get_property("INFERENCE_PRECISION_HINT")
        self.precision = {"f32": "fp32", "f16": "fp16"}.get(name := hint.get_type_name(), name)

    def run(self, inputs: Inputs, last: bool = False) -> Array:
        """See `Engine`; `last` changes nothing.

        Raises:
            MemoryError: there is less than the run would take.
        """
        check_memory(self._need(inputs, _USES[self.precision]))
        # A request takes microseconds, and so each run, and each thread, has its own.
        request = self.compiled.create_infer_request()
        with breakable():  # after a `request.cancel()` all later runs fail, with shapes of two sizes (2026.4.1)
            request.infer(dict(inputs), share_inputs=True, share_outputs=True)
        output: Array = request.get_output_tensor(0).data.copy()
        return output

    def lane(self, inputs: Inputs) -> CpuLane:
        """See `Engine`."""
        return CpuLane(self.run)


@cache
def openvino_problem() -> str | None:
    """Why OpenVINO cannot be used here, with the cure, or None; looked at once in a process."""
    if util.find_spec("openvino") is None:
        return f"OpenVINO is not installed; `{how_to_install('openvino')}`"
    try:
        _openvino()
    except ImportError as error:  # such as a library of the system that is too old
        return f"OpenVINO does not start ({first_line(error)}); `pip install --upgrade openvino`"
    return None


def _openvino() -> Any:
    """The library; imported so that it does not report its use to its makers, which is its default."""
    with _without("openvino_telemetry"):
        import openvino
    return openvino


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Make a package look as if it were not installed, unless it is loaded already."""
    loaded = package in sys.modules
    sys.modules.setdefault(package, None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        if not loaded:
            del sys.modules[package]


class _SignalStack(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def _own_signal_stack() -> Iterator[None]:
    """Put back the stack on which this thread handles signals (Linux).

    OpenVINO sets one of its own, and frees it with the model: the next signal with a handler, such as Ctrl-C or that
    of PyTorch for the processes of a DataLoader, would end the process.
    """
    if sys.platform != "linux":
        yield
        return
    libc, before = ctypes.CDLL(None), _SignalStack()
    libc.sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        libc.sigaltstack(ctypes.byref(before), None)


def _read(model: bytes) -> Any:
    frontends = _openvino().frontend.FrontEndManager()
    frontend = frontends.load_by_framework("onnx")  # do not guess the format from the bytes
    # OpenVINO reads external data below the folder of the model; of a model in memory, below the current one.
    # Here is a folder that has nothing else.
    with tempfile.TemporaryDirectory(prefix="adain-") as folder:
        file = Path(folder, "model.onnx")
        file.write_bytes(model)
        return frontend.convert(frontend.load(str(file), enable_mmap=False))


def _compile(graph: Any, threads: int | None) -> Any:
    core = _openvino().Core()
    options: dict[str, Any] = _OPTIONS | {"INFERENCE_PRECISION_HINT": "f32"}
    options["INFERENCE_NUM_THREADS"] = threads or usable_threads()
    is_picture = graph.output(0).partial_shape.rank == 4  # codes are kept, mixed, and used on other devices
    if is_picture and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        options["INFERENCE_PRECISION_HINT"] = "bf16"
        # What OpenVINO computes between a convolution and an output stays in float32, and so does what has no
        # convolution before it, once it is an output: the colour statistics. PSNR against onnxruntime over 120
        # pairs at 512 px: 49.2 dB, at least 40.2; without this 48.0, at least 38.2. It takes no longer.
        if first := next((op for op in graph.get_ordered_ops() if op.get_type_name() == "Convolution"), None):
            graph.add_outputs(first.input_value(0))
    return core.compile_model(graph, "CPU", options)
