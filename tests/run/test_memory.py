import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks import machine

from adain import shipped, strokes
from adain.engines import memory
from adain.engines import onnxruntime as cpu
from adain.engines.memory import need_memory
from adain.errors import PictureError
from adain.look import Look
from adain.styles import Style
from adain.stylizer import Stylizer

GB = 10**9
SEA = Look(Style(np.array([0.1, 0.5, 0.9], np.float32), "sea"), stroke_size=None)  # painted as large as it is


MEMINFO = {
    "proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable:    4000000 kB\nSwapFree:  1000000 kB\nHugePages_Free: 0\n"
}
VERSION_2 = {
    "proc/self/cgroup": "0::/user/app\n",
    "sys/fs/cgroup/user/app/memory.max": "max\n",
    "sys/fs/cgroup/user/app/memory.current": "1000\n",
    "sys/fs/cgroup/user/app/memory.stat": "anon 5\ninactive_file 0\n",
    "sys/fs/cgroup/user/memory.max": f"{3 * GB}\n",
    "sys/fs/cgroup/user/memory.current": f"{2 * GB}\n",
    "sys/fs/cgroup/user/memory.stat": f"anon 5\ninactive_file {GB}\n",
}
CONTAINER_1 = {
    "proc/self/cgroup": "12:cpu,cpuacct:/x\n4:memory:/docker/of-the-host\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{4 * GB}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{3 * GB}\n",
    "sys/fs/cgroup/memory/memory.stat": "cache 7\ninactive_file 7\ntotal_inactive_file 0\n",
}


@pytest.mark.parametrize(
    ("files", "free"), [(MEMINFO, 5.12 * GB), (MEMINFO | VERSION_2, 2 * GB), (MEMINFO | CONTAINER_1, 1 * GB)]
)
def test_the_tightest_limit_counts(files: dict[str, str], free: float, tmp_path: Path) -> None:
    root = machine(tmp_path, files)
    need_memory(int(free), root)
    with pytest.raises(MemoryError, match=f"{free / GB:.1f} GB are free"):
        need_memory(int(free) + 1, root)


@pytest.mark.parametrize(
    "files",
    [{}, {"proc/meminfo": "nonsense"}, {"proc/self/cgroup": "0::/x\n", "sys/fs/cgroup/x/memory.max": "many"}],
)
def test_where_nothing_says_nothing_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    need_memory(10**18, machine(tmp_path, files))


@pytest.fixture
def stylizer(write_tiny: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Stylizer:
    """On a machine with 1 GB, where pictures of 100 x 100 are large and some of 200 x 200 huge."""

    def need(size: int) -> None:
        if size > GB:
            raise MemoryError(f"{size} bytes of memory are needed")

    monkeypatch.setattr(memory, "need_memory", need)
    for module in (memory, cpu):
        monkeypatch.setattr(module, "LARGE", 100 * 100 * 1350)
    monkeypatch.setattr(cpu, "HUGE", 200 * 200 * 1350)
    return Stylizer(write_tiny(), "cpu", threads=1)


def test_too_large_a_picture_is_refused_before_it_runs(stylizer: Stylizer) -> None:
    huge = np.zeros((1000, 2000, 3), np.uint8)
    with pytest.raises(PictureError, match="2000 x 1000 pixels need more memory than there is; .* --size 1000"):
        stylizer.stylize(huge, SEA)
    with pytest.raises(PictureError, match="1200 x 1000 pixels need more memory than there is"):
        stylizer.stream((1200, 1000), SEA.style)
    with pytest.raises(PictureError, match="1000 x 1000 pixels need more memory"):
        stylizer.stylize(np.zeros((2, 1000, 1000, 3), np.uint8), SEA)  # a batch runs at once


def test_limits_are_those_of_the_file(
    stylizer: Stylizer, write_tiny: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = np.full((1000, 2000, 3), 99, np.uint8)
    small = Stylizer(write_tiny("small", memory=(("cpu", 400), ("cpu thrifty", 200))), "cpu", threads=1)
    assert small.stylize(content, SEA).shape == content.shape
    large = Stylizer(write_tiny("large", memory=(("cpu", 4000), ("cpu thrifty", 2000))), "cpu", threads=1)
    with pytest.raises(PictureError, match="1000 x 1000 pixels need more memory"):
        large.stylize(content[:, :1000], SEA)


def test_a_picture_that_just_fits_runs_without_the_arena(
    stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch, given: list[None]
) -> None:
    started: list[bool] = []
    original = cpu._without_arena

    def without_arena(options: Any) -> None:
        original(options)
        started.append(options.enable_cpu_mem_arena)

    monkeypatch.setattr(cpu, "_without_arena", without_arena)
    content = np.full((1000, 1200, 3), 99, np.uint8)
    tight = stylizer.stylize(content, SEA)
    assert (started, given) == ([False], [])
    monkeypatch.setattr(memory, "need_memory", lambda size: None)
    np.testing.assert_array_equal(stylizer.stylize(content, SEA), tight)
    assert (len(started), len(given)) == (1, 1)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows by one for each run that gives memory back."""
    given: list[None] = []
    original = cpu.run_session

    def run(session: Any, inputs: Any, give_back: str | None = None) -> Any:
        if give_back is not None:
            given.append(None)
        return original(session, inputs, give_back)

    monkeypatch.setattr(cpu, "run_session", run)
    return given


RUN = """
import sys
from pathlib import Path
import numpy as np
from adain.session import Session

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name))

