"""onnxruntime on the CPU."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from ..stopping import breakable
from .engine import Array, Device, Inputs, Lane, Need, unknown
from .memory import HUGE, LARGE, check_memory
from .threads import usable_threads


class OnnxRuntime:
    """onnxruntime's CPU provider; an `Engine`, and the base of those for other providers of onnxruntime.

    Args:
        model: the bytes of an ONNX file.
        threads: of the CPU; None takes `usable_threads`.
        stored: the precision of the convolutions in the file.
        need: what runs take, under "cpu", and "cpu thrifty" without the arena.

    Raises:
        Exception: onnxruntime's own, where the model is at fault.
    """

    device: Device = "cpu"
    lanes = 1  # every run uses all cores

    def __init__(self, model: bytes, threads: int | None, stored: str = "fp32", need: Need = unknown) -> None:
        self.precision, self._need = stored, need
        self._start = partial(start, model, threads, ["CPUExecutionProvider"])
        self._use(self._start())

    def _use(self, session: Any) -> None:
        self.session = session
        self._held = 0  # bytes of the largest run since memory was given back

    def run(self, inputs: Inputs, last: bool = False) -> Array:
        """See `Engine`; what would not fit the memory runs with less of it, and slower.

        Raises:
            MemoryError: that would not fit either.
        """
        need = self._need(inputs, "cpu")
        try:
            check_memory(need, self._held)
        except MemoryError:
            check_memory(self._need(inputs, "cpu thrifty"))
            return run_session(self._start(_without_arena), inputs)
        # onnxruntime keeps the memory of a run for the next one; runs that have to take it anew need a tenth longer.
        # So it is given back only where the caller says so, or where it is much, and either the next run needs less
        # than a quarter of it or it is huge.
        give_back = last or need >= HUGE or self._held > max(LARGE, 4 * need)
        output = run_session(self.session, inputs, "cpu:0" if give_back else None)
        self._held = 0 if give_back else max(self._held, need)
        return output

    def lane(self, inputs: Inputs) -> Lane:
        """See `Engine`.

        Raises:
            MemoryError: there is less than a run would take.
        """
        need = self._need(inputs, "cpu")
        check_memory(need, self._held)
        self._held = max(self._held, need)
        return CpuLane(partial(run_session, self.session))


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


def _without_arena(options: Any) -> None:
    options.enable_cpu_mem_arena = False


def run_session(session: Any, inputs: Inputs, give_back: str | None = None) -> Array:
    """The output of a session.

    Args:
        session: an `onnxruntime.InferenceSession`.
        inputs: by name.
        give_back: the devices, such as "cpu:0;gpu:0", whose arenas give memory back afterwards.

    Raises:
        Stopped: see `breakable`; onnxruntime looks at the flag between the nodes of the graph.
    """
    options = library().RunOptions()
    if give_back is not None:
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", give_back)
    with breakable(partial(setattr, options, "terminate", True)):
        output: Array = session.run(None, dict(inputs), options)[0]
    return output
