"""A whole benchmark: what to measure, on which devices that are here, against whom."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from ..engines import Device
from ..errors import DeviceError, OptionError
from . import machine
from .measure import Progress, Start, measure
from .plan import TORCH, Job, Model, Size, parse_size, plan, read_model
from .report import Report
from .worker import Worker

ALL: tuple[Device, ...] = tuple(device for device in get_args(Device) if device != "auto")
PROBE = Size("64", 64, 64)  # px, enough to see whether a device is here


class Benchmark:
    """A model at every size on every device, ready to be measured.

    Args:
        model: see `read_model`.
        sizes: see `parse_size`; none take the usual ones.
        devices: none, or "auto", take all that are here.
        against: rivals with commas between them, see `parse_rivals`.
        rounds: None takes what fits into a minute.
        threads: of the CPU; None takes one for each core.
        worker: starts the process of a job.

    Raises:
        OptionError: a size, rival or number that cannot be.
        DeviceError: a device was asked for that is not here.
        ModelError: a model that is none of ours.
    """

    def __init__(
        self,
        model: Path | None = None,
        *,
        sizes: Sequence[str] = (),
        devices: Sequence[Device] = (),
        against: str = "",
        rounds: int | None = None,
        threads: int | None = None,
        worker: Start = Worker,
    ) -> None:
        if rounds is not None and rounds < 1:
            raise OptionError(f"the number of rounds is {rounds}; give 1 or more")
        parsed, rivals = [parse_size(size) for size in sizes], parse_rivals(against)
        self._model, self._rounds, self._worker = read_model(model, "adain"), rounds, worker
        asked = [] if "auto" in devices else list(dict.fromkeys(devices))
        self._left_out: list[str] = []
        found: list[Device] = []
        for device in dict.fromkeys([*(asked or ALL), *(each for each in ALL if each in rivals)]):
            try:
                self._probe(device, threads)
            except DeviceError as error:
                if device in asked or device in rivals:
                    raise
                self._left_out.append(f"{device}: {error}")
            else:
                found += [device] if device in (asked or ALL) else []
        self._groups = plan(self._model, found, rivals, parsed, threads)
        self._options = {
            "sizes": list(sizes), "devices": found, "against": against, "rounds": rounds, "threads": threads
        }  # fmt: skip

    def run(self, command: str, progress: Progress = lambda what, done, total: None) -> Report:
        """Measure; `command` is what the report says that it was asked with."""
        outcomes = [measure(group, self._rounds, progress, self._worker) for group in self._groups]
        return Report(self._model, command, self._options, machine.facts(), outcomes, self._left_out)

    def _probe(self, device: Device, threads: int | None) -> None:
        with tempfile.TemporaryDirectory(prefix="adain-") as folder:
            self._worker(Job("onnx", self._model, device, PROBE, threads=threads), Path(folder)).stop()


def parse_rivals(text: str) -> list[str | Model]:
    """Rivals with commas between them: torch, torch-compile, devices, folders or files of ONNX.

    Raises:
        OptionError: none of these.
        ModelError: a file that is none of ours.
    """
    rivals: list[str | Model] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name in (*TORCH, *ALL):
            rivals.append(name)
        elif Path(name).exists():
            rivals.append(read_model(Path(name)))
        else:
            raise OptionError(
                f"--against has {name!r}; give {', '.join((*TORCH, *ALL))}, or a folder that `adain export` wrote"
            )
    return list(dict.fromkeys(rivals))
