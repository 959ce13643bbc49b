"""onnxruntime on the CPU."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from .engine import Array, Device, Inputs, Lane
from .memory import need_memory
from .threads import usable_threads

# Measured with the shipped model on 1 to 4 megapixels: 1.25 to 1.3 GB for each; without the arena, in which
# onnxruntime keeps memory, 0.53, but runs take 1.6 times as long.
BYTES_PER_PIXEL = 1350
THRIFTY = 600
# onnxruntime keeps the memory of a run for the next one; runs that have to take it anew need a tenth longer. So it is
# given back only where it is much, in pixels, and either the next run needs less than a quarter of it or it is huge.
LARGE = 1_000_000
HUGE = 4_000_000


class OnnxRuntime:
    """onnxruntime's CPU provider; an `Engine`, and the base of those for other providers of onnxruntime.

    Args:
        model: the bytes of an ONNX file.
        threads: of the CPU; None takes `usable_threads`.
        stored: the precision of the convolutions in the file.

    Raises:
        Exception: onnxruntime's own, where the model is at fault.
    """

    device: Device = "cpu"
    lanes = 1  # every run uses all cores

    def __init__(self, model: bytes, threads: int | None, stored: str = "fp32") -> None:
        self.precision = stored
        self._start = partial(start, model, threads, ["CPUExecutionProvider"])
        self._use(self._start())

    def _use(self, session: Any) -> None:
        self.session = session
        self._held = 0  # pixels of the largest run since memory was given back

    def run(self, inputs: Inputs) -> Array:
        """See `Engine`; what would not fit the memory runs with less of it, and slower.

        Raises:
            MemoryError: that would not fit either.
        """
        pixels = count_pixels(inputs)
        try:
            check_memory(BYTES_PER_PIXEL, pixels, self._held)
        except MemoryError:
            check_memory(THRIFTY, pixels)
            thrifty: Array = self._start(_without_arena).run(None, dict(inputs))[0]
            return thrifty
        give_back = pixels >= HUGE or self._held > max(LARGE, 4 * pixels)
        output: Array = self.session.run(None, dict(inputs), _giving_back() if give_back else None)[0]
        self._held = 0 if give_back else max(self._held, pixels)
        return output

    def lane(self, inputs: Inputs) -> Lane:
        """See `Engine`.

        Raises:
            MemoryError: there is less than a run would take.
        """
        pixels = count_pixels(inputs)
        check_memory(BYTES_PER_PIXEL, pixels, self._held)
        self._held = max(self._held, pixels)
        return CpuLane(lambda inputs: self.session.run(None, dict(inputs))[0])


class CpuLane:
    """A `Lane` where device and host are one: the first and the last step move nothing."""

    def __init__(self, run: Callable[[Inputs], Array]) -> None:
        self._run = run

    def upload(self, inputs: Inputs) -> None:
        """See `Lane`."""
        self._inputs = inputs

    def compute(self) -> None:
        """See `Lane`."""
        self._output = self._run(self._inputs)

    def download(self) -> Array:
        """See `Lane`."""
        return self._output


def library() -> Any:
    """The module onnxruntime; imported so that it does not report its use to its maker, which it does from 1.29 on.

    ORT_DISABLE_TELEMETRY=0 in the environment lets it.
    """
    name = "ORT_DISABLE_TELEMETRY"  # looked at while it is imported for the first time
    given = os.environ.get(name)
    os.environ.setdefault(name, "1")
    try:
        import onnxruntime
    finally:
        if given is None:
            del os.environ[name]
    return onnxruntime


def start(model: bytes, threads: int | None, providers: list[Any], adjust: Callable[[Any], None] | None = None) -> Any:
    """An `onnxruntime.InferenceSession` with our options, which `adjust` may change; see `OnnxRuntime`."""
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong comes as an exception; the rest is noise on stderr
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Memory patterns help where every run has the same size. With varying sizes we measured 44 % less memory
    # without them at the same speed. The arena stays: without it runs took 1.6 times as long. ENABLE_ALL over EXTENDED:
    # 15 %, by the layout of the convolutions. Fixed sizes, threads that do not spin, denormals as zero: nothing sure.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = True
    # Told a number, onnxruntime pins no threads to processors, which where it is refused it says on stderr.
    options.intra_op_num_threads = threads or usable_threads()
    options.add_session_config_entry("session.load_model_format", "ONNX")  # do not guess from the bytes
    # External data may lie below this folder only, so none can: it is a file.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", __file__)
    if adjust is not None:
        adjust(options)
    # The fallback would print to stdout and run on the CPU whatever the user asked for.
    return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)


def count_pixels(inputs: Inputs) -> int:
    """Of all pictures among the inputs."""
    return sum(array.size // 3 for array in inputs.values() if array.ndim == 4)


def check_memory(need: int, pixels: int, held: int = 0) -> None:
    """A MemoryError where pictures do not fit.

    Args:
        need: bytes for each pixel.
        pixels: of the run to come.
        held: pixels that there is memory for already.
    """
    if pixels > max(LARGE, held):  # looking takes a millisecond
        need_memory(need * (pixels - held))


def _without_arena(options: Any) -> None:
    options.enable_cpu_mem_arena = False


def _giving_back() -> Any:
    options = library().RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
