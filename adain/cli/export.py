"""`adain export` and `adain info`."""

import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from .. import shipped
from ..contract import Contract, Io, Precision
from ..errors import OptionError
from ..onnx_file import parse, read_bytes
from . import options
from .printing import print_table, stderr_console


def export(
    checkpoint: Annotated[
        Path,
        Argument(
            help="A model.safetensors, a run's folder, decoder.pth, or a folder of bytes files to make portable.",
            show_default="the shipped model",
        ),
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
    quiet: options.Quiet = False,
) -> None:
    """Write stylizer, style_encoder, adain, measure and paint as .onnx, each compared with PyTorch."""
    if io == "portable" and triton is None and vgg is None and precision == "fp32":
        files = _bytes_files(checkpoint)
        if files is not None:
            _convert(files, out or Path("onnx"), quiet)
            return
    options.need_extra("train", "torch", "onnx", "onnxscript", "safetensors")
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
    options.must_be_folder(out)
    (write if triton is None else write_repository)(
        read_checkpoint(checkpoint, vgg),
        triton or out or Path("onnx"),
        io=io,
        precision=precision,
        compact=compact,
        report=report,
    )


def _bytes_files(checkpoint: Path) -> Path | None:
    """The folder of bytes files that portable ones are made of: the one given, or the shipped one without torch."""
    if (checkpoint / "stylizer.onnx").is_file():
        return checkpoint
    return shipped.ONNX if checkpoint == shipped.CHECKPOINT and find_spec("torch") is None else None


def _convert(files: Path, out: Path, quiet: bool) -> None:
    options.need_extra("bench", "onnx")  # the smallest extra that has it
    from ..export.portable import convert

    def report(path: Path, difference: float) -> None:
        if not quiet:
            size = path.stat().st_size / 1e6
            line = f"{path}  {size:.1f} MB, largest difference to {files / path.name}: {difference:.2g}"
            stderr_console().print(line, markup=False)

    options.must_be_folder(out)
    convert(files, out, report)


def info(
    file: Annotated[Path, Argument(help="An ONNX file of `adain export`.", show_default=False)],
    as_json: options.Json = False,
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
    """A fact on one line; a layout as its names and numbers."""
    if not isinstance(value, list | tuple):
        return str(value)
    return ", ".join(" ".join(map(str, each)) if isinstance(each, list | tuple) else str(each) for each in value)
