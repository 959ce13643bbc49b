"""What a benchmark leaves behind: bench.json with everything, bench.md with tables for a README."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..files import replacing
from .measure import SAME, Outcome, Ratio, Result, Spread
from .plan import Model

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]  # head, rows

NONE = "n/a"
TIMES = ("network, ms", "host to host, ms", "file, ms")
HEAD = ("size", "engine", *TIMES, "frames/s", "host, MB", "GPU, MB", "TFLOP", "of peak")
RATIOS = ("size", "rival", "against", "network, times as long", "host to host, times as long", "PSNR, dB")
NOTES = """\
Times: median (95th percentile). Network: the graph alone, data on the device; host to host: uint8 picture in, uint8
picture out; file: JPEG to JPEG. The style is encoded before. Frames/s: one after the other, host to host. MB: peak of
a process that does this size only. TFLOP: arithmetic of the convolutions. Of peak: share of the arithmetic a second
that large convolutions reach in the same engine and the same run. Times as long: the rival against us, median of the
ratios of rounds in turn (quartiles). PSNR: of the rival's picture against ours."""


class Report:
    """Everything that a run measured.

    Args:
        model: what was measured.
        command: as the user gave it.
        options: JSON-able.
        machine: see `machine.facts`.
        left_out: a line for each device that is not here.
    """

    def __init__(
        self,
        model: Model,
        command: str,
        options: dict[str, Any],
        machine: dict[str, Any],
        outcomes: Sequence[Outcome],
        left_out: Sequence[str] = (),
    ) -> None:
        self._model, self._machine, self._command, self._options = model, machine, command, options
        self._outcomes = outcomes
        self._left_out = left_out
        self._date = datetime.now(UTC)

    @property
    def failed(self) -> list[str]:
        """A line for whatever was to be measured and could not be."""
        return [line for outcome in self._outcomes for line in outcome.failed]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        contract = self._model.contract
        return {
            "adain": __version__,
            "date": self._date.isoformat(timespec="seconds"),
            "command": self._command,
            "options": self._options,
            "machine": self._machine,
            "model": {
                "name": contract.model,
                "io": contract.io,
                "precision": contract.precision,
                "checkpoint_sha256": contract.checkpoint_sha256,
            },
            "results": [
                _place(outcome, result.job.label)
                | {"device": result.job.device, "precision": result.job.precision, "rival": result.job.rival}
                | {name: value for name, value in asdict(result).items() if name != "job"}
                | {"frames_per_s": _rate(result)}
                for outcome in self._outcomes
                for result in outcome.results
            ],
            "ratios": [
                _place(outcome, each.rival.label)
                | {"against": each.ours.label, "psnr_db": each.psnr_db}
                | {"times_as_long": {span: asdict(spread) for span, spread in each.times.items()}}
                for outcome in self._outcomes
                for each in outcome.ratios
            ],
            "left_out": [*self._left_out, *self.failed],
        }

    def tables(self) -> list[Table]:
        """The figures; and the ratios, if there are rivals."""
        rows = [_row(outcome, result) for outcome in self._outcomes for result in outcome.results]
        ratios = [_ratio_row(outcome, each) for outcome in self._outcomes for each in outcome.ratios]
        return [(HEAD, rows)] + ([(RATIOS, ratios)] if ratios else [])

    def markdown(self) -> str:
        """The tables, and what they were measured on, how, and with which command."""
        facts, contract = self._machine, self._model.contract
        where = [f"{facts['cpu']}, {facts['cores']} cores"]
        where += [f"{facts['gpu']} (driver {facts['driver']})"] if facts["gpu"] else []
        versions = [f"{name} {version}" for name, version in facts["versions"].items()]
        lines = [
            f"`{self._command}` on {'; '.join(where)}; {self._date:%Y-%m-%d}.",
            f"Model {contract.model} ({contract.checkpoint_sha256[:12]}); {', '.join(versions)}.",
            "",
        ]
        for head, rows in self.tables():
            lines += ["| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows)] + [""]
        lines += [NOTES, "", *(f"- left out: {line}" for line in (*self._left_out, *self.failed))]
        return "\n".join(lines).rstrip() + "\n"

    def write(self, out: Path) -> None:
        """Write bench.json and bench.md into a folder."""
        for name, text in (("bench.json", json.dumps(self.to_dict(), indent=1)), ("bench.md", self.markdown())):
            with replacing(out / name) as temporary:
                temporary.write_text(text, encoding="utf-8")


def _place(outcome: Outcome, label: str) -> dict[str, Any]:
    return {"size": asdict(outcome.group.size), "engine": label, "rounds": outcome.rounds}


def _rate(result: Result) -> float:
    return 1000 / result.spans["host"].median_ms


def _row(outcome: Outcome, result: Result) -> tuple[str, ...]:
    spans = (result.spans.get(name) for name in ("network", "host", "file"))
    times = (f"{_digits(span.median_ms)} ({_digits(span.p95_ms)})" if span else NONE for span in spans)
    memory = (NONE if megabytes is None else f"{megabytes:.0f}" for megabytes in (result.host_mb, result.device_mb))
    work = NONE if result.flop is None else f"{result.flop / 1e12:.3g}"
    share = NONE if result.of_peak is None else f"{100 * result.of_peak.median:.0f} %"
    return outcome.group.size.name, result.job.label, *times, _digits(_rate(result)), *memory, work, share


def _ratio_row(outcome: Outcome, each: Ratio) -> tuple[str, ...]:
    times = (_spread(each.times[name]) for name in ("network", "host"))
    likeness = NONE if each.psnr_db is None else "same bytes" if each.psnr_db >= SAME else f"{each.psnr_db:.1f}"
    return outcome.group.size.name, each.rival.label, each.ours.label, *times, likeness


def _spread(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f} to {spread.high:.2f})"


def _digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
