"""The engines that run our ONNX files: a library and a device each, behind one face.

engine.py       what every engine offers: Engine, Lane
cpu.py          onnxruntime on the CPU
openvino.py     OpenVINO on the CPU
cuda.py         onnxruntime on an NVIDIA GPU
cuda_check.py   why CUDA cannot be used here, if it cannot
"""

import logging
from pathlib import Path
from typing import get_args

from ..errors import DeviceError, OptionError
from .cpu import OnnxRuntime
from .cuda import Cuda
from .cuda_check import gpu_problem
from .engine import Device, Engine, Inputs, Lane, Tensor
from .openvino import OpenVino, openvino_problem

__all__ = ["Device", "Engine", "Inputs", "Lane", "Tensor", "open_engine"]

log = logging.getLogger("adain")


def open_engine(model: bytes, device: Device, *, home: Path, threads: int | None = None) -> Engine:
    """Make a model ready to run.

    Args:
        model: the bytes of an ONNX file.
        device: "cuda" runs on the GPU or fails; "cpu" is onnxruntime, "openvino" OpenVINO; "auto" runs on the GPU
            where there is a usable one, otherwise on the CPU, with OpenVINO where it is installed.
        home: the model's file; see `OnnxRuntime`.
        threads: of the CPU; None takes one for each core.

    Raises:
        DeviceError: the device was asked for and cannot be used.
        OptionError: an unknown device, or threads below 1.
        Exception: the engine's own, where the model is at fault.
    """
    if device not in get_args(Device):
        raise OptionError(f"the device is {device!r}; give one of {', '.join(get_args(Device))}")
    if threads is not None and threads < 1:
        raise OptionError(f"threads is {threads}; give 1 or more")
    if device in ("auto", "cuda"):
        try:
            return Cuda(model, home, threads)
        except DeviceError as error:
            if device == "cuda":
                raise DeviceError(f"cannot run on cuda: {error}") from error
            # Whoever has no NVIDIA GPU is not told at every start.
            log.log(logging.WARNING if gpu_problem() is None else logging.INFO, "running on the CPU: %s", error)
    if device == "openvino" or (device == "auto" and openvino_problem() is None):
        return OpenVino(model, threads)
    return OnnxRuntime(model, home, threads)
