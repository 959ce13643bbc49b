"""Options that several commands share, and checks of what was given."""

from enum import StrEnum
from importlib import util
from pathlib import Path
from typing import Annotated

from typer import Option

from ..errors import OptionError


class Device(StrEnum):
    """Where to run."""

    auto = "auto"
    cpu = "cpu"
    openvino = "openvino"
    cuda = "cuda"
    tensorrt = "tensorrt"


class Io(StrEnum):
    """The two doors of the contract."""

    bytes = "bytes"
    portable = "portable"


class Precision(StrEnum):
    """Of the convolutions."""

    fp32 = "fp32"
    fp16 = "fp16"


JsonOption = Annotated[bool, Option("--json", help="Print JSON, for scripts.")]
QuietOption = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
ModelOption = Annotated[
    Path | None,
    Option("--model", help="A folder or stylizer.onnx of `adain export`.", show_default="the shipped model"),
]


def must_be_folder(out: Path | None) -> None:
    """Refuse a file where a folder is to be written."""
    if out is not None and out.exists() and not out.is_dir():
        raise OptionError(f"{out} is a file; --out takes a folder")


def need_extra(extra: str, *packages: str) -> None:
    """Say how to install what a command needs, where it is missing."""
    missing = [package for package in packages if util.find_spec(package) is None]
    if missing:
        raise OptionError(f"this command needs {', '.join(missing)}; install with: pip install 'adain[{extra}]'")
