"""A data set on a Ray cluster of this machine, with a worker that is killed in the middle."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from checks import grey, one_line

from adain.apps.on_ray import ON_A_GPU, TRIES, Cluster
from adain.errors import AdaINError

psutil = pytest.importorskip("psutil")

PICTURES = 300


def lines(out: Path) -> list[bytes]:
    file = out / ".dataset" / "journal.jsonl"
    return file.read_bytes().splitlines() if file.is_file() else []


def actors(process: subprocess.Popen) -> list[psutil.Process]:
    """The processes of a cluster that take steps; ray names them after the class and what they do."""
    return [each for each in psutil.Process(process.pid).children(recursive=True) if "ray::Actor" in each.name()]


@pytest.mark.skipif(sys.platform != "linux", reason="process names are told there")
def test_a_killed_worker_is_replaced(run, write_tiny, tmp_path):
    pytest.importorskip("ray")
    pytest.importorskip("pyarrow")
    write_tiny()
    for number in range(PICTURES):
        grey(tmp_path / "photos" / f"{number:03}.png", (64, 64), number % 256)
    (tmp_path / "photos" / "bad.png").write_text("no picture")
    call = ["dataset", "photos", "--styles", "photos/000.png,photos/255.png", "--alpha", "0.2,1", "--model", "tiny"]
    cluster = [*call, "-o", "out", "--device", "cpu", "-q", "--ray", "local", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "adain", *cluster], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while len(lines(tmp_path / "out")) < 20 and process.poll() is None:
        time.sleep(0.005)
    victims = actors(process)
    assert len(victims) == 2
    victims[0].send_signal(signal.SIGKILL)
    assert len(lines(tmp_path / "out")) < PICTURES - 20
    err = process.communicate()[1]
    assert process.returncode == 2
    assert "adain: a worker died; another one makes its pictures\n" in err
    assert err.count("photos/bad.png is not a picture") == 1
    assert len(lines(tmp_path / "out")) == PICTURES + 1  # nothing lost, nothing doubled
    assert run(*call, "-o", "here", "-q")[0] == 2
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / out).iterdir() if path.is_file()}
        for out in ("here", "out")
    ]
    assert files[0] == files[1]
    assert len(files[0]) == PICTURES + 2


def test_a_cluster_that_is_not_there(run, write_tiny, tmp_path):
    pytest.importorskip("ray")
    pytest.importorskip("pyarrow")
    write_tiny()
    grey(tmp_path / "photos" / "one.png")
    code, _, err = run("dataset", "photos", "--model", "tiny", "-o", "out", "--ray", "127.0.0.1:9")
    assert code == 2
    assert "no Ray cluster can be joined at 127.0.0.1:9 (" in one_line(err)
    assert not (tmp_path / "out").exists()


class Died(Exception):
    """As ray raises it."""


class Failed(Exception):
    """An error within an actor, as ray raises it."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause


class FakeRay:
    """As much of ray as `Cluster` uses. An actor takes a call at a time, and dies of a step named "deadly"."""

    exceptions = SimpleNamespace(RayTaskError=Failed, RayError=Exception)

    def __init__(self) -> None:
        self.started: list[dict] = []
        self.killed = 0

    def remote(self, **options) -> object:
        self.started.append(options)
        return lambda kind: SimpleNamespace(remote=lambda: SimpleNamespace(open=self._method(), do=self._method()))

    def _method(self) -> object:
        return SimpleNamespace(remote=lambda *arguments: (object(), arguments))

    def wait(self, references, timeout) -> tuple[list, list]:
        return references[:1], references[1:]

    def get(self, reference) -> object:
        work = reference[1][0]
        if work == "deadly":
            raise Died
        if isinstance(work, Exception):
            raise Failed(work)
        return work

    def kill(self, actor) -> None:
        self.killed += 1


def never() -> bool:
    return False


@pytest.mark.parametrize("gpu", [False, True])
def test_a_step_that_kills_is_given_up(gpu):
    ray = FakeRay()
    steps = ["one", "deadly", "two", "three", "four", "five"]  # on a GPU some are under way with it
    taken = list(Cluster(ray, 2, 3, gpu).run("make", iter(steps), never))
    assert sorted(step for step, _ in taken) == sorted(steps)
    assert dict(taken) == {step: None if step == "deadly" else step for step in steps}
    assert ray.killed == TRIES
    assert len(ray.started) == 2 + TRIES
    assert ray.started[0] == {"num_cpus": 3, "num_gpus": int(gpu), "max_concurrency": ON_A_GPU if gpu else 1}


def test_workers_that_never_open_end_a_run():
    with pytest.raises(AdaINError, match="workers die again and again before they have made a picture"):
        list(Cluster(FakeRay(), 2, 1, False).run("deadly", iter(["one"]), never))


def test_an_error_in_a_worker_is_that_of_the_run():
    with pytest.raises(OSError, match="No space left"):
        list(Cluster(FakeRay(), 2, 1, False).run("make", iter([OSError(28, "No space left"), "one"]), never))


def test_no_more_is_given_out_than_is_taken():
    given: list[str] = []

    def steps():
        for number in range(20):
            given.append(f"{number}")
            yield given[-1]

    for number, _ in enumerate(Cluster(FakeRay(), 2, 1, False).run("make", steps(), never)):
        assert len(given) <= number + 1 + 3  # one for each worker, and the next
    assert len(given) == 20


def test_a_stop_waits_for_what_is_under_way():
    stopped: list[bool] = []
    taken = []
    for step, _ in Cluster(FakeRay(), 2, 1, False).run("make", iter("abcdef"), lambda: bool(stopped)):
        taken.append(step)
        stopped.append(True)
    assert taken == ["a", "b"] or taken == ["a"]
