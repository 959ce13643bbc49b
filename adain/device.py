"""Where onnxruntime runs: on an NVIDIA GPU through CUDA, or on the CPU.

onnxruntime falls back to the CPU without a word when CUDA cannot start, which users notice by the hours it
takes. Here every condition is looked at before, so that the answer names what is missing.
"""

import contextlib
import ctypes
import io
import logging
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from .errors import DeviceError, OptionError, first_line

Device = Literal["auto", "cpu", "cuda"]

log = logging.getLogger("adain")

_CUDA_OPTIONS = {
    "cudnn_conv_algo_search": "HEURISTIC",  # sizes vary, and EXHAUSTIVE would time every new one anew
    "arena_extend_strategy": "kSameAsRequested",  # the default doubles, and so takes up to twice the need
}


def open_session(model: bytes, device: Device, *, home: Path, threads: int | None) -> tuple[Any, Device]:
    """Start an onnxruntime session.

    Args:
        model: the bytes of an ONNX file.
        device: "cuda" runs on the GPU or fails; "auto" runs on the GPU where there is a usable one.
        home: the model's file. External data may lie below it only, so none can: nothing lies below a file.
        threads: for the CPU; None takes one for each core.

    Returns:
        The `onnxruntime.InferenceSession`, and where it runs: "cpu" or "cuda".

    Raises:
        DeviceError: "cuda" was asked for and cannot start.
        OptionError: an unknown device, or threads below 1.
        Exception: onnxruntime's own, where the model is at fault.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise OptionError(f"the device is {device!r}; give auto, cpu or cuda")
    if threads is not None and threads < 1:
        raise OptionError(f"threads is {threads}; give 1 or more")
    if device != "cpu":
        reason = cuda_problem()
        if reason is None:
            session, reason = _on_cuda(model, home, threads)
            if session is not None:
                return session, "cuda"
        if device == "cuda":
            raise DeviceError(f"cannot run on cuda: {reason}")
        # Whoever has no NVIDIA GPU is not told at every start.
        log.log(logging.WARNING if gpu_problem() is None else logging.INFO, "running on the CPU: %s", reason)
    return _start(model, home, threads, ["CPUExecutionProvider"]), "cpu"


@cache
def cuda_problem() -> str | None:
    """Why onnxruntime cannot use CUDA here, with the cure, or None; looked at once in a process."""
    return gpu_problem() or _build_problem() or _driver_problem() or _library_problem()


def gpu_problem() -> str | None:
    """Why there is no NVIDIA GPU, as the driver says, or None."""
    driver = _driver()
    if driver is None:
        return "this machine has no NVIDIA GPU, or no NVIDIA driver"
    count = ctypes.c_int()
    code = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if code:
        text = ctypes.c_char_p()
        driver.cuGetErrorString(code, ctypes.byref(text))
        return f"the NVIDIA driver finds no usable GPU ({(text.value or str(code).encode()).decode()})"
    return None if count.value else "the NVIDIA driver finds no GPU"


def _driver() -> ctypes.CDLL | None:
    with contextlib.suppress(OSError):
        return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    return None


def _build_problem() -> str | None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return None
    return f"the installed onnxruntime is built without CUDA; {_cure()}"


def _driver_problem() -> str | None:
    import onnxruntime

    version = ctypes.c_int()
    driver = _driver()
    if driver is None or driver.cuDriverGetVersion(ctypes.byref(version)):
        return None
    # Such as "13.0"; a driver of 13020 runs everything for CUDA 13. Builds of others may not say.
    needed = getattr(onnxruntime, "cuda_version", None) or "0"
    if version.value // 1000 >= int(needed.partition(".")[0]):
        return None
    return (
        f"the NVIDIA driver is for CUDA {version.value // 1000}.{version.value % 1000 // 10}, onnxruntime "
        f"needs CUDA {needed}; install a newer NVIDIA driver"
    )


def _library_problem() -> str | None:
    import onnxruntime

    # Finds CUDA and cuDNN in the nvidia-* packages of pip; what it prints would spoil a picture on stdout.
    with contextlib.redirect_stdout(io.StringIO()):
        onnxruntime.preload_dlls()
    name = "onnxruntime_providers_cuda.dll" if sys.platform == "win32" else "libonnxruntime_providers_cuda.so"
    try:
        ctypes.CDLL(str(Path(onnxruntime.__file__).parent / "capi" / name))
    except OSError as error:  # names the first library that is missing
        if "Provider_GetHost" in str(error):
            return None  # all libraries are there; this symbol is onnxruntime's own, and it provides it later
        return f"a library of CUDA or cuDNN is missing ({error}); {_cure()}"
    return None


def _cure() -> str:
    installed = [name for name in ("onnxruntime", "onnxruntime-gpu") if _is_installed(name)]
    if len(installed) == 2:
        return (
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: "
            "`pip uninstall onnxruntime onnxruntime-gpu`, then `pip install 'adain[cuda]'`"
        )
    return "`pip install 'adain[cuda]'`"


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _on_cuda(model: bytes, home: Path, threads: int | None) -> tuple[Any, str | None]:
    providers = [("CUDAExecutionProvider", _CUDA_OPTIONS), "CPUExecutionProvider"]
    try:
        session = _start(model, home, threads, providers)
    except Exception as error:  # onnxruntime's errors share no base class
        text = first_line(error)
        if not any(word in text.lower() for word in ("cuda", "cudnn", "cublas", "alloc")):
            raise  # the model is at fault
        return (
            None,
            f"CUDA does not start ({text}); free the GPU, update its driver, or choose the device cpu",
        )
    if session.get_providers()[0] != "CUDAExecutionProvider":
        return None, f"onnxruntime refused CUDA without saying why; {_cure()}"
    return session, None


def _start(model: bytes, home: Path, threads: int | None, providers: list[Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong comes as an exception; the rest is noise on stderr
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Memory patterns help where every run has the same size. With varying sizes we measured 44 % less memory
    # without them at the same speed. The arena stays: without it runs took 25 % longer.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = True
    options.intra_op_num_threads = threads or 0  # 0: one for each core
    options.add_session_config_entry("session.load_model_format", "ONNX")  # do not guess from the bytes
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(home))
    # The fallback would print to stdout and run on the CPU whatever the user asked for.
    return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)
