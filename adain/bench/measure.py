"""Rounds of a group: A B C, A B C, ...; what disturbs a machine for a while disturbs all alike, and ratios hold.

Ratios are taken within a round, and their median is reported, with the middle half of them as the spread.
"""

import math
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..engines.memory import need_memory
from ..errors import AdaINError
from ..pictures import Picture, Pixels, save
from .plan import TORCH, Group, Job
from .runners import frame, of_package, peak_flop
from .worker import Times, Worker

SECONDS = 60  # that the rounds of a group take, about
FEWEST, MOST = 5, 30  # rounds
SAME = 100.0  # dB, stands for the very same bytes

Progress = Callable[[str, int, int | None], None]  # what is done, steps done, steps in all
Start = Callable[[Job, Path], Worker]


@dataclass(frozen=True)
class Spread:
    """Percentiles of times (in ms) or of ratios."""

    count: int
    low: float  # quartiles around the median
    median: float
    high: float
    p95: float
    least: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        low, median, high, p95 = (float(each) for each in np.percentile(values, [25, 50, 75, 95]))
        return cls(len(values), low, median, high, p95, float(min(values)))


@dataclass
class Result:
    """What a job did.

    Attributes:
        precision: of the convolutions, as the engine says.
        times: ms by span.
        start_ms: from the start of the process to its first picture, by part; one process, whose files are cached.
        flop: operations of a frame, as the file says.
        of_peak: the network's operations a second, as a fraction of those of large convolutions in the same engine.
        host_mb, device_mb: peak memory; of the whole process, and of the GPU by it.
    """

    job: Job
    rounds: int
    precision: str
    times: dict[str, Spread]
    start_ms: dict[str, float]
    host_mb: float | None
    device_mb: float | None
    flop: int | None = None
    of_peak: float | None = None


@dataclass
class Ratio:
    """How many times as long a rival took, by span; and how near its picture is to ours (dB)."""

    ours: Result
    rival: Result
    times: dict[str, Spread]
    psnr_db: float | None


@dataclass
class Outcome:
    """Of all groups; `failed` holds a line for whatever could not be run."""

    results: list[Result] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def measure(
    groups: Sequence[Group],
    rounds: int | None = None,
    progress: Progress = lambda what, done, total: None,
    start: Start = Worker,
) -> Outcome:
    """Start the processes of a group, one after the other, and give each its turn in every round; then the next group.

    Args:
        rounds: None takes as many as fit into SECONDS, from FEWEST to MOST.
        start: starts a process.
    """
    outcome = Outcome()
    for group in groups:
        _measure(group, rounds, progress, start, outcome)
    return outcome


def _measure(group: Group, rounds: int | None, progress: Progress, start: Start, outcome: Outcome) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adain-")))
        workers = _start(group, folder, outcome.failed, progress, start, stack)
        if not workers:
            return
        if rounds is None:
            rounds = min(MOST, max(FEWEST, int(SECONDS / max(sum(each.ready.turn for each in workers.values()), 1e-3))))
        turns: dict[Job, list[Times]] = {job: [] for job in workers}
        for index in range(rounds * len(workers)):
            job = list(workers)[index % len(workers)]
            progress(f"{group.size.name}: {job.named()}", index, rounds * len(workers))
            turns[job].append(workers[job].turn())
        results = {job: _result(job, workers[job], turns) for job in workers if job.kind != "peak"}
    outcome.results += results.values()
    for ours, rival in group.pairs:
        if ours in results and rival in results:
            likeness = _likeness(ours, rival, workers[ours].ready.picture, workers[rival].ready.picture)
            outcome.ratios.append(Ratio(results[ours], results[rival], ratios(turns[rival], turns[ours]), likeness))


def _start(
    group: Group, folder: Path, failed: list[str], progress: Progress, start: Start, stack: ExitStack
) -> dict[Job, Worker]:
    """The processes of the jobs that can be run, which `stack` ends; a line in `failed` for the others."""
    workers: dict[Job, Worker] = {}
    size, pictures = group.size, sum(job.kind != "peak" for job in group.jobs)
    try:
        if group.hardware == "cpu":
            each = group.jobs[0].model.contract.bytes_for("cpu")
            need_memory(each * size.width * size.height * pictures)
    except MemoryError as error:
        failed.append(f"{size.name} on the cpu: {error}; give a smaller --size or fewer rivals")
        return workers
    source = folder / f"{size.name}.jpg"
    save(Picture(frame(size)), source)
    for job in group.jobs:
        progress(f"{size.name}: warming up {job.named()}", 0, None)
        try:
            workers[job] = start(job, source)
        except AdaINError as error:
            failed.append(str(error))
        else:
            stack.callback(workers[job].stop)
    return workers


def _result(job: Job, worker: Worker, turns: dict[Job, list[Times]]) -> Result:
    ready = worker.ready
    times = {
        span: Spread.of([1000 * seconds for turn in turns[job] for seconds in turn[span]]) for span in turns[job][0]
    }
    start = {part: 1000 * seconds for part, seconds in ready.start.items()}
    result = Result(job, len(turns[job]), ready.precision, times, start, worker.host_mb(), ready.device_mb)
    result.flop = flop(job)
    peaks = [each for each in turns if (each.kind, each.device, each.precision) == ("peak", job.device, job.precision)]
    if job.kind == "onnx" and result.flop is not None and peaks:
        times_as_long = ratios(turns[peaks[0]], turns[job])["network"].median
        result.of_peak = result.flop / peak_flop(job.hardware) * times_as_long
    return result


def flop(job: Job) -> int | None:
    """Operations of a frame, counted when the file was exported; None where no file says it."""
    contract = job.model.contract
    width, height = (side + -side % contract.stride for side in (job.size.width, job.size.height))
    return None if contract.operations is None or job.kind == "microast" else contract.operations * width * height


def ratios(over: Sequence[Times], under: Sequence[Times]) -> dict[str, Spread]:
    """Of the medians of two jobs, round by round, for the spans that both have."""
    return {
        span: Spread.of([float(np.median(a[span]) / np.median(b[span])) for a, b in zip(over, under, strict=True)])
        for span in under[0]
        if span in over[0]
    }


def _likeness(ours: Job, rival: Job, one: Pixels | None, other: Pixels | None) -> float | None:
    """PSNR of two pictures in dB; None where the networks have other weights."""
    a, b = ours.model.contract, rival.model.contract
    # PyTorch has the weights of no model but the package's.
    same_weights = a.model_sha256 == b.model_sha256 and (
        rival.kind == "onnx" or (rival.kind in TORCH and of_package(a))
    )
    return psnr(one, other) if same_weights and one is not None and other is not None else None


def psnr(one: Pixels, other: Pixels) -> float:
    """Of two pictures of one size, in dB."""
    error = float(np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2))
    return 10 * math.log10(255**2 / error) if error else SAME
