"""The engines that run our ONNX files: a library and a device each, behind one face.

engine.py        what every engine offers: Engine, Lane
onnxruntime.py   onnxruntime on the CPU, and the base of the GPU engines
openvino.py      OpenVINO on the CPU
cuda/            onnxruntime on an NVIDIA GPU, through its CUDA or its TensorRT provider
memory.py        whether a run fits the memory
threads.py       how many threads the process may use
groups.py        the control groups of the process, which limit both

A new engine is a file here, a name in `engine.Device` and a branch in `open_engine`; `contract.MEMORY` has the names
of what it may need, and `bench.plan` says when it can be measured.
"""

import logging
from typing import get_args

from ..errors import DeviceError, OptionError
from .cuda.check import gpu_problem
from .cuda.engine import Cuda
from .cuda.tensorrt import TensorRT
from .engine import GPUS, Compute, Device, Engine, Inputs, Lane, Need, Stored, unknown
from .onnxruntime import OnnxRuntime
from .openvino import OpenVino, openvino_problem

__all__ = ["GPUS", "Compute", "Device", "Engine", "Inputs", "Lane", "Stored", "open_engine"]

log = logging.getLogger("adain")


def open_engine(
    model: bytes,
    device: Device,
    *,
    threads: int | None = None,
    precision: Compute = "auto",
    stored: Stored = "fp32",
    need: Need = unknown,
) -> Engine:
    """Make a model ready to run.

    Args:
        model: the bytes of an ONNX file; external data are not read.
        device: "cuda" and "tensorrt" run on the GPU or fail; "cpu" is onnxruntime, "openvino" OpenVINO; "auto" runs
            on the GPU where there is a usable one, otherwise on the CPU, with OpenVINO where it is installed.
        threads: of the CPU; None takes one for each core that the process may use.
        precision: of the convolutions. "auto" takes what is fastest: float16 on a GPU, with statistics in
            float32; the file's own on the CPU. "fp32" is exact, without the TF32 that GPUs otherwise round to.
        stored: the precision of the convolutions in the file.
        need: memory that runs take on the CPU, so that one that would not fit is refused.

    Raises:
        DeviceError: the device was asked for and cannot be used.
        OptionError: an unknown device or precision, threads below 1, or "fp16" on the CPU.
        Exception: the engine's own, where the model is at fault.
    """
    for name, value, kind in (("device", device, Device), ("precision", precision, Compute)):
        if value not in get_args(kind):
            raise OptionError(f"the {name} is {value!r}; give one of {', '.join(get_args(kind))}")
    if threads is not None and threads < 1:
        raise OptionError(f"threads is {threads}; give 1 or more")
    if device in ("auto", *GPUS):
        try:
            return (TensorRT if device == "tensorrt" else Cuda)(model, threads, precision, stored)
        except DeviceError as error:
            if device != "auto":
                raise DeviceError(f"cannot run on {device}: {error}") from error
            # Whoever has no NVIDIA GPU is not told at every start.
            log.log(logging.WARNING if gpu_problem() is None else logging.INFO, "running on the CPU: %s", error)
    if precision == "fp16":
        raise OptionError("the precision fp16 is for cuda and tensorrt; the CPU would be no faster with it, give auto")
    if device == "openvino" or (device == "auto" and openvino_problem() is None):
        return OpenVino(model, threads, need)
    return OnnxRuntime(model, threads, stored, need)
