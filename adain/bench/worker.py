"""The process of a job. It does frames when told to, and lies still while other jobs have their turn.

A process of its own for each job and size: no size hides the memory of another, and onnxruntime, OpenVINO and
PyTorch bring their own CUDA libraries and threads without meeting. What it cannot do comes back as an error, even
where the system kills it for its memory.
"""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
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

Seconds = list[float]  # of each frame
Times = dict[str, Seconds]  # by span


@dataclass(frozen=True)
class Ready:
    """What a process says when it is warm.

    Attributes:
        precision: of the convolutions, as far as the engine tells.
        start_ms: from the start of the process to its first picture, by part; one process, whose files are cached.
        picture: its result.
        host_mb, device_mb: peak of the host's memory, and what the process holds of the GPU's; None where it is not
            known.
    """

    precision: str
    start_ms: dict[str, float]
    picture: Pixels
    host_mb: float | None
    device_mb: float | None


class Worker:
    """A job in its own process, warm.

    Args:
        source: see `runners.start`.

    Raises:
        AdaINError: the job cannot be run here.
    """

    def __init__(self, job: Job, source: Path) -> None:
        self._job = job
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(each).resolve()) for each in sys.path)},
            start_new_session=True,  # out of reach of Ctrl-C, which a terminal sends to all
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._pipes = self._process.stdin, self._process.stdout
        try:
            self.ready: Ready = self._answer((job, source, time.time()))
        except BaseException:
            self.stop()
            raise

    def turn(self) -> Times:
        """Do the frames of a turn."""
        times: Times = self._answer("turn")
        return times

    def stop(self) -> None:
        """End the process; what it held is free then."""
        requests, answers = self._pipes
        with suppress(OSError, subprocess.TimeoutExpired):
            requests.close()  # which ends it, unless it is busy
            self._process.wait(PATIENCE)
        self._process.kill()
        self._process.wait()
        answers.close()

    def _answer(self, question: Any) -> Any:
        requests, answers = self._pipes
        try:
            pickle.dump(question, requests)
            requests.flush()
            answer = pickle.load(answers)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.stop()
            code, name = self._process.returncode, f"{self._job.named()} at {self._job.size.name}"
            if code < 0:
                cause = f"was ended by the system (exit code {code}), most likely for its memory"
                raise AdaINError(f"{name} {cause}; give a smaller --size") from error
            raise AdaINError(f"{name} ended before its time (exit code {code}); what it printed says why") from error
        if isinstance(answer, AdaINError):
            raise answer
        return answer


def serve() -> None:
    """What the process does: it reads the arguments of `_work`, then answers once a request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows has no sessions
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the answers
    with suppress(EOFError, OSError):  # the parent is gone
        for answer in _answers(*pickle.load(sys.stdin.buffer)):
            pickle.dump(answer, answers)
            answers.flush()
            pickle.load(sys.stdin.buffer)


def _answers(job: Job, source: Path, began: float) -> Iterator[Ready | Times | AdaINError]:
    """The work, or why there is none."""
    try:
        yield from _work(job, source, began)
    except AdaINError as error:
        yield error
    except Exception as error:  # the libraries' errors share no base class
        yield AdaINError(f"{job.named()} at {job.size.name} failed ({first_line(error)})")


def _work(job: Job, source: Path, began: float) -> Iterator[Ready | Times]:
    """`Ready`, then a turn whenever it is asked for; `began` is when the process was started, in s of `time.time`."""
    marks = [began, time.time()]
    before = find_gpu() if job.hardware == "gpu" else None
    spans, precision = runners.start(job, source)
    marks.append(time.time())
    picture = spans["host"]()
    marks.append(time.time())
    parts = (1000 * (b - a) for a, b in pairwise(marks))
    start_ms = dict(zip(("imports", "session", "first picture"), parts, strict=True))
    counts = warm_up(spans)
    # onnxruntime and PyTorch keep what they took, so this is the peak, if no other program uses the GPU.
    after = find_gpu() if before else None
    device_mb = after.used_mb - before.used_mb if before and after else None
    ready = Ready(precision, start_ms, picture, host_peak(), device_mb)
    if job.peak:  # only now, as it takes memory too
        peak = {"peak": runners.peak(job)}
        spans, counts = spans | peak, counts | warm_up(peak)
    yield ready
    while True:
        yield turn(spans, counts)


def warm_up(spans: runners.Spans) -> dict[str, int]:
    """Run until what happens once has happened; how many frames of each span make a turn."""
    next(iter(spans.values()))()
    counts = {}
    for span, call in spans.items():
        seconds = spent = _timed(call)
        while spent < WARM_UP:
            seconds = _timed(call)
            spent += seconds
        counts[span] = min(MOST, max(1, round(TURN / seconds)))
    return counts


def turn(spans: runners.Spans, counts: dict[str, int]) -> Times:
    """The frames of a turn, span by span."""
    return {span: [_timed(call) for _ in range(counts[span])] for span, call in spans.items()}


def _timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
