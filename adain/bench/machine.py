"""What the figures were measured on."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from .memory import find_gpu

PACKAGES = ("adain", "onnxruntime", "onnxruntime-gpu", "openvino", "torch", "numpy", "pillow")


def facts() -> dict[str, Any]:
    """Processor, cores that this process may use, system, GPU and driver (None where NVML does not tell), versions."""
    gpu = find_gpu()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": _cpu(),
        "cores": cores,
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
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
