"""What a benchmark leaves behind: bench.json with everything, bench.md with tables for a README."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..report import Table, markdown_table, write_json, write_text
from .measure import SAME, Outcome, Ratio, Result
from .plan import Model

NONE = "n/a"
# The cells of the tables, by the names of their columns.
RESULTS: dict[str, Callable[[Result], str]] = {
    "size": lambda of: of.job.size.name,
    "engine": lambda of: of.engine,
    "network, ms": lambda of: _times(of, "network"),
    "host to host, ms": lambda of: _times(of, "host"),
    "file, ms": lambda of: _times(of, "file"),
    "frames/s": lambda of: _digits(of.frames_per_s),
    "start, ms": lambda of: f"{sum(of.ready.start_ms.values()):.0f}",
    "host, MB": lambda of: _or_none(of.ready.host_mb, ".0f"),
    "GPU, MB": lambda of: _or_none(of.ready.device_mb, ".0f"),
    "TFLOP": lambda of: _or_none(of.job.flop and of.job.flop / 1e12, ".3g"),
    "of peak": lambda of: _or_none(of.of_peak, ".0%"),
}
RATIOS: dict[str, Callable[[Ratio], str]] = {
    "size": lambda of: of.rival.job.size.name,
    "rival": lambda of: of.rival.engine,
    "against": lambda of: of.ours.engine,
    "network, times as long": lambda of: _quartiles(of, "network"),
    "host to host, times as long": lambda of: _quartiles(of, "host"),
    "PSNR, dB": lambda of: "same bytes" if of.psnr_db == SAME else _or_none(of.psnr_db, ".1f"),
}
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
        machine: see `machine.facts`.
        left_out: a line for each device that is not here.
    """

    model: Model
    command: str
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
            "machine": self.machine,
            "model": {name: getattr(contract, name) for name in kept},
            "results": [_result_dict(result) for result in self.outcome.results],
            "ratios": [_ratio_dict(ratio) for ratio in self.outcome.ratios],
            "left_out": [*self.left_out, *self.failed],
        }

    def tables(self) -> list[Table]:
        """The figures; and the ratios, if there are rivals."""
        results, ratios = self.outcome.results, self.outcome.ratios
        tables = [(tuple(RESULTS), [tuple(cell(each) for cell in RESULTS.values()) for each in results])]
        if ratios:
            tables.append((tuple(RATIOS), [tuple(cell(each) for cell in RATIOS.values()) for each in ratios]))
        return tables

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


def _result_dict(result: Result) -> dict[str, Any]:
    ready = {name: getattr(result.ready, name) for name in ("precision", "start_ms", "host_mb", "device_mb")}
    return {
        "size": asdict(result.job.size),
        "device": result.job.device,
        "engine": result.engine,
        "rounds": result.rounds,
        **ready,
        "times": {span: asdict(spread) for span, spread in result.times.items()},
        "flop": result.job.flop,
        "of_peak": result.of_peak,
        "frames_per_s": result.frames_per_s,
    }


def _ratio_dict(ratio: Ratio) -> dict[str, Any]:
    return {
        "size": asdict(ratio.rival.job.size),
        "device": ratio.rival.job.device,
        "engine": ratio.rival.engine,
        "against": ratio.ours.engine,
        "times_as_long": {span: asdict(spread) for span, spread in ratio.times.items()},
        "psnr_db": ratio.psnr_db,
    }


def _times(result: Result, span: str) -> str:
    spread = result.times.get(span)
    return f"{_digits(spread.median)} ({_digits(spread.p95)})" if spread else NONE


def _quartiles(ratio: Ratio, span: str) -> str:
    spread = ratio.times[span]
    return f"{spread.median:.2f} ({spread.low:.2f} to {spread.high:.2f})"


def _or_none(value: float | None, form: str) -> str:
    return NONE if value is None else format(value, form)


def _digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
