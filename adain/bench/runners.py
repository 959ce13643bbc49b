"""One frame of a job, span by span; lives in the job's process.

network   the graph, its inputs and its output on the device
host      uint8 picture in the host's memory  ->  uint8 picture in the host's memory
file      JPEG file  ->  JPEG file

"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .. import shipped
from ..bank import bank
from ..contract import Contract
from ..engines import Stored, open_engine
from ..errors import DeviceError, ModelError
from ..look import Look
from ..pictures import Picture, Pixels, load, save
from ..session import Session
from ..styles import Style
from .plan import Job, Size

Call = Callable[[], Any]

STYLE = "scream"


@dataclass(frozen=True)
class Runner:
    """A job that is ready.

    Attributes:
        spans: calling one does one frame of it; "host" gives the picture.
        precision: of the convolutions, as far as the engine tells.
    """

    spans: dict[str, Call]
    precision: str


def start(job: Job, folder: Path) -> Runner:
    """Make a job ready.

    Args:
        folder: for the JPEG files.

    Raises:
        AdaINError: the job cannot be run here.
        Exception: a library's own.
    """
    return {"onnx": _onnx, "peak": _peak, "torch": _torch, "torch-compile": _torch}[job.kind](job, folder)


def frame(size: Size) -> Pixels:
    """uint8 [H,W,3]: soft shapes of every size, as photographs have; the same at every call."""
    random = np.random.default_rng(0)
    picture = np.full((size.height, size.width, 3), 127.5, np.float32)
    for octave in range(8):
        grid = random.normal(0, 40 / 1.4**octave, (2 + 2**octave, 2 + 2**octave, 3)).astype(np.float32)
        for channel in range(3):
            plane = Image.fromarray(grid[:, :, channel])
            picture[:, :, channel] += np.asarray(plane.resize((size.width, size.height), Image.Resampling.BICUBIC))
    result: Pixels = picture.clip(0, 255).astype(np.uint8)
    return result


def of_package(contract: Contract) -> bool:
    """Whether the model is the one of the package, whatever its io and precision."""
    return bank().model == contract.checkpoint_sha256


def some_style(contract: Contract) -> Style:
    """A built-in style, or for another model one that is as good for timing."""
    if of_package(contract):
        return bank().style(STYLE)
    return Style(np.full(contract.style_size, 0.5, np.float32), "grey")


def _onnx(job: Job, folder: Path) -> Runner:
    session = Session(job.model.file, "stylizer", job.device, job.threads, precision=job.compute)
    contract, picture = session.contract, frame(job.size)
    inputs = Look.of(some_style(contract)).inputs()
    lane = session.lane(job.size.height, job.size.width, inputs)
    lane.upload(picture, inputs)

    def host(pixels: Pixels = picture) -> Pixels:
        return lane.run(pixels, inputs)

    source, target = folder / f"{job.size.name}.jpg", folder / f"{job.size.name}-out.jpg"
    if not source.exists():
        save(Picture(picture), source)

    def file() -> None:
        save(Picture(host(load(source).pixels)), target)

    spans: dict[str, Call] = {"network": lane.compute, "host": host}
    return Runner(spans if job.rival else spans | {"file": file}, session.precision)


def _peak(job: Job, folder: Path) -> Runner:
    from .arithmetic import peak_graph

    stored: Stored = "fp16" if job.precision == "fp16" else "fp32"
    graph, shape, _ = peak_graph(job.hardware, job.precision)
    engine = open_engine(graph, job.device, threads=job.threads, precision=job.compute, stored=stored)
    values = np.random.default_rng(0).normal(size=shape).astype(np.float16 if stored == "fp16" else np.float32)
    lane = engine.lane({"x0": values})
    lane.upload({"x0": values})
    return Runner({"network": lane.compute}, engine.precision)


def _torch(job: Job, folder: Path) -> Runner:
    import torch

    from ..export import doors
    from ..network import architecture_with
    from ..network.model_file import load_model

    if job.threads is not None:
        torch.set_num_threads(job.threads)
    contract, cuda = job.model.contract, job.hardware == "gpu"
    if cuda and not torch.cuda.is_available():
        raise DeviceError("this PyTorch cannot use CUDA; install one that can, or leave it out of --against")
    if of_package(contract):
        network = load_model(shipped.CHECKPOINT).model
    else:  # random weights, which take the same time
        architecture = architecture_with(contract.layers)
        if architecture is None:
            raise ModelError(
                f"{job.model.file} has {', '.join(contract.layers)}, a network that this adain does not have"
            )
        network = architecture.build(contract.encoder)
    if network.style_size != contract.style_size:
        raise ModelError(
            f"{job.model.file} says that it is {contract.encoder} with {', '.join(contract.layers)}, whose style "
            f"codes have {network.style_size} values, not {contract.style_size}; export it again"
        )
    device, dtype = ("cuda", torch.float16) if cuda else ("cpu", torch.float32)
    torch.backends.cudnn.benchmark = True  # the size stays, so the fastest kernels may be searched for
    module: Any = doors("stylizer", network.to(dtype), "bytes", dtype).to(device)
    if cuda:
        module = module.to(memory_format=torch.channels_last)
    if job.kind == "torch-compile":
        # On a GPU with CUDA graphs, as our own engine may have them.
        module = torch.compile(module, dynamic=False, mode="reduce-overhead" if cuda else "default")
    picture = torch.from_numpy(frame(job.size))[None]
    style, alpha = torch.from_numpy(some_style(contract).code[None].copy()).to(device), torch.ones(1, device=device)
    on_device = picture.to(device)

    @torch.inference_mode()
    def host() -> Pixels:
        result: Pixels = module(picture.to(device), style, alpha)[0].cpu().numpy()
        return result

    @torch.inference_mode()
    def network_only() -> None:
        module(on_device, style, alpha)
        if cuda:
            torch.cuda.synchronize()

    return Runner({"network": network_only, "host": host}, job.precision)
