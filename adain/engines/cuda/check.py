"""Can onnxruntime use CUDA, or TensorRT, here? If not, why, and what to do.

onnxruntime falls back to the CPU without a word when CUDA cannot start, which users notice by the hours it
takes. Here every condition is looked at before, so that the answer names what is missing.
"""

import contextlib
import ctypes
import importlib
import io
import sys
from functools import cache
from pathlib import Path

from ...errors import how_to_install
from ..onnxruntime import library


@cache
def cuda_problem() -> str | None:
    """Why onnxruntime cannot use CUDA here, with the cure, or None; looked at once in a process."""
    return gpu_problem() or _build_problem() or _driver_problem() or _library_problem()


@cache
def tensorrt_problem() -> str | None:
    """Why onnxruntime cannot use TensorRT here, with the cure, or None; looked at once in a process."""
    if (problem := cuda_problem()) is not None:
        return problem
    if "TensorrtExecutionProvider" not in library().get_available_providers():
        return f"the installed onnxruntime is built without TensorRT; {cure()}"
    with contextlib.suppress(ImportError):  # the package of pip, which loads its libraries
        importlib.import_module("tensorrt")
    if (missing := _missing_library("tensorrt")) is None:
        return None
    return f"a library of TensorRT is missing ({missing}); `pip install 'tensorrt-cu13<11'`"


def gpu_problem() -> str | None:
    """Why there is no NVIDIA GPU, as the driver says, or None."""
    cuda = driver()
    if cuda is None:
        return "this machine has no NVIDIA GPU, or no NVIDIA driver"
    count = ctypes.c_int()
    code = cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count))
    if code:
        text = ctypes.c_char_p()
        cuda.cuGetErrorString(code, ctypes.byref(text))
        return f"the NVIDIA driver finds no usable GPU ({(text.value or str(code).encode()).decode()})"
    return None if count.value else "the NVIDIA driver finds no GPU"


def driver() -> ctypes.CDLL | None:
    """The library of the NVIDIA driver, if there is one."""
    with contextlib.suppress(OSError):
        return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    return None


def _build_problem() -> str | None:
    if "CUDAExecutionProvider" in library().get_available_providers():
        return None
    return f"the installed onnxruntime is built without CUDA; {cure()}"


def _driver_problem() -> str | None:
    version = ctypes.c_int()
    cuda = driver()
    if cuda is None or cuda.cuDriverGetVersion(ctypes.byref(version)):
        return None
    # Such as "13.0"; a driver of 13020 runs everything for CUDA 13. Builds of others may not say.
    needed = getattr(library(), "cuda_version", None) or "0"
    if version.value // 1000 >= int(needed.partition(".")[0]):
        return None
    return (
        f"the NVIDIA driver is for CUDA {version.value // 1000}.{version.value % 1000 // 10}, onnxruntime "
        f"needs CUDA {needed}; install a newer NVIDIA driver"
    )


def _library_problem() -> str | None:
    # Finds CUDA and cuDNN in the nvidia-* packages of pip; what it prints would spoil a picture on stdout.
    with contextlib.redirect_stdout(io.StringIO()):
        library().preload_dlls()
    if (missing := _missing_library("cuda")) is None:
        return None
    return f"a library of CUDA or cuDNN is missing ({missing}); {cure()}"


def _missing_library(provider: str) -> str | None:
    """What the system says of the first library that a provider of onnxruntime needs and that is not here."""
    windows = sys.platform == "win32"
    name = f"onnxruntime_providers_{provider}.dll" if windows else f"libonnxruntime_providers_{provider}.so"
    try:
        ctypes.CDLL(str(Path(library().__file__).parent / "capi" / name))
    except OSError as error:
        # This symbol is onnxruntime's own, and it provides it later: all libraries are there.
        return None if "Provider_GetHost" in str(error) else str(error)
    return None


def cure() -> str:
    """How to install onnxruntime with CUDA here."""
    installed = [name for name in ("onnxruntime", "onnxruntime-gpu") if _is_installed(name)]
    if len(installed) == 2:
        return (
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: "
            f"`pip uninstall onnxruntime onnxruntime-gpu`, then `{how_to_install('cuda')}`"
        )
    return f"`{how_to_install('cuda')}`"


def _is_installed(name: str) -> bool:
    from importlib import metadata

    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
