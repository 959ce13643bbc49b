"""Memory of this process at its peak, and of this machine."""

import os
import sys
from importlib import util
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

INTERVAL = 0.005  # s, between looks at the GPU's memory


def host_peak() -> float | None:
    """MB that this process had in memory at most, everything included; None where the system does not tell.

    Linux's getrusage would count what the process that started this one held; /proc does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return float(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    if sys.platform == "win32":
        return float(_psutil().Process().memory_info().peak_wset) / 1e6 if util.find_spec("psutil") else None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def host_free() -> float | None:
    """GB that programs can still take; None without psutil."""
    return float(_psutil().virtual_memory().available) / 1e9 if util.find_spec("psutil") else None


def _psutil() -> Any:
    import psutil

    return psutil


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


class DevicePeak:
    """Watches the GPU's memory inside a `with`; other programs on it must stand still meanwhile.

    Attributes:
        megabytes: the most that was used, less what was used on entering; None without NVML.
    """

    def __init__(self, gpu: Gpu | None) -> None:
        self._gpu = gpu
        self.megabytes: float | None = None

    def __enter__(self) -> Self:
        if self._gpu is not None:
            self._done, self._before, self.megabytes = Event(), self._gpu.used(), 0.0
            self._thread = Thread(target=self._watch, args=(self._gpu,), daemon=True)
            self._thread.start()
        return self

    def _watch(self, gpu: Gpu) -> None:
        while True:
            self.megabytes = max(self.megabytes or 0.0, gpu.used() - self._before)
            if self._done.wait(INTERVAL):
                break

    def __exit__(self, *error: object) -> None:
        if self._gpu is not None:
            self._done.set()
            self._thread.join()
