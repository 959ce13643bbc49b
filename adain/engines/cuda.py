"""onnxruntime on an NVIDIA GPU, through its CUDA provider."""

from pathlib import Path

from ..errors import DeviceError, first_line
from .cpu import OnnxRuntime, start
from .cuda_check import cuda_problem, cure
from .engine import Device

_OPTIONS = {
    "cudnn_conv_algo_search": "HEURISTIC",  # sizes vary, and EXHAUSTIVE would time every new one anew
    "arena_extend_strategy": "kSameAsRequested",  # the default doubles, and so takes up to twice the need
}


class Cuda(OnnxRuntime):
    """An `Engine`; for the arguments see `OnnxRuntime`.

    Raises:
        DeviceError: CUDA cannot be used here, or does not start; the message says why.
        Exception: onnxruntime's own, where the model is at fault.
    """

    device: Device = "cuda"

    def __init__(self, model: bytes, home: Path, threads: int | None) -> None:
        if (problem := cuda_problem()) is not None:
            raise DeviceError(problem)
        providers = [("CUDAExecutionProvider", _OPTIONS), "CPUExecutionProvider"]
        try:
            session = start(model, home, threads, providers)
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
