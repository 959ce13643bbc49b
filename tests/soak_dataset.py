"""Data-set runs that are disturbed: killed, on a full disk, on a Ray cluster whose processes die; no part of the tests.

Each time pictures and manifest must be those of a run that nobody disturbed, nothing doubled and nothing left over.

    python tests/soak_dataset.py kills --times 20
    python tests/soak_dataset.py disk
    python tests/soak_dataset.py ray --times 6
    python tests/soak_dataset.py head --times 6
"""

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil
import typer
from PIL import Image
from support.checks import photo
from support.soaking import check, compare, files_of, finished, killed, small_photos, started

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)


@dataclass
class Setting:
    """A folder with 40 contents of 64 to 128 px, one of them bad, and 5 styles.

    Attributes:
        folder: where all is.
        options: of `adain dataset`.
    """

    folder: Path
    options: tuple[str, ...] = ()

    def start(self, out: Path, *more: str) -> subprocess.Popen[str]:
        """The command, with pictures of one process at a time."""
        call = "dataset photos paintings --model fast --device cpu --threads 1 --per-image 3 --alpha 0.3,1 --workers 2"
        return started(self.folder, *call.split(), "-q", "-o", str(out), *self.options, *more)

    def finish(self, out: Path, *more: str) -> str:
        """Run to the end; what was said."""
        return finished(self.start(out, *more), 2)