file, height, width = Path(sys.argv[1]), *map(int, sys.argv[2:])
session = Session(file, "stylizer", "cpu", 1)
pixels = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
inputs = {"style": np.ones((1, session.contract.style_size), np.float32), "alpha": np.ones(1, np.float32)}
before = memory("VmRSS")
for _ in range(2):
    session.run(pixels, inputs)
print((memory("VmHWM") - before) / (session.contract.bytes_for("cpu") * height * width))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells it there")
@pytest.mark.parametrize(("model", "size"), [("large", (400, 600)), ("fast", (1000, 1500))])
def test_files_say_what_memory_a_run_takes(model: str, size: tuple[int, int]) -> None:
    """It is what decides between whole and tiles: never less than it is, and not many times as much."""
    arguments = [str(each) for each in (shipped.MODELS[model] / "stylizer.onnx", *size)]
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=True)
    assert 0.4 < float(done.stdout) < 1


def test_memory_is_given_back(stylizer: Stylizer, given: list[None]) -> None:
    def gives(side: int) -> bool:
        given.clear()
        stylizer.stylize(np.zeros((side, side, 3), np.uint8), SEA)
        return bool(given)

    assert not gives(120)
    assert not gives(70)  # not much less: the next large picture may come soon
    assert gives(50)
    assert not gives(50)
    assert gives(200)  # huge
    assert gives(200)
    assert not gives(16)


def test_what_a_stream_held_is_given_back(stylizer: Stylizer, given: list[None]) -> None:
    with stylizer.stream((200, 200), SEA.style) as stream:
        list(stream.run([np.zeros((200, 200, 3), np.uint8)] * 3))
    assert not given
    stylizer.stylize(np.zeros((16, 16, 3), np.uint8), SEA)
    assert given


def test_of_two_graphs_in_tiles_one_holds_memory_at_a_time(given: list[None]) -> None:
    content, look = np.random.default_rng(0).integers(0, 256, (100, 150, 3), np.uint8), Look("scream")
    masked = replace(look, mask=np.full((100, 150, 3), 255, np.uint8))
    tiled = Stylizer("fast", "cpu", threads=1, tile=64)
    tiled.stylize(content, look)
    assert len(given) == 2  # after the last tile that is measured, and the last one that is painted
    given.clear()
    Stylizer("fast", "cpu", threads=1).stylize(content, masked)  # one tile, as frames of videos have
    assert not given


def test_the_network_gives_way_to_a_picture_many_times_as_large_as_what_is_painted(
    given: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strokes, "MEASURE", 64 * 64)
    stylizer = Stylizer("fast", "cpu", threads=1)
    stylizer.stylize(np.zeros((150, 150, 3), np.uint8), "scream")
    assert not given
    stylizer.stylize(np.zeros((200, 200, 3), np.uint8), "scream")
    assert len(given) == 1
    regions = np.zeros((300, 300, 3), np.uint8)
    regions[:100], regions[100:200] = 100, 255
    stylizer.stylize(np.zeros((300, 300, 3), np.uint8), Look(("scream", "udnie"), regions=regions))
    assert len(given) == 3  # the last region's two graphs
