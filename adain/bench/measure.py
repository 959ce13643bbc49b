"""Rounds of a group: A B C, A B C, ...; what disturbs a machine for a while disturbs all alike, and ratios hold.

Ratios are taken within a round, and their median is reported, with the middle half of them as the spread.
"""

import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..engines.memory import need_memory
from ..errors import AdaINError
from ..pictures import Picture, Pixels, save
from .plan import Group, Job
from .runners import frame, peak_flop
from .worker import Ready, Seconds, Worker

SECONDS = 60  # that the rounds of a group take, about
FEWEST, MOST = 5, 30  # rounds
SAME = 100.0  # dB, stands for the very same bytes

Turns = dict[str, list[Seconds]]  # by span: the frames of each turn
Progress = Callable[[str, int, int | None], None]  # what is done, steps done, steps in all


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
        ready: what its process said when it was warm.
        times: ms by span.
        of_peak: the network's operations a second, as a fraction of those of large convolutions in the same engine.
    """

    job: Job
    ready: Ready
    rounds: int
    times: dict[str, Spread]
    of_peak: float | None = None

    @property
    def engine(self) -> str:
        """The name in tables."""
        return self.job.named(self.ready.precision)

    @property
    def frames_per_s(self) -> float:
        """One after the other, host to host."""
        return 1000 / self.times["host"].median


@dataclass
class Ratio:
    """How many times as long a rival took, by span."""

    ours: Result
    rival: Result
    times: dict[str, Spread]

    @property
    def psnr_db(self) -> float | None:
        """How near the rival's picture is to ours; None where the networks have other weights."""
        models = {each.job.model.contract.model_sha256 for each in (self.ours, self.rival)}
        return psnr(self.ours.ready.picture, self.rival.ready.picture) if len(models) == 1 else None


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
) -> Outcome:
    """Start the processes of a group, one after the other, and give each its turn in every round; then the next group.

    Args:
        rounds: None takes as many as fit into SECONDS, from FEWEST to MOST.
    """
    outcome = Outcome()
    for group in groups:
        with ExitStack() as stack:
            workers = dict(_start(group, outcome.failed, progress, stack))
            turns = _take_turns(workers, rounds, progress)
        results = {job: _result(job, worker.ready, turns[job]) for job, worker in workers.items()}
        outcome.results += results.values()
        for ours, rival in group.pairs:
            if ours in results and rival in results:
                spans = [span for span in turns[rival] if span in turns[ours]]
                times = {span: ratio(turns[rival][span], turns[ours][span]) for span in spans}
                outcome.ratios.append(Ratio(results[ours], results[rival], times))
    return outcome


def _start(group: Group, failed: list[str], progress: Progress, stack: ExitStack) -> Iterator[tuple[Job, Worker]]:
    """The processes of the jobs that can be run, which `stack` ends; a line in `failed` for the others."""
    size = group.size
    try:
        if group.jobs[0].hardware == "cpu":
            each = group.jobs[0].model.contract.bytes_for("cpu")
            need_memory(each * size.width * size.height * len(group.jobs))
    except MemoryError as error:
        failed.append(f"{size.name} on the cpu: {error}; give a smaller --size or fewer rivals")
        return
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="adain-"))
    source = Path(folder, f"{size.name}.jpg")
    save(Picture(frame(size)), source)
    for job in group.jobs:
        progress(f"{size.name}: warming up {job.named()}", 0, None)
        try:
            worker = Worker(job, source)
        except AdaINError as error:
            failed.append(str(error))
        else:
            stack.callback(worker.stop)
            yield job, worker


def _take_turns(workers: Mapping[Job, Worker], rounds: int | None, progress: Progress) -> dict[Job, Turns]:
    """A turn of each job in every round."""
    turns: dict[Job, Turns] = {job: defaultdict(list) for job in workers}
    done, seconds = 0, 0.0
    while workers and (rounds is None or done < rounds * len(workers)):
        for job, worker in workers.items():
            progress(f"{job.size.name}: {job.named()}", done, rounds and rounds * len(workers))
            for span, frames in worker.turn().items():
                turns[job][span].append(frames)
                seconds += sum(frames)
            done += 1
        rounds = rounds or min(MOST, max(FEWEST, int(SECONDS / seconds)))
    return turns


def _result(job: Job, ready: Ready, turns: Turns) -> Result:
    times = {span: Spread.of([1000 * seconds for frames in turns[span] for seconds in frames]) for span in turns}
    result = Result(job, ready, len(turns["network"]), times)
    if "peak" in turns and job.flop is not None:
        result.of_peak = job.flop / peak_flop(job.hardware) * ratio(turns["peak"], turns["network"]).median
    return result


def ratio(over: Sequence[Seconds], under: Sequence[Seconds]) -> Spread:
    """Of the medians of two spans, round by round."""
    return Spread.of([float(np.median(a) / np.median(b)) for a, b in zip(over, under, strict=True)])


def psnr(one: Pixels, other: Pixels) -> float:
    """Of two pictures of one size, uint8 [H,W,3], in dB."""
    error = float(np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2))
    return 10 * math.log10(255**2 / error) if error else SAME
