"""The process of a job. It does frames when told to, and lies still while other jobs have their turn.

A process of its own for each job and size: no size hides the memory of another, and onnxruntime, OpenVINO and
PyTorch bring their own CUDA libraries and threads without meeting. What it cannot do comes back as an error, even
where the system kills it for its memory.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..errors import AdaINError, PictureError, first_line
from ..images import Pixels
from . import runners
from .memory import DevicePeak, find_gpu, host_peak
from .plan import Job

WARM_UP = 0.3  # s for each span, after one frame that pays for memory, the search of kernels and compilation
TURN = 0.2  # s that a span takes in one turn, at least; a slow frame is a turn by itself
MOST = 500  # frames in a turn

Clock = Callable[[], float]  # s
Times = dict[str, list[float]]  # span -> s of each frame


@dataclass(frozen=True)
class Ready:
    """What a process says when it is warm.

    Attributes:
        turn: s that a turn takes.
        picture: its result; None for the peak.
        device_mb: peak of the GPU's memory; None where it is not known.
    """

    turn: float
    picture: Pixels | None
    device_mb: float | None


class Worker:
    """A job in its own process, warm.

    Args:
        folder: for the files of the span "file".

    Raises:
        AdaINError: the job cannot be run here.
    """

    def __init__(self, job: Job, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._job = job
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, job, folder), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self.ready: Ready = self._receive()
        except BaseException:
            self.stop()
            raise

    def turn(self) -> Times:
        """Do the frames of a turn."""
        self._connection.send("turn")
        times: Times = self._receive()
        return times

    def host_mb(self) -> float | None:
        """Peak of the host's memory so far."""
        self._connection.send("memory")
        megabytes: float | None = self._receive()
        return megabytes

    def stop(self) -> None:
        """End the process; what it held is free then."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()

    def _receive(self) -> Any:
        try:
            answer = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            self._process.join()
            raise PictureError(
                f"{self._job.label} at {self._job.size.name} was ended by the system (exit code "
                f"{self._process.exitcode}), most likely for its memory; give a smaller --size"
            ) from error
        if isinstance(answer, AdaINError):
            raise answer
        return answer


def _serve(connection: Connection, job: Job, folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends Ctrl-C to all; the parent ends this process
    try:
        with DevicePeak(find_gpu() if job.hardware == "gpu" else None) as device:
            runner = runners.start(job, folder)
            counts, seconds = warm_up(runner, time.perf_counter)
            picture = runner["host"]() if "host" in runner else None
        connection.send(Ready(seconds, picture, device.megabytes))
        while True:
            if connection.recv() == "turn":
                connection.send(turn(runner, counts, time.perf_counter))
            else:
                connection.send(host_peak())
    except (EOFError, ConnectionError):  # the parent is gone
        return
    except AdaINError as error:
        connection.send(error)
    except Exception as error:  # the libraries' errors share no base class
        connection.send(AdaINError(f"{job.label} at {job.size.name} failed ({first_line(error)})"))


def warm_up(runner: runners.Runner, clock: Clock) -> tuple[dict[str, int], float]:
    """Run until what happens once has happened.

    Returns:
        how many frames of each span make a turn; s that such a turn takes.
    """
    next(iter(runner.values()))()
    counts, total = {}, 0.0
    for span, call in runner.items():
        seconds = spent = _timed(call, clock)
        while spent < WARM_UP:
            seconds = _timed(call, clock)
            spent += seconds
        counts[span] = min(MOST, max(1, round(TURN / seconds)))
        total += counts[span] * seconds
    return counts, total


def turn(runner: runners.Runner, counts: dict[str, int], clock: Clock) -> Times:
    """The frames of a turn, span by span."""
    return {span: [_timed(call, clock) for _ in range(counts[span])] for span, call in runner.items()}


def _timed(call: Callable[[], Any], clock: Clock) -> float:
    began = clock()
    call()
    return clock() - began
