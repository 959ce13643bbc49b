"""A data set on a Ray cluster of this machine, with a worker that is killed in the middle."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from checks import grey, one_line

pytest.importorskip("ray")
pytest.importorskip("pyarrow")
psutil = pytest.importorskip("psutil")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process names are told there")

PICTURES = 300


def lines(out: Path) -> list[bytes]:
    file = out / ".dataset" / "journal.jsonl"
    return file.read_bytes().splitlines() if file.is_file() else []


def actors(process: subprocess.Popen) -> list[psutil.Process]:
    """The processes of a cluster that take steps; ray names them after the class and what they do."""
    return [each for each in psutil.Process(process.pid).children(recursive=True) if "ray::Actor" in each.name()]


def test_a_killed_worker_is_replaced(run, write_tiny, tmp_path):
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
    write_tiny()
    grey(tmp_path / "photos" / "one.png")
    code, _, err = run("dataset", "photos", "--model", "tiny", "-o", "out", "--ray", "127.0.0.1:9")
    assert code == 2
    assert "no Ray cluster can be joined at 127.0.0.1:9 (" in one_line(err)
    assert not (tmp_path / "out").exists()