@contextmanager
def setting() -> Iterator[Setting]:
    """Pictures in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_photos(folder / "photos", 40, ("jpg", "png", "webp"))
        (folder / "paintings").mkdir()
        for number in range(5):
            Image.fromarray(photo("coffee")).rotate(70 * number).save(folder / "paintings" / f"{number}.png")
        yield Setting(folder)


def seen(out: Path) -> dict[str, bytes]:
    """All that a run gives, none of it half-written."""
    return {name: data for name, data in files_of(out).items() if not name.startswith(".dataset/")}


def journal(out: Path) -> list[tuple[str, int]]:
    """What was done, in order, but for failures."""
    file = out / ".dataset" / "journal.jsonl"
    lines = file.read_bytes().splitlines(keepends=True) if file.is_file() else []
    results = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return [(result["content"], result["k"]) for result in results if not result["error"]]


def same(out: Path, expected: dict[str, bytes]) -> None:
    """A run that was disturbed and one that was not."""
    compare(seen(out), expected)
    done = journal(out)
    check(len(done) == len(set(done)), f"{len(done) - len(set(done))} pictures were made twice")


@app.command()
def kills(times: int = 20, seed: int = 0) -> None:
    """SIGKILL at random moments of runs into files, shards, and files of another format: some time after the start, or
    after so many pictures more and a part of the next one.
    """
    chance, moments, again, rounds = random.Random(seed), list[int](), 0, 0
    with setting() as base:
        kinds = [replace(base, options=options) for options in ((), ("--shards", "10"), ("--format", "png"))]
        wholes = [base.folder / f"whole{number}" for number in range(len(kinds))]
        for kind, whole in zip(kinds, wholes, strict=True):
            kind.finish(whole)
        while len(moments) < times:
            kind, whole, out = kinds[rounds % len(kinds)], wholes[rounds % len(kinds)], base.folder / "out"
            before: dict[Path, int] = {}
            while len(moments) < times:
                more = 0 if len(moments) % 4 == 0 else chance.randint(1, 40)
                goal = len(journal(out)) + more
                ready = partial(lambda out, goal: len(journal(out)) >= goal, out, goal)
                if not killed(kind.start(out), ready, chance.uniform(0, 0.1 if more else 1), 2):
                    break
                moments.append(len(journal(out)))
                again += rewritten(before, before := written(out))
            kind.finish(out)
            again += rewritten(before, written(out))
            same(out, seen(whole))
            shutil.rmtree(out)
            rounds += 1
    print(f"{times} kills in {rounds} runs of 120 pictures, after {moments} pictures: all as undisturbed")
    print(f"{again} files that were there were written again, being under way when the process was killed")


def written(out: Path) -> dict[Path, int]:
    """When each picture was."""
    files = (path for path in out.rglob("*.*") if ".dataset" not in path.parts and not path.name.startswith("manifest"))
    return {path: path.stat().st_mtime_ns for path in files if path.is_file()}


def rewritten(before: dict[Path, int], after: dict[Path, int]) -> int:
    """How many files were written anew."""
    return sum(after[path] != when for path, when in before.items())


@app.command()
def disk(megabytes: float = 0.4) -> None:
    """A file system that is full in the middle, where one can be mounted; one line, and the rest when there is room."""
    with setting() as base:
        whole, out = base.folder / "whole", base.folder / "small"
        base.finish(whole)
        out.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={int(megabytes * 1e6)}", "tmpfs", str(out)]
        check(subprocess.run(mount, check=False).returncode == 0, "this needs the right to mount; try it as root")
        try:
            process = base.start(out)
            err = process.communicate()[1]
            last = [line for line in err.splitlines() if "bad.jpg" not in line]
            check(process.returncode == 2 and len(last) == 1, f"exit code {process.returncode}: {err}")
            check("No space left on device" in last[0], err)
            made = {name: data for name, data in seen(out).items() if not name.startswith("manifest")}
            check(0 < len(made) < 120, f"{len(made)} pictures")
            check(all(seen(whole)[name] == data for name, data in made.items()), "a picture is not whole")
            subprocess.run(["mount", "-o", "remount,size=64m", str(out)], check=True)
            base.finish(out)
            same(out, seen(whole))
        finally:
            subprocess.run(["umount", str(out)], check=True)
    print(f"full after {len(made)} of 120 pictures, said {last[0]!r}, and went on: all as undisturbed")


@app.command()
def ray(times: int = 6, seed: int = 0) -> None:
    """A cluster of a head and two nodes, on which workers and whole nodes are killed in turn."""
    os.environ |= {"RAY_AUTH_TOKEN": "of-a-test", "RAY_USAGE_STATS_ENABLED": "0"}
    from ray.cluster_utils import Cluster

    chance, died = random.Random(seed), list[str]()
    with setting() as base:
        base = replace(base, options=("--model", "large"))  # slow enough that much happens
        base.finish(base.folder / "whole")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        try:
            nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
            process = base.start(base.folder / "out", "--ray", cluster.address)
            total = len(seen(base.folder / "whole")) - 2
            for number in range(times):
                wait_for(base.folder / "out", 1 + number * total // (times + 1), process)
                if number % 2 == 0:
                    victims = [each for each in psutil.process_iter() if each.name().startswith("ray::Actor")]
                    chance.choice(victims).send_signal(signal.SIGKILL)
                    died.append("worker")
                else:
                    cluster.remove_node(nodes.pop(0), allow_graceful=False)
                    nodes.append(cluster.add_node(num_cpus=1))
                    died.append("node")
                died[-1] += f" after {len(journal(base.folder / 'out'))}"
            err = process.communicate()[1]
            check(process.returncode == 2, err)
        finally:
            cluster.shutdown()
        same(base.folder / "out", seen(base.folder / "whole"))
    print(f"{', '.join(died)} of {total} pictures: all as undisturbed")


@app.command()
def head(times: int = 6, seed: int = 0) -> None:
    """The process with the command is killed, and the head of the cluster, in turn; the same command goes on, of the
    latter on a new cluster.
    """
    os.environ |= {"RAY_AUTH_TOKEN": "of-a-test", "RAY_USAGE_STATS_ENABLED": "0"}
    from ray.cluster_utils import Cluster

    chance, died = random.Random(seed), list[str]()
    with setting() as base:
        base = replace(base, options=("--model", "large"))
        whole, out = base.folder / "whole", base.folder / "out"
        base.finish(whole)
        total, cluster = len(seen(whole)) - 2, None
        try:
            for number in range(times + 1):
                if cluster is None:
                    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
                    cluster.add_node(num_cpus=2)
                if number == times:
                    base.finish(out, "--ray", cluster.address)
                    break
                process = base.start(out, "--ray", cluster.address)
                wait_for(out, len(journal(out)) + chance.randint(1, total // (times + 1)), process)
                if number % 2 == 0:
                    process.kill()
                    process.communicate()
                else:
                    cluster.shutdown()
                    cluster = None
                    err = process.communicate()[1]
                    check(process.returncode != 0, "the command is content without a cluster")
                    print(f"without a head, exit code {process.returncode}: {err!r}", flush=True)
                died.append(f"{('command', 'head')[number % 2]} after {len(journal(out))}")
        finally:
            if cluster is not None:
                cluster.shutdown()
        same(out, seen(whole))
    print(f"{', '.join(died)} of {total} pictures: all as undisturbed")


def wait_for(out: Path, pictures: int, process: subprocess.Popen[str]) -> None:
    """Until so many pictures are there, as long as the process runs."""
    while len(journal(out)) < pictures:
        if process.poll() is not None:
            check(False, f"the run ended too early: {process.communicate()[1]}")
        time.sleep(0.02)


if __name__ == "__main__":
    app()
