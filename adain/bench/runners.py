"""One frame of a job, span by span; lives in the job's process.

network   the graph, its inputs and its output on the device
host      uint8 picture in the host's memory  ->  uint8 picture in the host's memory
file      JPEG file  ->  JPEG file
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from .. import shipped
from ..bank import bank
from ..contract import Contract
from ..engines import open_engine
from ..engines.threads import usable_threads
from ..errors import DeviceError, ModelError
from ..look import Look
from ..pictures import Picture, Pixels, load, save
from ..session import Session
from ..styles import Style
from .plan import Hardware, Job, Size

Spans = dict[str, Callable[[], Any]]  # calling one does one frame of it; "host" gives the picture

STYLE = "scream"
# Channels and side of the convolutions that show the peak: large enough for all cores, small enough for memory.
PEAK_SHAPES = {"cpu": (256, 128), "gpu": (512, 256)}
PEAK_CONVOLUTIONS = 4  # of all channels; with two, OpenVINO reached four fifths of this


def start(job: Job, source: Path) -> tuple[Spans, str]:
    """Make a job ready.

    Args:
        source: a JPEG file of the job's size.

    Returns:
        The spans; the precision of the convolutions, as far as the engine tells.

    Raises:
        AdaINError: the job cannot be run here.
        Exception: a library's own.
    """
    return (_onnx if job.kind == "onnx" else _torch)(job, source)


def frame(size: Size) -> Pixels:
    """uint8 [H,W,3]: soft shapes of every size, as photographs have; the same at every call."""
    random, octaves = np.random.default_rng(0), 1.4 ** -np.arange(8, dtype=np.float32)
    picture = np.zeros((size.height, size.width, 3), np.float32)
    for octave, share in enumerate(octaves / octaves.sum()):
        grid = Image.fromarray(random.integers(0, 256, (2 + 2**octave, 2 + 2**octave, 3), np.uint8))
        picture += share * np.asarray(grid.resize((size.width, size.height), Image.Resampling.BICUBIC))
    return picture.astype(np.uint8)


def some_style(contract: Contract) -> Style:
    """A built-in style, or for another model one that is as good for timing."""
    if bank().model == contract.checkpoint_sha256:
        return bank().style(STYLE)
    return Style(np.full(contract.style_size, 0.5, np.float32), "grey")


def _onnx(job: Job, source: Path) -> tuple[Spans, str]:
    session = Session(job.model.file, "stylizer", job.device, job.threads, precision=job.compute)
    picture, inputs = load(source).pixels, Look.of(some_style(session.contract)).inputs()
    lane = session.lane(job.size.height, job.size.width, inputs)
    lane.upload(picture, inputs)
    target = source.with_stem(f"{source.stem}-out")
    spans: Spans = {
        "network": lane.compute,
        "host": lambda: lane.run(picture, inputs),
        "file": lambda: save(Picture(lane.run(load(source).pixels, inputs)), target),
    }
    return spans, session.precision


def peak(job: Job) -> Callable[[], Any]:
    """Large convolutions in the job's engine; their number of operations is `peak_flop`."""
    stored: Literal["fp16", "fp32"] = "fp16" if job.precision == "fp16" else "fp32"
    graph, values = peak_graph(job.hardware, stored)
    engine = open_engine(graph, job.device, threads=job.threads, precision=job.compute, stored=stored)
    lane = engine.lane({"x0": values})
    lane.upload({"x0": values})
    return lane.compute


def peak_flop(hardware: Hardware) -> int:
    """Operations of `peak_graph`."""
    channels, side = PEAK_SHAPES[hardware]
    return 2 * 9 * side**2 * (3 * channels + PEAK_CONVOLUTIONS * channels**2)


def peak_graph(hardware: Hardware, precision: Literal["fp16", "fp32"]) -> tuple[bytes, np.ndarray]:
    """Large convolutions of 3 x 3 in a row, behind a small input and before a small output: little is moved.

    Returns:
        the bytes of an ONNX file; values for its input `x0`, float16 or float32 [1,3,H,W].
    """
    from onnx import helper, numpy_helper

    channels, side = PEAK_SHAPES[hardware]
    dtype, random = np.float16 if precision == "fp16" else np.float32, np.random.default_rng(0)
    kind, depth = helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), 1 + PEAK_CONVOLUTIONS
    first, others = (
        random.normal(0, (9 * before) ** -0.5, (channels, before, 3, 3)).astype(dtype)  # keeps the scale of values
        for before in (3, channels)
    )
    convolutions = [
        helper.make_node("Conv", [f"x{i}", "others" if i else "first"], [f"x{i + 1}"], pads=[1] * 4)
        for i in range(depth)
    ]
    graph = helper.make_graph(
        [*convolutions, helper.make_node("GlobalAveragePool", [f"x{depth}"], ["mean"])],
        "peak",
        [helper.make_tensor_value_info("x0", kind, (1, 3, side, side))],
        [helper.make_tensor_value_info("mean", kind, (1, channels, 1, 1))],
        [numpy_helper.from_array(first, "first"), numpy_helper.from_array(others, "others")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString(), random.normal(size=(1, 3, side, side)).astype(dtype)


def _torch(job: Job, source: Path) -> tuple[Spans, str]:
    import torch

    from ..export.doors import folded, wrap

    torch.set_num_threads(job.threads or usable_threads())
    contract, cuda = job.model.contract, job.hardware == "gpu"
    if cuda and not torch.cuda.is_available():
        raise DeviceError("this PyTorch cannot use CUDA; install one that can, or leave it out of --against")
    device = "cuda" if cuda else "cpu"
    torch.backends.cudnn.benchmark = True  # the size stays, so the fastest kernels may be searched for
    module: Any = wrap("stylizer", folded(_network(job)), "bytes").to(device)
    if cuda:
        module = halve(module).to(memory_format=torch.channels_last)
    if job.kind == "torch-compile":
        # On a GPU with CUDA graphs, as our own engine may have them.
        module = torch.compile(module, dynamic=False, mode="reduce-overhead" if cuda else "default")
    picture = torch.from_numpy(load(source).pixels.copy())[None]
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

    return {"network": network_only, "host": host}, job.precision


def halve(module: Any) -> Any:
    """Let the convolutions of a folded network compute in float16, and all else in float32, as `engines.cuda.half`."""
    from torch import nn

    for each in module.modules():
        if isinstance(each, nn.Conv2d):
            each.half()
    return module


def _network(job: Job) -> Any:
    """The `StyleTransfer` that a file was exported from."""
    from ..network.model_file import load_model, sha256

    for file in shipped.CHECKPOINTS:
        if file.is_file() and sha256(file) == job.model.contract.model_sha256:
            return load_model(file).model
    raise ModelError(f"{job.model.file} is of none of adain's own model.safetensors; leave torch out of --against")
