"""The process of a job. It does frames when told to, and lies still while other jobs have their turn.

A process of its own for each job and size: no size hides the memory of another, and onnxruntime, OpenVINO and
PyTorch bring their own CUDA libraries and threads without meeting. What it cannot do comes back as an error, even
where the system kills it for its memory.
"""

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..errors import AdaINError, PictureError, first_line
from ..pictures import Pixels
from . import runners
from .memory import DevicePeak, find_gpu, host_peak
from .plan import Job

WARM_UP = 0.3  # s for each span, after one frame that pays for memory, the search of kernels and compilation
TURN = 0.2  # s that a span takes in one turn, at least; a slow frame is a turn by itself
MOST = 500  # frames in a turn
PATIENCE = 3  # s for a process to end by itself

Clock = Callable[[], float]  # s
Times = dict[str, list[float]]  # span -> s of each frame


@dataclass(frozen=True)
class Ready:
    """What a process says when it is warm.

    Attributes:
        turn: s that a turn takes.
        picture: its result; None for the peak.
        device_mb: peak of the GPU's memory; None where it is not known.
        precision: see `runners.Runner`.
    """

    turn: float
    picture: Pixels | None
    device_mb: float | None
    precision: str


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
        with _deaf():
            self._process.start()
        theirs.close()
        try:
            self.ready: Ready = self._answer()
        except BaseException:
            self.stop()
            raise

    def turn(self) -> Times:
        """Do the frames of a turn."""
        times: Times = self._answer("turn")
        return times

    def host_mb(self) -> float | None:
        """Peak of the host's memory so far."""
        megabytes: float | None = self._answer("memory")
        return megabytes

    def stop(self) -> None:
        """End the process; what it held is free then."""
        self._connection.close()  # which ends it, unless it is busy
        self._process.join(PATIENCE)
        self._process.kill()
        self._process.join()
        self._process.close()

    def _answer(self, question: str | None = None) -> Any:
        try:
            if question is not None:
                self._connection.send(question)
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


@contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started in here ignores Ctrl-C, which the terminal sends to all; its parent ends it."""
    if threading.current_thread() is not threading.main_thread():  # others may not set this
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(connection: Connection, job: Job, folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where `_deaf` could not do it
    try:
        with DevicePeak(find_gpu() if job.hardware == "gpu" else None) as device:
            runner = runners.start(job, folder)
            counts, seconds = warm_up(runner.spans, time.perf_counter)
            picture = runner.spans["host"]() if "host" in runner.spans else None
        connection.send(Ready(seconds, picture, device.megabytes, runner.precision))
        while True:
            if connection.recv() == "turn":
                connection.send(turn(runner.spans, counts, time.perf_counter))
            else:
                connection.send(host_peak())
    except (EOFError, ConnectionError):  # the parent is gone
        return
    except AdaINError as error:
        connection.send(error)
    except Exception as error:  # the libraries' errors share no base class
        connection.send(AdaINError(f"{job.label} at {job.size.name} failed ({first_line(error)})"))


def warm_up(spans: dict[str, runners.Call], clock: Clock) -> tuple[dict[str, int], float]:
    """Run until what happens once has happened.

    Returns:
        how many frames of each span make a turn; s that such a turn takes.
    """
    next(iter(spans.values()))()
    counts, total = {}, 0.0
    for span, call in spans.items():
        seconds = spent = _timed(call, clock)
        while spent < WARM_UP:
            seconds = _timed(call, clock)
            spent += seconds
        counts[span] = min(MOST, max(1, round(TURN / seconds)))
        total += counts[span] * seconds
    return counts, total


def turn(spans: dict[str, runners.Call], counts: dict[str, int], clock: Clock) -> Times:
    """The frames of a turn, span by span."""
    return {span: [_timed(call, clock) for _ in range(counts[span])] for span, call in spans.items()}


def _timed(call: Callable[[], Any], clock: Clock) -> float:
    began = clock()
    call()
    return clock() - began
