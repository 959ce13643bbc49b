"""onnxruntime on an NVIDIA GPU, through its TensorRT provider."""

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from ..engine import Device, Inputs
from .check import tensorrt_problem
from .engine import Cuda


class TensorRT(Cuda):
    """As `Cuda`, with lanes that TensorRT runs; for the arguments see there.

    TensorRT compiles a lane for its size, which takes minutes, and keeps it in the user's cache folder. All else
    runs on CUDA, so a new size does not wait. Sizes are fixed, so no range of shapes (profile) has to be given.

    Raises:
        DeviceError: TensorRT or CUDA cannot be used here; the message says why.
        Exception: as `Cuda`.
    """

    device: Device = "tensorrt"

    def _problem(self) -> str | None:
        return tensorrt_problem()

    def _fixed_providers(self, inputs: Inputs, graph: bool) -> list[Any]:
        model = cache_folder() / "tensorrt" / hashlib.sha256(self._model).hexdigest()[:16]
        # The names that onnxruntime gives to its files do not tell sizes apart.
        size = model / "_".join("x".join(map(str, array.shape)) for array in inputs.values())
        size.mkdir(parents=True, exist_ok=True)
        options = {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(size),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(model),
            "trt_fp16_enable": str(int(self.precision == "fp16")),
            "trt_layer_norm_fp32_fallback": "1",  # squares and means stay in float32
            "trt_cuda_graph_enable": str(int(graph)),
        }
        return [("TensorrtExecutionProvider", options), *self._providers()]


def cache_folder() -> Path:
    """Where a user's files lie that can be made anew."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "adain" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adain"
