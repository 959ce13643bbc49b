"""`adain export`: a checkpoint to checked ONNX files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
from onnx import helper

from .. import __version__
from ..contract import GRAPHS, VERSIONS, Contract, Graph, Io, Precision
from ..engines.cuda.half import to_half
from ..errors import ModelError, OptionError
from ..network.model_file import VGG_ATTRIBUTION, ModelFile, codes_sha256, load_model
from ..network.pretrained import load_pytorch_adain
from ..replacing import replacing
from .check import Exported, compare
from .graph import leave_weights, store_as_float16, to_onnx


def read_checkpoint(checkpoint: Path, vgg: Path | None = None) -> ModelFile:
    """What `adain export` is given: a model file, a finished run's folder, or decoder.pth with `vgg`.

    Raises:
        ModelError: it is none of these.
        OptionError: `vgg` is missing or out of place.
    """
    if checkpoint.name.endswith((".pth", ".pth.tar")):  # pytorch-AdaIN's training gives it the second name
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
    graphs: tuple[Graph, ...] = tuple(GRAPHS),
    shared: bool = False,
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
        shared: leave the weights out of `measure` and `paint`, which `adain` then takes from stylizer.onnx beside them.
        report: called after each file.

    Raises:
        ModelError: a file differs from PyTorch by more than the bound; it is not written.
    """
    if compact and precision == "fp16":
        raise OptionError("--compact is for fp32 files; fp16 files store float16 anyway")
    written = []
    for graph in graphs:
        proto, contract = to_onnx(source.model, _contract(source, graph, io, precision))
        if compact:
            store_as_float16(proto)
        if precision == "fp16":
            proto = onnx.load_model_from_string(to_half(proto.SerializeToString()))
        onnx.checker.check_model(proto, full_check=True)
        if shared and graph in ("measure", "paint"):
            leave_weights(proto, onnx.load_model(out / "stylizer.onnx"))
            contract = replace(contract, weights="stylizer")
        helper.set_model_props(proto, contract.to_metadata())
        path = out / f"{graph}.onnx"
        with replacing(path) as temporary:
            onnx.save_model(proto, temporary)
            exported = compare(source.model, contract, path, temporary)
        written.append(exported)
        report(exported)
    return written


def _contract(source: ModelFile, graph: Graph, io: Io, precision: Precision) -> Contract:
    """What a file says of itself, but for its needs."""
    architecture = source.model.architecture
    return Contract(
        graph=graph,
        io=io,
        precision=precision,
        model=source.name,
        encoder=source.model.encoder.name,
        layers=architecture.layers,
        style_size=source.model.style_size,
        stride=architecture.stride,
        checkpoint_sha256=codes_sha256(source.model),
        model_sha256=source.sha256,
        license=source.license,
        attribution=VGG_ATTRIBUTION,
        adain_version=__version__,
        contract=VERSIONS[graph],
        architecture=architecture.name,
        smallest_side=architecture.smallest_side,
        code=architecture.code,
        statistics=architecture.statistics,
        parts_add_up=architecture.parts_add_up,
        halo=architecture.halo,
    )
