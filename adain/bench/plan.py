"""What is measured: jobs, one for each way to run the model, in groups that are measured in turn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import util
from pathlib import Path
from typing import Literal, cast, get_args

from ..contract import MIN_SIDE, Contract
from ..engines import GPUS, Compute, Device
from ..engines.cuda.check import cuda_problem, tensorrt_problem
from ..engines.openvino import openvino_problem
from ..errors import DeviceError, OptionError
from ..onnx_file import read_bytes
from ..pictures import MAX_PIXELS
from ..session import stylizer_file

NAMED = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
DEFAULT_SIZES = {"cpu": ("256", "512", "720p", "1080p"), "gpu": ("256", "512", "720p", "1080p", "4K")}

DEVICES: tuple[Device, ...] = tuple(device for device in get_args(Device) if device != "auto")
Hardware = Literal["cpu", "gpu"]
Kind = Literal["onnx", "torch", "torch-compile"]
IN_TORCH: dict[Kind, str] = {"torch": "PyTorch eager", "torch-compile": "torch.compile"}  # rivals, by their names


@dataclass(frozen=True)
class Size:
    """Of a frame, in px."""

    name: str
    width: int
    height: int


def parse_size(text: str) -> Size:
    """A side (512), a name (720p, 1080p, 4K) or WIDTHxHEIGHT.

    Raises:
        OptionError: none of these, or too small or too large a picture.
    """
    if text.lower() in NAMED:
        return Size(text.lower().replace("k", "K"), *NAMED[text.lower()])
    match = re.fullmatch(r"(\d{1,9})(?:x(\d{1,9}))?", text.lower())
    width, height = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise OptionError(
            f"the size is {text!r}; give a side such as 512, a name (720p, 1080p, 4K) or WIDTHxHEIGHT, "
            f"with sides of at least {MIN_SIDE} px and at most {MAX_PIXELS:,} px in all"
        )
    return Size(text.lower(), width, height)


@dataclass(frozen=True)
class Model:
    """A stylizer file, what it says of itself, and what tables call it."""

    file: Path
    contract: Contract
    name: str


def read_model(model: Path | None, name: str | None = None) -> Model:
    """A folder, a stylizer file, or None for the model of the package; named after its folder, unless `name` is given.

    Raises:
        ModelError: it is none of ours.
    """
    file = stylizer_file(model)
    return Model(file, Contract.read(read_bytes(file), str(file), "stylizer"), name or file.resolve().parent.name)


@dataclass(frozen=True)
class Job:
    """One way to run a model at one size.

    Attributes:
        kind: "onnx" runs the file in the engine of `device`; "torch" and "torch-compile" run the network that it
            was exported from.
        compute: the precision that the engine is asked for.
        threads: of the CPU; None takes one for each core.
        peak: whether large convolutions are timed beside it, in the same engine.
    """

    kind: Kind
    model: Model
    device: Device
    size: Size
    compute: Compute = "auto"
    threads: int | None = None
    peak: bool = False

    @property
    def hardware(self) -> Hardware:
        """What the device is made of."""
        return "gpu" if self.device in GPUS else "cpu"

    @property
    def precision(self) -> str:
        """Of the convolutions, as far as it is known before; engines that choose for themselves say it later."""
        if self.kind in IN_TORCH:
            return "fp16" if self.hardware == "gpu" else "fp32"
        return self.model.contract.precision if self.compute == "auto" else self.compute

    @property
    def flop(self) -> int | None:
        """Operations of a frame, counted when the file was exported; None where no file says it."""
        contract = self.model.contract
        width, height = (side + -side % contract.stride for side in (self.size.width, self.size.height))
        return None if contract.operations is None else contract.operations * width * height

    def named(self, precision: str | None = None) -> str:
        """The name in messages and tables; there with the precision that the engine told."""
        return f"{IN_TORCH.get(self.kind, self.model.name)}, {self.device} {precision or self.precision}"


@dataclass(frozen=True)
class Group:
    """Jobs of one size on one hardware, measured in turn, and which of ours is compared with which rival."""

    size: Size
    jobs: tuple[Job, ...]
    pairs: tuple[tuple[Job, Job], ...]  # ours, rival


def find_devices(asked: Sequence[str], rivals: Sequence[str | Model]) -> tuple[list[Device], list[str]]:
    """Devices to measure, and a line for each that is not here.

    Args:
        asked: by the user; none, or "auto", takes all that are here.
        rivals: see `parse_rivals`; devices among them have to be here.

    Raises:
        OptionError: no device has that name.
        DeviceError: a device was asked for that is not here.
    """
    for device in asked:
        if device not in get_args(Device):
            raise OptionError(f"the device is {device!r}; give one of {', '.join(get_args(Device))}")
    asked = () if "auto" in asked else cast(Sequence[Device], asked)
    wanted = tuple(dict.fromkeys(asked)) or DEVICES
    checks = {"openvino": openvino_problem, "cuda": cuda_problem, "tensorrt": tensorrt_problem}
    problems = {device: check() for device, check in checks.items() if device in wanted or device in rivals}
    left_out = {device: problem for device, problem in problems.items() if problem}
    for device, problem in left_out.items():
        if device in asked or device in rivals:
            raise DeviceError(f"cannot run on {device}: {problem}")
    return [device for device in wanted if device not in left_out], [": ".join(each) for each in left_out.items()]


def parse_rivals(text: str) -> list[str | Model]:
    """Rivals with commas between them: torch, torch-compile, devices, folders or files of ONNX.

    Raises:
        OptionError: none of these.
        ModelError: a file that is none of ours.
    """
    rivals: list[str | Model] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name in (*IN_TORCH, *DEVICES):
            rivals.append(name)
        elif Path(name).exists():
            rivals.append(read_model(Path(name)))
        else:
            known = ", ".join((*IN_TORCH, *DEVICES))
            raise OptionError(f"--against has {name!r}; give {known}, or a folder that `adain export` wrote")
    return list(dict.fromkeys(rivals))


def plan(
    model: Model,
    devices: Sequence[Device],
    rivals: Sequence[str | Model],
    sizes: Sequence[Size] = (),
    threads: int | None = None,
) -> list[Group]:
    """All groups, those of the CPU first, in the order of the sizes.

    Args:
        devices: where `model` is measured.
        rivals: see `parse_rivals`. Each is compared with `model` on the same hardware, another model on the
            same device.
        sizes: none take the DEFAULT_SIZES of the hardware.
        threads: see `Job`.

    Raises:
        OptionError: a rival that none of the devices can be compared with, or threads below 1.
    """
    if threads is not None and threads < 1:
        raise OptionError(f"threads is {threads}; give 1 or more")
    peak = util.find_spec("onnx") is not None  # which makes its graph
    groups, alone = [], list(rivals)
    for hardware in get_args(Hardware):
        here = [device for device in devices if (device in GPUS) == (hardware == "gpu")]
        for size in (sizes or map(parse_size, DEFAULT_SIZES[hardware])) if here else ():
            ours = [
                Job("onnx", model, device, size, compute, threads, peak)
                for device in here
                for compute in _computes(model, device)
            ]
            pairs = [(job, rival) for name in rivals for job in ours if (rival := _rival(job, name))]
            alone = [name for name in alone if not any(_rival(job, name) for job in ours)]
            # A rival of several of ours, or one that is ours, runs once.
            jobs = dict.fromkeys([*ours, *(rival for _, rival in pairs)])
            groups.append(Group(size, tuple(jobs), tuple(pairs)))
    if alone:
        raise OptionError(f"nothing runs where {alone[0]} could be compared with it; give another --device")
    return groups


def _computes(model: Model, device: str) -> tuple[Compute, ...]:
    """A GPU runs a float32 file in both precisions; everything else runs as the file says."""
    half = device in GPUS and model.contract.precision == "fp32" and util.find_spec("onnx") is not None
    return ("fp16", "fp32") if half else ("auto",)


def _rival(job: Job, name: str | Model) -> Job | None:
    """What `name` is for one of our jobs; None where it is the job itself, or a device of other hardware."""
    if isinstance(name, Model):
        compute = job.compute if name.contract.precision == "fp32" else "auto"
        return replace(job, model=name, compute=compute) if name.file != job.model.file else None
    if name in IN_TORCH:
        device: Device = "cuda" if job.hardware == "gpu" else "cpu"
        return replace(job, kind=name, device=device, compute="auto", peak=False)
    rival = replace(job, device=cast(Device, name))
    return rival if rival != job and rival.hardware == job.hardware else None
