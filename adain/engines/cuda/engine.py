"""onnxruntime on an NVIDIA GPU, through its CUDA provider."""

import logging
from collections import OrderedDict
from functools import partial
from threading import Lock
from typing import Any

from ...errors import DeviceError, OptionError, first_line, out_of_memory
from ..engine import Array, Compute, Device, Inputs, Lane, Stored
from ..onnxruntime import OnnxRuntime, run_session, start
from .check import cuda_problem, cure
from .half import to_half
from .lane import ALLOCATING, CudaLane

log = logging.getLogger("adain")

# https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html
# Without prefer_nhwc: what stands between our convolutions has no kernels for it, so each of these gets two transposes.
# On an H100 the large network took 12.5 ms with it and 4.2 without (512 px, TF32), the small one the same either way.
_OPTIONS = {
    # Since onnxruntime 1.20 both of these ask cuDNN and time nothing. EXHAUSTIVE asks its slower heuristic B, which
    # fails on some GPUs; the maintainers advise this one (microsoft/onnxruntime#22705).
    "cudnn_conv_algo_search": "HEURISTIC",
    "arena_extend_strategy": "kSameAsRequested",  # the default doubles, and so takes up to twice the need
}

LANES = 4  # so many sizes are kept as CUDA graphs
OFTEN = 8  # runs of one size before it gets a lane, which takes about as long as some hundred launches
REMEMBERED = 256  # sizes whose runs are counted
LARGE = 12_000_000  # bytes of all inputs, here a picture of 4 megapixels, from which on memory is given back

_Sizes = tuple[tuple[str, tuple[int, ...]], ...]


