"""One size on the GPU, as fast as it goes: a session of its own, replayed as a CUDA graph."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import Any

import numpy as np

from ..engine import Array, Inputs
from ..onnxruntime import library
from .copies import CudaCopies, pinned

_TYPES = {"tensor(float)": "float32", "tensor(double)": "float64"}  # all others are named as numpy names them

# While a CUDA graph is recorded, no thread of the process may allocate or free on the GPU: onnxruntime records in
# cudaStreamCaptureModeGlobal. So whoever does either of these holds this lock. Replays and copies need none.
ALLOCATING = RLock()


class CudaLane:
    """A `Lane`: inputs and output stay at fixed addresses on the GPU, copies have their own stream.

    onnxruntime keeps a recorded graph for the thread that recorded it, and frees it with the session. Memory
    that a graph writes to must never go elsewhere, so the session serves this size only, and all its work is
    done in one thread.

    Args:
        open_session: an `onnxruntime.InferenceSession` for inputs of this size.
        inputs: an example.

    Raises:
        Exception: onnxruntime's own, or the driver's, such as when memory runs out.
    """

    def __init__(self, open_session: Callable[[], Any], inputs: Inputs) -> None:
        self._worker = ThreadPoolExecutor(1, "adain-lane")
        self._worker.submit(self._prepare, open_session, inputs).result()

    def _prepare(self, open_session: Callable[[], Any], inputs: Inputs) -> None:
        OrtValue = library().OrtValue
        with ALLOCATING:
            self._session = open_session()
            self._binding = self._session.io_binding()
            self._copies = CudaCopies()
            self._inputs: dict[str, tuple[Array, Any]] = {}  # on the host and on the device
            for name, array in inputs.items():
                value = OrtValue.ortvalue_from_shape_and_type(list(array.shape), array.dtype, "cuda", 0)
                self._binding.bind_ortvalue_input(name, value)
                self._inputs[name] = pinned(array.shape, array.dtype), value
            (output,) = self._session.get_outputs()  # its shape is known, since those of the inputs are
            kind = np.dtype(_TYPES.get(output.type, output.type[len("tensor(") : -1]))
            self._output = OrtValue.ortvalue_from_shape_and_type(output.shape, kind, "cuda", 0)
            self._binding.bind_ortvalue_output(output.name, self._output)
            self._result = pinned(output.shape, kind)
            self.upload(inputs)
            self._run()  # onnxruntime runs as often as it must before it records, records, and replays

    def upload(self, inputs: Inputs) -> None:
        """See `Lane`."""
        pairs = []
        for name, (host, value) in self._inputs.items():
            array = inputs[name]
            assert (array.shape, array.dtype) == (host.shape, host.dtype), (name, array.shape, host.shape)
            np.copyto(host, array)
            pairs.append((host, value.data_ptr()))
        self._copies.to_device(pairs)

    def compute(self) -> None:
        """See `Lane`."""
        self._worker.submit(self._run).result()

    def download(self) -> Array:
        """See `Lane`."""
        self._copies.to_host(self._output.data_ptr(), self._result)
        return self._result.copy()

    def _run(self) -> None:
        self._session.run_with_iobinding(self._binding)

    def __del__(self) -> None:
        with ALLOCATING:
            self.__dict__.clear()
