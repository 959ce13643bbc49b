"""What the figures were measured on, and the memory of this process at its peak."""

import os
import platform
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ..engines.threads import usable_threads

PACKAGES = ("adain", "onnxruntime", "onnxruntime-gpu", "openvino", "torch", "numpy", "pillow")


def facts() -> dict[str, Any]:
    """Processor, cores that this process may use, system, GPU and driver (see `find_gpu`), versions."""
    gpu = find_gpu()
    return {
        "cpu": _cpu(),
        "cores": usable_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "gpu": gpu and gpu.name,
        "driver": gpu and gpu.driver,
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
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


@dataclass(frozen=True)
class Gpu:
    """The first GPU of CUDA_VISIBLE_DEVICES, or the first one, as the driver's nvidia-smi knows it."""

    name: str
    driver: str
    used_mb: float  # by all programs on it


def find_gpu() -> Gpu | None:
    """The GPU as it is now, or None where nvidia-smi does not tell."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0].strip() or "0"
    query = ("--query-gpu=name,driver_version,memory.used", "--format=csv,noheader,nounits", f"--id={first}")
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run(["nvidia-smi", *query], capture_output=True, text=True, check=True, timeout=30).stdout
        name, driver, used = said.strip().split(", ")
        return Gpu(name, driver, float(used) * 2**20 / 1e6)
    return None
