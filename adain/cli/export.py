"""`adain export` and `adain info`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from .. import shipped
from ..contract import Contract, Io, Precision
from ..errors import OptionError
from ..onnx_file import parse, read_bytes
from .options import JsonOption, QuietOption, must_be_folder, need_extra
from .printing import print_table, stderr_console


def export(
    checkpoint: Annotated[
        Path,
        Argument(help="A model.safetensors, a run's folder, or decoder.pth.", show_default="the shipped model"),
    ] = shipped.CHECKPOINT,
    out: Annotated[Path | None, Option("--out", "-o", help="Folder for the ONNX files.", show_default="onnx")] = None,
    triton: Annotated[
        Path | None,
        Option(help="Write a model repository for NVIDIA Triton Inference Server into this new folder instead."),
    ] = None,
    io: Annotated[Io, Option(help="bytes: uint8 pictures, any size. portable: the plainest graph.")] = "bytes",
    precision: Annotated[Precision, Option(help="Of the convolutions; statistics are always float32.")] = "fp32",
    compact: Annotated[bool, Option("--compact", help="Store float32 weights as float16: half the size.")] = False,
    vgg: Annotated[
        Path | None, Option(help="vgg_normalised.pth, where CHECKPOINT is pytorch-AdaIN's decoder.pth.")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write stylizer, style_encoder, adain, measure and paint as .onnx, each compared with PyTorch."""
    need_extra("train", "torch", "onnx", "onnxscript", "safetensors")
    from ..export.check import Exported
    from ..export.triton import write_repository
    from ..export.write import export as write
    from ..export.write import read_checkpoint

    def report(exported: Exported) -> None:
        if not quiet:
            size = exported.path.stat().st_size / 1e6
            stderr_console().print(
                f"{exported.path}  {size:.1f} MB, largest difference to PyTorch in {exported.cases} cases: "
                f"{exported.difference:.2g} (bound {exported.bound:g}; {exported.unit})",
                markup=False,
            )

    if triton is not None and out is not None:
        raise OptionError("--out and --triton exclude each other; leave one out")
    must_be_folder(out)
    (write if triton is None else write_repository)(
        read_checkpoint(checkpoint, vgg),
        triton or out or Path("onnx"),
        io=io,
        precision=precision,
        compact=compact,
        report=report,
    )


def info(
    file: Annotated[Path, Argument(help="An ONNX file of `adain export`.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Print the contract of an ONNX file: graph, inputs, outputs, sizes, licence."""
    model = read_bytes(file)
    facts, head = asdict(Contract.read(model, str(file))), parse(model)
    if as_json:
        tensors = {"inputs": head.inputs, "outputs": head.outputs}
        parts = {key: [asdict(each) for each in value] for key, value in tensors.items()}
        typer.echo(json.dumps({"file": str(file), "contract": facts, **parts}, indent=2))
        return
    print_table(("", str(file)), [(key, _plain(value)) for key, value in facts.items()])
    rows = [("input", tensor) for tensor in head.inputs] + [("output", tensor) for tensor in head.outputs]
    print_table(
        ("", "name", "type", "shape"), [(kind, each.name, each.type, _plain(each.shape)) for kind, each in rows]
    )


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
