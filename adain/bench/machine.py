"""What the figures were measured on, and the memory of this process at its peak."""

import os
import platform
import sys
from importlib import metadata, util
from pathlib import Path
from typing import Any

from ..engines.threads import usable_threads

PACKAGES = ("adain", "onnxruntime", "onnxruntime-gpu", "openvino", "torch", "numpy", "pillow")


def facts() -> dict[str, Any]:
    """Processor, cores that this process may use, system, GPU and driver (None where NVML does not tell), versions."""
    gpu = find_gpu()
    return {
        "cpu": _cpu(),
        "cores": usable_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        **(gpu.facts() if gpu else {"gpu": None, "driver": None}),
        "versions": {"python": platform.python_version()} | _versions(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8", "replace").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    installed = {each.name.lower(): each.version for each in metadata.distributions() if each.name}
    return {package: installed[package] for package in PACKAGES if package in installed}


def host_peak() -> float | None:
    """MB that this process had in memory at most, everything included; None where the system does not tell.

    Linux's getrusage would count what the process that started this one held; /proc does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return float(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    if sys.platform == "win32":
        if util.find_spec("psutil") is None:
            return None
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


class Gpu:
    """The first GPU of CUDA_VISIBLE_DEVICES, or the first one, as the driver's NVML knows it.

    Raises:
        Exception: NVML's or an ImportError, where there is none or nvidia-ml-py is not installed.
    """

    def __init__(self) -> None:
        import pynvml

        pynvml.nvmlInit()
        self._nvml = pynvml
        first = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0].strip()
        if first.startswith(("GPU-", "MIG-")):
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(first)
        else:
            self._handle = pynvml.nvmlDeviceGetHandleByIndex(int(first or 0))

    def used(self) -> float:
        """MB that all programs on it hold."""
        return float(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used) / 1e6

    def facts(self) -> dict[str, str]:
        """Its name and driver."""
        name = self._nvml.nvmlDeviceGetName(self._handle)
        return {"gpu": name, "driver": self._nvml.nvmlSystemGetDriverVersion()}


def find_gpu() -> Gpu | None:
    """The GPU, or None where NVML does not tell."""
    try:
        return Gpu()
    except Exception:  # NVML's errors, and whatever a broken driver raises
        return None
