"""What a benchmark leaves behind: bench.json with everything, bench.md with tables for a README."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..report import Table, markdown_table, write_json, write_text
from .measure import SAME, Outcome, Ratio, Result, Spread
from .plan import Job, Model

NONE = "n/a"
SPANS = {"network": "network, ms", "host": "host to host, ms", "file": "file, ms"}
HEAD = ("size", "engine", *SPANS.values(), "frames/s", "start, ms", "host, MB", "GPU, MB", "TFLOP", "of peak")
RATIOS = ("size", "rival", "against", "network, times as long", "host to host, times as long", "PSNR, dB")
NOTES = """\
Times: median (95th percentile). Network: the graph alone, data on the device; host to host: uint8 picture in, uint8
picture out; file: JPEG to JPEG. The style is encoded before. Frames/s: one after the other, host to host. Start: from
the start of a process to its first picture, one process, files cached. MB: peak of a process that does this size only.
TFLOP: arithmetic of a frame, as the file says. Of peak: share of the arithmetic a second that large convolutions reach
in the same engine and the same run. Times as long: the rival against us, median of the ratios of rounds in turn
(quartiles). PSNR: of the rival's picture against ours."""


@dataclass
class Report:
    """Everything that a run measured.

    Attributes:
        model: what was measured.
        command: as the user gave it.
        options: JSON-able.
        machine: see `machine.facts`.
        left_out: a line for each device that is not here.
    """

    model: Model
    command: str
    options: dict[str, Any]
    machine: dict[str, Any]
    outcome: Outcome
    left_out: Sequence[str] = ()
    date: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def failed(self) -> list[str]:
        """A line for whatever was to be measured and could not be."""
        return list(dict.fromkeys(self.outcome.failed))

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        contract = self.model.contract
        kept = ("model", "io", "precision", "model_sha256")
        return {
            "adain": __version__,
            "date": self.date.isoformat(timespec="seconds"),
            "command": self.command,
            "options": self.options,
            "machine": self.machine,
            "model": {name: getattr(contract, name) for name in kept},
            "results": [_result_dict(result) for result in self.outcome.results],
            "ratios": [_ratio_dict(ratio) for ratio in self.outcome.ratios],
            "left_out": [*self.left_out, *self.failed],
        }

    def tables(self) -> list[Table]:
        """The figures; and the ratios, if there are rivals."""
        tables = [(HEAD, [_row(result) for result in self.outcome.results])]
        return tables + (
            [(RATIOS, [_ratio_row(ratio) for ratio in self.outcome.ratios])] if self.outcome.ratios else []
        )

    def markdown(self) -> str:
        """The tables, and what they were measured on, how, and with which command."""
        facts, contract = self.machine, self.model.contract
        gpu = f"; {facts['gpu']} (driver {facts['driver']})" if facts["gpu"] else ""
        versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        lines = [
            f"`{self.command}` on {facts['cpu']}, {facts['cores']} cores{gpu}; {self.date:%Y-%m-%d}.",
            f"Model {contract.model} ({contract.model_sha256[:12]}); {versions}.",
            "",
            *map(markdown_table, self.tables()),
            NOTES,
            "",
            *(f"- left out: {line}" for line in (*self.left_out, *self.failed)),
        ]
        return "\n".join(lines).rstrip() + "\n"

    def write(self, out: Path) -> None:
        """Write bench.json and bench.md into a folder."""
        write_json(out / "bench.json", self.to_dict())
        write_text(out / "bench.md", self.markdown())


def _place(job: Job) -> dict[str, Any]:
    return {"size": asdict(job.size), "device": job.device}


def _result_dict(result: Result) -> dict[str, Any]:
    values = {name: value for name, value in asdict(result).items() if name != "job"}
    engine = result.job.named(result.precision)
    return {**_place(result.job), "engine": engine, **values, "frames_per_s": _rate(result)}


def _ratio_dict(ratio: Ratio) -> dict[str, Any]:
    return {
        **_place(ratio.rival.job),
        "engine": ratio.rival.job.named(ratio.rival.precision),
        "against": ratio.ours.job.named(ratio.ours.precision),
        "times_as_long": {span: asdict(spread) for span, spread in ratio.times.items()},
        "psnr_db": ratio.psnr_db,
    }


def _rate(result: Result) -> float:
    return 1000 / result.times["host"].median


def _row(result: Result) -> tuple[str, ...]:
    spans = (result.times.get(span) for span in SPANS)
    times = (f"{_digits(span.median)} ({_digits(span.p95)})" if span else NONE for span in spans)
    rest = (
        (sum(result.start_ms.values()), "{:.0f}"),
        (result.host_mb, "{:.0f}"),
        (result.device_mb, "{:.0f}"),
        (None if result.flop is None else result.flop / 1e12, "{:.3g}"),
        (result.of_peak, "{:.0%}"),
    )
    cells = (NONE if value is None else form.format(value) for value, form in rest)
    return result.job.size.name, result.job.named(result.precision), *times, _digits(_rate(result)), *cells


def _ratio_row(ratio: Ratio) -> tuple[str, ...]:
    times = (_quartiles(ratio.times[span]) for span in ("network", "host"))
    likeness = NONE if ratio.psnr_db is None else "same bytes" if ratio.psnr_db >= SAME else f"{ratio.psnr_db:.1f}"
    names = (each.job.named(each.precision) for each in (ratio.rival, ratio.ours))
    return ratio.rival.job.size.name, *names, *times, likeness


def _quartiles(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f} to {spread.high:.2f})"


def _digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
