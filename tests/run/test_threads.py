"""How many threads are started: as many as the process may use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checks import machine

from adain.engines.threads import usable_threads

needs_affinity = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system has no affinity")


def cores(*siblings: str) -> dict[str, str]:
    return {f"sys/devices/system/cpu/cpu{i}/topology/thread_siblings_list": text for i, text in enumerate(siblings)}


VERSION_2 = {"proc/self/cgroup": "0::/user/app\n", "sys/fs/cgroup/user/app/cpu.max": "max 100000\n"}
VERSION_1 = {"proc/self/cgroup": "12:cpuset:/x\n3:cpu,cpuacct:/docker/of-the-host\n"}
QUOTA_1 = {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "250000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}


@pytest.mark.parametrize(
    ("files", "environment", "threads"),
    [
        ({}, {}, 8),
        (cores("0-1", "0-1", "2-3", "2-3", "4-5", "4-5", "6-7", "6-7"), {}, 4),
        (VERSION_2, {}, 8),
        (VERSION_2 | {"sys/fs/cgroup/user/cpu.max": "200000 100000\n"}, {}, 2),
        (VERSION_2 | {"sys/fs/cgroup/cpu.max": "20000 100000\n"}, {}, 1),
        (VERSION_1 | QUOTA_1, {}, 3),
        (VERSION_1 | QUOTA_1 | {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"}, {}, 8),
        ({}, {"OMP_NUM_THREADS": "3"}, 3),
        ({}, {"OMP_NUM_THREADS": "6,2"}, 6),
        ({}, {"OMP_NUM_THREADS": "64"}, 8),
        ({}, {"OMP_NUM_THREADS": "0"}, 8),
        ({}, {"OMP_NUM_THREADS": "many"}, 8),
    ],
)
def test_the_tightest_limit_counts(
    files: dict[str, str],
    environment: dict[str, str],
    threads: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    assert usable_threads(environment, machine(tmp_path, files)) == threads


@needs_affinity
def test_affinity_counts(tmp_path: Path) -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from adain.engines.threads import *; "
    code += "print(usable_threads({}))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "1\n"


@needs_affinity
def test_one_processor_gets_one_thread() -> None:
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from adain import shipped
from adain.engines import open_engine
engine = open_engine((shipped.ONNX / "style_encoder.onnx").read_bytes(), "cpu")
print(engine.session.get_session_options().intra_op_num_threads)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
