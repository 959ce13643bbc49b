"""A whole benchmark: what to measure, on which devices that are here, against whom."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from ..engines import Device
from ..errors import DeviceError, OptionError
from . import machine
from .measure import Progress, measure
from .plan import TORCH, Job, Model, Size, parse_size, plan, read_model
from .report import Report
from .worker import Worker

ALL: tuple[Device, ...] = tuple(device for device in get_args(Device) if device != "auto")
PROBE = Size("64", 64, 64)  # px, enough to see whether a device is here


def bench(
    model: Path | None = None,
    *,
    sizes: Sequence[str] = (),
    devices: Sequence[Device] = (),
    against: str = "",
    rounds: int | None = None,
    threads: int | None = None,
    command: str = "",
    progress: Progress = lambda what, done, total: None,
    worker: Callable[[Job, Path], Worker] = Worker,
) -> Report:
    """Measure a model at every size on every device.

    Args:
        model: see `read_model`.
        sizes: see `parse_size`; none take the usual ones.
        devices: none, or "auto", take all that are here.
        against: rivals with commas between them, see `parse_rivals`.
        rounds: None takes what fits into a minute.
        threads: of the CPU; None takes one for each core.
        command: for the report.

    Raises:
        OptionError: a size, rival or number that cannot be.
        DeviceError: a device was asked for that is not here.
        ModelError: a model that is none of ours.
    """
    if rounds is not None and rounds < 1:
        raise OptionError(f"the number of rounds is {rounds}; give 1 or more")
    parsed, subject, rivals = [parse_size(size) for size in sizes], read_model(model, "adain"), parse_rivals(against)
    asked = [] if "auto" in devices else list(dict.fromkeys(devices))
    left_out = []
    found: list[Device] = []
    for device in dict.fromkeys([*(asked or ALL), *(each for each in ALL if each in rivals)]):
        progress(f"looking for {device}", 0, None)
        try:
            _probe(Job("onnx", subject, device, PROBE, threads), worker)
        except DeviceError as error:
            if device in asked or device in rivals:
                raise
            left_out.append(f"{device}: {error}")
        else:
            found += [device] if device in (asked or ALL) else []
    groups = plan(subject, found, rivals, parsed, threads)
    outcomes = [measure(group, rounds, progress, worker) for group in groups]
    options = {"sizes": list(sizes), "devices": found, "against": against, "rounds": rounds, "threads": threads}
    return Report(subject, command, options, machine.facts(), outcomes, left_out)


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


def _probe(job: Job, worker: Callable[[Job, Path], Worker]) -> None:
    with tempfile.TemporaryDirectory(prefix="adain-") as folder:
        worker(job, Path(folder)).stop()
