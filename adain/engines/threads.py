"""How many threads this process may use: the machine's cores are not always its own."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import ceil
from pathlib import Path

from .groups import control_groups


def usable_threads(environment: Mapping[str, str] = os.environ, root: Path = Path("/")) -> int:
    """One for each core that this process may run on, and no more than it is given the time of.

    A core with two hardware threads counts once, as onnxruntime counts by itself. What counts is the affinity of the
    process (taskset, a cpuset), the quota of its control groups (docker run --cpus), and the environment variable
    OMP_NUM_THREADS.

    Args:
        environment: of the process.
        root: of the file system; another one for tests.
    """
    # Where there is no affinity (macOS, Windows), every processor of the machine.
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    limits = [len({_core(cpu, root) for cpu in allowed}), *_quotas(root)]
    with suppress(KeyError, ValueError):
        limits.append(int(environment["OMP_NUM_THREADS"].partition(",")[0]))  # "4,2" is for nested ones
    return max(1, min(limit for limit in limits if limit > 0))


def _core(cpu: int, root: Path) -> str:
    """What the hardware threads of one core have in common."""
    with suppress(OSError):
        return (root / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text().strip()
    return str(cpu)


def _quotas(root: Path) -> Iterator[int]:
    """CPUs whose time the control groups of this process allow, rounded up."""
    for group, version in control_groups("cpu", root):
        with suppress(OSError, ValueError):  # no limit is "max", -1, or a file that is not there
            if version == 2:
                quota, period = (group / "cpu.max").read_text().split()
            else:
                quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            yield ceil(int(quota) / int(period))
