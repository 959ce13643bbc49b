"""PyTorch to ONNX: the three graphs of the contract, and the proof that they compute the same.

The network is not bent for the exporter: wrapper modules put the doors of the contract around it.
"""

import copy
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional

from . import __version__, contract
from .contract import Contract, Graph, Io, Precision
from .engines.onnxruntime import library
from .errors import ModelError, OptionError
from .files import replacing
from .network.model import StyleTransfer
from .network.model_file import VGG_ATTRIBUTION, ModelFile, load_model
from .network.pretrained import load_pytorch_adain
from .network.vgg import STRIDE

# The largest difference that may be between PyTorch and onnxruntime, on the CPU, both in float32, on any value
# of any case: 8-bit steps for pixels out of `bytes` files, the plain difference for everything else, where
# style codes are about 0..10 and pixels 0..1. Half precision rounds at every layer, so it gets more.
BOUNDS: dict[Precision, dict[str, float]] = {
    "fp32": {"steps": 1, "pixels": 2e-3, "style": 1e-3},
    "fp16": {"steps": 12, "pixels": 5e-2, "style": 5e-2},
}
COMPACT_FROM = 1024  # smaller weights are not worth a node


class _Doors(nn.Module):
    """The network between the doors of the contract; see `adain.contract`."""

    def __init__(self, model: StyleTransfer, io: Io, dtype: torch.dtype) -> None:
        super().__init__()
        self.model, self.io, self.dtype = model, io, dtype

    def enter(self, pixels: Tensor) -> Tensor:
        """Pixels of the contract -> [N,3,H',W'] in 0..1 with sides that the stride divides."""
        if self.io == "portable":
            return pixels.to(self.dtype)
        x = pixels.permute(0, 3, 1, 2).to(self.dtype) / 255
        height, width = x.shape[2:]
        return functional.pad(x, (0, -width % STRIDE, 0, -height % STRIDE), mode="reflect")

    def leave(self, x: Tensor, pixels: Tensor) -> Tensor:
        """[N,3,H',W'] -> pixels of the contract, of the size of `pixels`, rounded half to even."""
        x = x.float().clamp(0, 1)
        if self.io == "portable":
            return x
        x = x[:, :, : pixels.shape[1], : pixels.shape[2]]
        return (x * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


class _Stylizer(_Doors):
    def forward(self, content: Tensor, style: Tensor, alpha: Tensor) -> Tensor:
        return self.leave(self.model.stylize(self.enter(content), style, alpha), content)


class _StyleEncoder(_Doors):
    def forward(self, image: Tensor) -> Tensor:
        return self.model.encode_style(self.enter(image))


class _AdaIN(_Doors):
    def forward(self, content: Tensor, style_image: Tensor, alpha: Tensor) -> Tensor:
        return self.leave(
            self.model.stylize(self.enter(content), self.model.encode_style(self.enter(style_image)), alpha), content
        )


_WRAPPERS: dict[Graph, type[_Doors]] = {
    "stylizer": _Stylizer,
    "style_encoder": _StyleEncoder,
    "adain": _AdaIN,
}


def doors(graph: Graph, model: StyleTransfer, io: Io, dtype: torch.dtype) -> nn.Module:
    """The module that becomes GRAPH.onnx: takes and gives tensors as the contract has them; `model` is of `dtype`."""
    return _WRAPPERS[graph](model, io, dtype).eval()


@dataclass(frozen=True)
class Exported:
    """One written file, and the largest difference to PyTorch that its check found."""

    path: Path
    graph: Graph
    difference: float
    bound: float
    unit: str  # "steps" of 1/255, or "plain"
    cases: int


def read_checkpoint(checkpoint: Path, vgg: Path | None = None) -> ModelFile:
    """What `adain export` is given: a model file, a finished run's folder, or decoder.pth with `vgg`.

    Raises:
        ModelError: it is none of these.
        OptionError: `vgg` is missing or out of place.
    """
    if checkpoint.suffix == ".pth":
        if vgg is None:
            raise OptionError(f"{checkpoint} is a decoder alone; give its encoder too, with --vgg vgg_normalised.pth")
        return load_pytorch_adain(vgg, checkpoint)
    if vgg is not None:
        raise OptionError("--vgg goes with a decoder.pth; a model file of adain holds its own encoder")
    if checkpoint.is_dir():
        if not (checkpoint / "model.safetensors").is_file():
            raise ModelError(
                f"{checkpoint} has no model.safetensors; finish the run with `adain train ... --resume`, or give a file"
            )
        checkpoint = checkpoint / "model.safetensors"
    return load_model(checkpoint)


def export(
    source: ModelFile,
    out: Path,
    *,
    io: Io = "bytes",
    precision: Precision = "fp32",
    compact: bool = False,
    graphs: tuple[Graph, ...] = tuple(contract.GRAPHS),
    report: Callable[[Exported], None] = lambda exported: None,
) -> list[Exported]:
    """Write graphs of the contract into the folder `out`, each checked against PyTorch before it gets its name.

    Args:
        source: the model.
        out: gets GRAPH.onnx.
        io, precision: see `adain.contract`; statistics and doors are float32 and uint8 in both precisions.
        compact: store weights as float16 with a cast to float32 (half the size; the same numbers for a model
            file of ours, whose weights are float16 already).
        graphs: which.
        report: called after each file.

    Raises:
        ModelError: a file differs from PyTorch by more than the bound; it is not written.
    """
    if compact and precision == "fp16":
        raise OptionError("--compact is for fp32 files; fp16 files store float16 anyway")
    written = []
    for graph in graphs:
        path = out / f"{graph}.onnx"
        model = _to_onnx(source, graph, io, precision)
        if compact:
            _store_as_float16(model)
        facts = Contract(
            graph=graph,
            io=io,
            precision=precision,
            model=source.name,
            encoder=source.model.encoder.name,
            layers=source.model.layers,
            style_size=source.model.style_size,
            stride=STRIDE,
            checkpoint_sha256=source.sha256,
            license=source.license,
            attribution=VGG_ATTRIBUTION,
            adain_version=__version__,
        )
        helper.set_model_props(model, facts.to_metadata())
        onnx.checker.check_model(model, full_check=True)
        del model.graph.value_info[:]  # tract refuses symbolic shapes inside (onnx's checker adds none to the file)
        with replacing(path) as temporary:
            onnx.save_model(model, temporary)
            exported = _compare(source, path, temporary, graph, io, precision)
            if not exported.difference <= exported.bound:
                raise ModelError(
                    f"{path.name} differs from PyTorch by {exported.difference:.3g} {exported.unit}, more than "
                    f"{exported.bound:g}: not written; report this with your versions of torch and onnxruntime"
                )
        written.append(exported)
        report(exported)
    return written


def _example(graph: Graph, io: Io, style_size: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Example inputs by name, and which of their axes are free."""
    batch = Dim("batch", min=1, max=1024)
    style_batch = Dim("style_batch", min=1, max=1024)

    def pixels(prefix: str) -> tuple[Tensor, dict[int, Any]]:
        if io == "bytes":
            height, width = (Dim(f"{prefix}{axis}", min=16, max=1 << 15) for axis in ("height", "width"))
            return torch.zeros(2, 37, 43, 3, dtype=torch.uint8), {0: batch, 1: height, 2: width}
        height, width = (Dim(f"{prefix}{axis}", min=2, max=1 << 12) for axis in ("height", "width"))
        return torch.zeros(1, 3, 40, 48), {2: STRIDE * height, 3: STRIDE * width}

    inputs: dict[str, Tensor] = {}
    free: dict[str, Any] = {}
    for name in contract.GRAPHS[graph][0]:
        if name == "alpha":
            inputs[name], free[name] = torch.ones(1), None
        elif name == "style":
            # A single code for the whole batch broadcasts, so this axis is free of the other.
            count, axes = (2, {0: style_batch}) if io == "bytes" else (1, {})
            inputs[name], free[name] = torch.zeros(count, style_size), axes
        else:
            inputs[name], free[name] = pixels("style_" if name == "style_image" else "")
    return inputs, free


def _to_onnx(source: ModelFile, graph: Graph, io: Io, precision: Precision) -> onnx.ModelProto:
    dtype = torch.float16 if precision == "fp16" else torch.float32
    model = copy.deepcopy(source.model).to(dtype)
    inputs, free = _example(graph, io, model.style_size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its internals
        program = torch.onnx.export(
            doors(graph, model, io, dtype),
            kwargs=inputs,
            input_names=list(inputs),
            output_names=[contract.GRAPHS[graph][1]],
            dynamic_shapes=free,
            opset_version=contract.OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = cast(onnx.ModelProto, program.model_proto)
    opset = next(entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx"))
    if opset != contract.OPSET:  # the exporter only prints when it could not convert
        raise ModelError(f"torch wrote opset {opset} where {contract.OPSET} was asked for; use torch 2.9 or later")
    del proto.graph.value_info[:]
    for value in proto.graph.input:
        _name_axes(value, io, "style_" if value.name in ("style", "style_image") else "")
    _name_axes(proto.graph.output[0], io, "")
    proto.producer_name, proto.producer_version = "adain", __version__
    proto.doc_string = ""
    for node in proto.graph.node:  # source lines of the exporting machine
        del node.metadata_props[:]
        node.doc_string = ""
    return proto


def _name_axes(value: onnx.ValueInfoProto, io: Io, prefix: str) -> None:
    """Give the free axes the plain names that readers in other languages see; the exporter writes formulas.

    In portable files, "8*height": tract takes it by its word, and so knows that half of it doubled is the same again.
    """
    names = {0: "batch", 1: "height", 2: "width"} if io == "bytes" else {2: "height", 3: "width"}
    factor = "" if io == "bytes" else f"{STRIDE}*"
    for index, axis in enumerate(value.type.tensor_type.shape.dim):
        if axis.dim_param:
            axis.dim_param = factor + prefix + names[index]


def _store_as_float16(model: onnx.ModelProto) -> None:
    """Replace large float32 weights by float16 ones and a cast, which runtimes fold when they load."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < COMPACT_FROM:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_float16"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], name=name + "_cast", to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _cases(graph: Graph, io: Io, style_size: int, styles: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
    """Inputs that cover odd and even sizes, batches, and alphas; the same ones at every call."""
    random = np.random.default_rng(0)

    def pixels(batch: int, height: int, width: int) -> np.ndarray:
        # Soft blobs of colour with a little noise: flat noise alone would be no picture.
        coarse = random.random((batch, 3, 5, 5), dtype=np.float32)
        smooth = functional.interpolate(torch.from_numpy(coarse), (height, width), mode="bicubic").numpy()
        picture = np.clip(smooth + random.normal(0, 0.05, smooth.shape), 0, 1).astype(np.float32)
        if io == "portable":
            return picture
        return np.round(picture * 255).astype(np.uint8).transpose(0, 2, 3, 1).copy()

    sizes = [(1, 64, 64), (1, 96, 40), (1, 136, 200)]
    if io == "bytes":
        sizes += [(1, 17, 131), (2, 45, 83), (3, 16, 16)]
    for (batch, height, width), alpha in zip(sizes, (1.0, 0.5, 0.0, 1.0, 0.3, 1.0), strict=False):
        feeds: dict[str, np.ndarray] = {}
        for name in contract.GRAPHS[graph][0]:
            if name == "alpha":
                feeds[name] = np.array([alpha], np.float32)
            elif name == "style":
                count = batch if height % 2 else 1
                feeds[name] = styles[random.integers(len(styles), size=count)]
            elif name == "style_image":
                feeds[name] = pixels(batch if height % 2 else 1, height + 24, width + 8)
            else:
                feeds[name] = pixels(batch, height, width)
        yield feeds


def _compare(source: ModelFile, path: Path, file: Path, graph: Graph, io: Io, precision: Precision) -> Exported:
    """Run `file` in onnxruntime on the CPU and PyTorch in float32 on the same inputs."""
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    network = doors(graph, source.model, io, torch.float32)
    with torch.no_grad():
        pictures = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        styles = source.model.encode_style(functional.interpolate(pictures, (64, 64), mode="bilinear")).numpy()
        largest, cases = 0.0, 0
        for feeds in _cases(graph, io, source.model.style_size, styles):
            expected = network(**{name: torch.from_numpy(value) for name, value in feeds.items()}).numpy()
            (got,) = session.run(None, feeds)
            if got.shape != expected.shape or got.dtype != expected.dtype:
                raise ModelError(
                    f"{path.name} gives {got.dtype} {got.shape} where PyTorch gives {expected.dtype} {expected.shape}"
                )
            difference = np.abs(got.astype(np.float64) - expected.astype(np.float64))
            # max() would pass over NaN
            largest = float("nan") if np.isnan(difference).any() else max(largest, float(difference.max()))
            cases += 1
    kind = "style" if graph == "style_encoder" else "steps" if io == "bytes" else "pixels"
    unit = "steps" if kind == "steps" else "plain"
    return Exported(path, graph, largest, BOUNDS[precision][kind], unit, cases)