class Cuda(OnnxRuntime):
    """An `Engine`; for the arguments see `OnnxRuntime` and `open_engine`.

    A new size runs in a session for all sizes. One that comes often gets a lane, until others come more lately.

    Raises:
        DeviceError: CUDA cannot be used here, or does not start; the message says why.
        Exception: onnxruntime's own, where the model is at fault.
    """

    device: Device = "cuda"
    lanes = 2  # one computes while the other copies

    def __init__(self, model: bytes, threads: int | None, precision: Compute, stored: Stored) -> None:
        if (problem := self._problem()) is not None:
            raise DeviceError(problem)
        if precision != "fp32" and stored == "fp32":
            model, stored = _in_half(model, must=precision == "fp16")
        self._model, self._threads, self.precision = model, threads, stored
        self._options = {**_OPTIONS, "use_tf32": str(int(precision != "fp32"))}
        self._open()
        self._runs: OrderedDict[_Sizes, int] = OrderedDict()
        self._kept: OrderedDict[_Sizes, tuple[Lane, Lock]] = OrderedDict()
        self._lock = Lock()  # of these two
        self._grown = 0  # bytes of the largest inputs since memory was given back

    def run(self, inputs: Inputs, last: bool = False) -> Array:
        """See `Engine`; where the GPU's memory runs out, everything is freed that can be, and the run tried again."""
        try:
            return self._run(inputs, last)
        except Exception as error:
            if not out_of_memory(error):
                raise
            log.info("out of GPU memory (%s); trying again without the CUDA graphs", first_line(error))
        self._free()
        return self._run_plain(inputs, last)

    def lane(self, inputs: Inputs) -> Lane:
        """See `Engine`; where the GPU's memory runs out, see `run`."""
        try:
            return self._new_lane(inputs)
        except Exception as error:
            if not out_of_memory(error):
                raise
        self._free()
        return self._new_lane(inputs)

    def _run(self, inputs: Inputs, last: bool) -> Array:
        sizes = tuple((name, array.shape) for name, array in inputs.items())
        runs = 0
        with self._lock:
            kept = self._kept.get(sizes)
            if kept is not None:
                self._kept.move_to_end(sizes)
            else:
                self._runs[sizes] = runs = self._runs.pop(sizes, 0) + 1
                if len(self._runs) > REMEMBERED:
                    self._runs.popitem(last=False)
        if runs == OFTEN:  # so one thread does it, and none again where it fails
            kept = self._keep(sizes, inputs)
        if kept is None:
            return self._run_plain(inputs, last)
        lane, turn = kept
        with turn:
            lane.upload(inputs)
            lane.compute()
            return lane.download()

    def _keep(self, sizes: _Sizes, inputs: Inputs) -> tuple[Lane, Lock] | None:
        """A new lane in the place of the one that was used longest ago."""
        with self._lock:
            dropped = [self._kept.popitem(last=False) for _ in range(len(self._kept) - LANES + 1)]
        del dropped  # its memory is free before more is taken
        try:
            kept = self._new_lane(inputs), Lock()
        except Exception as error:
            if out_of_memory(error):
                raise
            log.warning("no lane for %s, running on without (%s)", sizes, first_line(error))
            return None
        with self._lock:
            self._kept[sizes] = kept
            self._runs.pop(sizes, None)
        return kept

    def _new_lane(self, inputs: Inputs) -> Lane:
        try:
            return CudaLane(partial(self._open_fixed, inputs, True), inputs)
        # While it records, onnxruntime cannot allocate, and so calls a lack of room in its arena out of memory
        # (microsoft/onnxruntime#14942).
        except Exception as error:
            log.warning("no CUDA graph, launching each kernel (%s)", first_line(error))
        return CudaLane(partial(self._open_fixed, inputs, False), inputs)

    def _run_plain(self, inputs: Inputs, last: bool) -> Array:
        """In the session for all sizes; its arena holds what the two largest small inputs took, never more."""
        size = sum(array.nbytes for array in inputs.values())
        with ALLOCATING:
            give_back = last or size >= LARGE or 0 < self._grown < size
            grown = 0 if give_back else max(self._grown, size)
            self._grown = 1  # where the run fails, the next one gives the memory back
            output = run_session(self.session, inputs, "cpu:0;gpu:0" if give_back else None)
            self._grown = grown
        return output

    def _free(self) -> None:
        """Give all memory back, but what the session for all sizes needs anew."""
        with self._lock:
            self._kept.clear()
        with ALLOCATING:  # also while the session before is dropped
            self._open()

    def _open(self) -> None:
        try:
            with ALLOCATING:
                session = start(self._model, self._threads, self._providers(), _weights_apart)
        except Exception as error:  # onnxruntime's errors share no base class
            text = first_line(error)
            if not any(word in text.lower() for word in ("cuda", "cudnn", "cublas", "alloc")):
                raise  # the model is at fault
            raise DeviceError(
                f"CUDA does not start ({text}); free the GPU, update its driver, or choose the device cpu"
            ) from error
        if session.get_providers()[0] != "CUDAExecutionProvider":
            raise DeviceError(f"onnxruntime refused CUDA without saying why; {cure()}")
        self._use(session)

    def _open_fixed(self, inputs: Inputs, graph: bool) -> Any:
        """A session for these sizes alone, in which onnxruntime computes all shapes when it loads."""

        def fix(options: Any) -> None:
            for tensor in self.session.get_inputs():
                for axis, size in zip(tensor.shape, inputs[tensor.name].shape, strict=True):
                    if isinstance(axis, str):
                        options.add_free_dimension_override_by_name(axis, size)

        return start(self._model, self._threads, self._fixed_providers(inputs, graph), fix)

    def _problem(self) -> str | None:
        return cuda_problem()

    def _providers(self, **options: str) -> list[Any]:
        return [("CUDAExecutionProvider", {**self._options, **options}), "CPUExecutionProvider"]

    def _fixed_providers(self, inputs: Inputs, graph: bool) -> list[Any]:
        return self._providers(enable_cuda_graph=str(int(graph)))


def _weights_apart(options: Any) -> None:
    # A part of the arena that held a weight could not be given back.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")


def _in_half(model: bytes, must: bool) -> tuple[bytes, Stored]:
    try:
        return to_half(model), "fp16"
    except ImportError as error:
        if must:
            raise OptionError("the precision fp16 needs the package onnx: pip install onnx") from error
        log.info("computing in TF32; for half precision, which is faster: pip install onnx")
    return model, "fp32"
