"""Rounds of a group: A B C, A B C, ...; what disturbs a machine for a while disturbs all alike, and ratios hold.

Ratios are taken within a round, and their median is reported, with the middle half of them as the spread.
"""

import math
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path

import numpy as np

from ..errors import AdaINError, DeviceError, ModelError, OptionError
from ..pictures import Pixels
from .memory import host_free
from .plan import Group, Job
from .runners import of_package
from .worker import Times, Worker

SECONDS = 60  # that the rounds of a group take, about
FEWEST, MOST = 5, 30  # rounds
SAME = 100.0  # dB, stands for the very same bytes

Progress = Callable[[str, int, int | None], None]  # what is done, steps done, steps in all

Start = Callable[[Job, Path], Worker]


@dataclass(frozen=True)
class Spread:
    """A median and how far the values lie around it: quartiles."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Span:
    """Times of a span."""

    frames: int
    median_ms: float
    p95_ms: float
    least_ms: float


@dataclass
class Result:
    """What a job did.

    Attributes:
        precision: of the convolutions, as the engine says.
        flop: operations of the convolutions of a frame; None where they could not be counted.
        of_peak: the network's operations a second, as a fraction of those of large convolutions in the same engine.
        host_mb, device_mb: peak memory; of the whole process, and of the GPU by it.
    """

    job: Job
    precision: str
    spans: dict[str, Span]
    host_mb: float | None
    device_mb: float | None
    flop: int | None = None
    of_peak: Spread | None = None


@dataclass
class Ratio:
    """How many times as long a rival took, by span; and how near its picture is to ours."""

    ours: Job
    rival: Job
    times: dict[str, Spread]
    psnr_db: float | None


@dataclass
class Outcome:
    """Of a group; `failed` holds a line for whatever could not be run."""

    group: Group
    rounds: int = 0
    results: list[Result] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def name(self, job: Job) -> str:
        """Of a job that was run, in tables."""
        return next(job.named(each.precision) for each in self.results if each.job == job)


def measure(
    group: Group,
    rounds: int | None = None,
    progress: Progress = lambda what, done, total: None,
    worker: Start = Worker,
) -> Outcome:
    """Start the processes of a group, one after the other, and give each its turn in every round.

    Args:
        rounds: None takes as many as fit into SECONDS, from FEWEST to MOST.
        worker: starts a process.

    Raises:
        DeviceError, ModelError, OptionError: what was asked for can be run at no size.
    """
    outcome, workers = Outcome(group), {}
    if (free := host_free()) is not None and group.memory_gb > free:
        outcome.failed.append(
            f"{group.size.name} on the {group.hardware} needs about {group.memory_gb:.0f} GB of memory, "
            f"{free:.0f} GB are free; give a smaller --size or fewer rivals"
        )
        return outcome
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adain-")))
        for job in group.jobs:
            progress(f"{group.size.name}: warming up {job.label}", 0, None)
            try:
                workers[job] = worker(job, folder)
            except (DeviceError, ModelError, OptionError):
                raise
            except AdaINError as error:  # such as too little memory at this size
                outcome.failed.append(str(error))
            else:
                stack.callback(workers[job].stop)
        if rounds is None:
            rounds = min(MOST, max(FEWEST, int(SECONDS / max(sum(each.ready.turn for each in workers.values()), 1e-3))))
        times: dict[Job, list[Times]] = {job: [] for job in workers}
        for index in range(rounds * len(workers)):
            job = list(workers)[index % len(workers)]
            progress(f"{group.size.name}: {job.label}", index, rounds * len(workers))
            times[job].append(workers[job].turn())
        for job in workers:
            if job.kind != "peak":
                ready = workers[job].ready
                spans = {name: summary([s for each in times[job] for s in each[name]]) for name in times[job][0]}
                outcome.results.append(Result(job, ready.precision, spans, workers[job].host_mb(), ready.device_mb))
    outcome.rounds = rounds
    pictures = {job: each.ready.picture for job, each in workers.items()}
    for ours, rival in group.pairs:
        if ours in times and rival in times:
            shared = [span for span in times[ours][0] if span in times[rival][0]]
            slower = {span: ratio(times[rival], times[ours], span) for span in shared}
            outcome.ratios.append(Ratio(ours, rival, slower, _likeness(ours, rival, pictures)))
    _add_arithmetic(outcome, times)
    return outcome


def _likeness(ours: Job, rival: Job, pictures: dict[Job, Pixels | None]) -> float | None:
    one, other = ours.model.contract, rival.model.contract
    # PyTorch has the weights of no model but the package's.
    same_weights = one.checkpoint_sha256 == other.checkpoint_sha256 and (rival.kind == "onnx" or of_package(one))
    return psnr(pictures[ours], pictures[rival]) if same_weights else None


def _add_arithmetic(outcome: Outcome, times: dict[Job, list[Times]]) -> None:
    if util.find_spec("onnx") is None:
        return
    from .arithmetic import count, peak_graph

    peaks = {(job.device, job.precision): job for job in times if job.kind == "peak"}
    for result in outcome.results:
        job, size = result.job, result.job.size
        result.flop = count(job.model.file, job.model.contract, size.width, size.height)
        peak = peaks.get((job.device, job.precision)) if job.kind == "onnx" else None
        if peak is not None:
            *_, at_most = peak_graph(job.hardware, job.precision)
            speed = ratio(times[peak], times[job], "network")
            result.of_peak = Spread(*(result.flop / at_most * each for each in (speed.median, speed.low, speed.high)))


def summary(seconds: Sequence[float]) -> Span:
    """Of the frames of all rounds."""
    median, p95 = np.percentile(seconds, [50, 95]) * 1000
    return Span(len(seconds), float(median), float(p95), min(seconds) * 1000)


def ratio(over: Sequence[Times], under: Sequence[Times], span: str) -> Spread:
    """Of the medians of two jobs, round by round."""
    ratios = [np.median(a[span]) / np.median(b[span]) for a, b in zip(over, under, strict=True)]
    low, median, high = np.percentile(ratios, [25, 50, 75])
    return Spread(float(median), float(low), float(high))


def psnr(one: Pixels | None, other: Pixels | None) -> float | None:
    """Of two pictures of one size, in dB."""
    if one is None or other is None:
        return None
    error = float(np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2))
    return 10 * math.log10(255**2 / error) if error else SAME
