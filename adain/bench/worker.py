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
from itertools import pairwise
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..errors import AdaINError, first_line
from ..pictures import Pixels
from . import runners
from .machine import find_gpu, host_peak
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
        precision: of the convolutions, as far as the engine tells.
        start: s from the start of the process to its first picture, by part.
        turn: s that a turn takes.
        picture: its result; None for the peak.
        device_mb: of the GPU's memory that this process holds now; None where it is not known.
    """

    precision: str
    start: dict[str, float]
    turn: float
    picture: Pixels | None
    device_mb: float | None


class Worker:
    """A job in its own process, warm.

    Args:
        source: see `runners.start`.

    Raises:
        AdaINError: the job cannot be run here.
    """

    def __init__(self, job: Job, source: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._job = job
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, job, source, time.time()), daemon=True)
        try:
            with _deaf():
                self._process.start()
            theirs.close()
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
        if self._process.pid is None:  # Ctrl-C came before it was started
            return
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
            code, name = self._process.exitcode, f"{self._job.named()} at {self._job.size.name}"
            if code is not None and code < 0:
                cause = f"was ended by the system (exit code {code}), most likely for its memory"
                raise AdaINError(f"{name} {cause}; give a smaller --size") from error
            raise AdaINError(f"{name} ended before its time (exit code {code}); what it printed says why") from error
        if isinstance(answer, AdaINError):
            raise answer
        return answer


@contextmanager
def _deaf() -> Iterator[None]:
    """Child processes are born deaf to Ctrl-C, which a terminal sends to all; the parent hears it after this."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would end the silence if it were started in it
    heard: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which children inherit
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if heard:
        raise KeyboardInterrupt


def _serve(connection: Connection, job: Job, source: Path, began: float) -> None:
    """Answer the parent; `began` is when it started this process, in seconds of `time.time`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    marks = [began, time.time()]
    try:
        gpu = find_gpu() if job.hardware == "gpu" else None
        before = gpu.used() if gpu else 0.0
        spans, precision = runners.start(job, source)
        marks.append(time.time())
        picture = spans["host"]() if "host" in spans else None
        marks.append(time.time())
        parts = dict(zip(("imports", "session", "first picture"), (b - a for a, b in pairwise(marks)), strict=True))
        counts, seconds = warm_up(spans, time.perf_counter)
        # onnxruntime and PyTorch keep what they took, so this is the peak, if no other program uses the GPU.
        device_mb = gpu.used() - before if gpu else None
        connection.send(Ready(precision, parts, seconds, picture, device_mb))
        while True:
            if connection.recv() == "turn":
                connection.send(turn(spans, counts, time.perf_counter))
            else:
                connection.send(host_peak())
    except (EOFError, ConnectionError):  # the parent is gone
        return
    except AdaINError as error:
        connection.send(error)
    except Exception as error:  # the libraries' errors share no base class
        connection.send(AdaINError(f"{job.named()} at {job.size.name} failed ({first_line(error)})"))


def warm_up(spans: runners.Spans, clock: Clock) -> tuple[dict[str, int], float]:
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


def turn(spans: runners.Spans, counts: dict[str, int], clock: Clock) -> Times:
    """The frames of a turn, span by span."""
    return {span: [_timed(call, clock) for _ in range(counts[span])] for span, call in spans.items()}


def _timed(call: Callable[[], Any], clock: Clock) -> float:
    began = clock()
    call()
    return clock() - began
