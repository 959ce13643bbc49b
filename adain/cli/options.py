"""Options that several commands share, and checks of what was given."""

from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Annotated, Any, TypeVar

from typer import Argument, Option

from .. import engines, look
from ..errors import OptionError, how_to_install

T = TypeVar("T")


def model(show_default: str) -> Any:
    """The option --model, which says what is taken without it."""
    what = "large, fast, or a folder or stylizer.onnx of `adain export`."
    return Option("--model", help=what, show_default=show_default)


Device = Annotated[engines.Device, Option(help="Where to run.")]
Json = Annotated[bool, Option("--json", help="Print JSON, for scripts.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
Alpha = Annotated[float, Option(help="0 gives back the content, 1 is the full style.")]
Size = Annotated[int | None, Option(help="Shrink the longer side to this, in px.", show_default="as it is")]
Smooth = Annotated[
    float, Option(help="How much stays of the frame before: 0 paints each on its own, 0.98 is the steadiest.")
]
Format = Annotated[
    str | None, Option(help="Of files in a folder: png, jpg, webp, tiff, bmp.", show_default="as they are")
]
StyleSize = Annotated[
    int | None,
    Option(help="Shrink style pictures to this shorter side, in px.", show_default="what the model says, 512"),
]
Threads = Annotated[int | None, Option(help="Threads of the CPU.", show_default="one for each core")]
Color = Annotated[
    look.Color, Option(help="Whose colours: the style's, the content's, or the content's but for brightness.")
]
ColorStrength = Annotated[float, Option(help="0 is the style's colours, 1 what --color says.")]
StrokeSize = Annotated[
    str, Option(help="Breadth of strokes: 0.5 fine, 2 broad; full paints every pixel of a large picture.")
]
Mask = Annotated[
    str | None, Option(help="A picture that is white, or opaque, where to paint.", show_default="everywhere")
]
Feather = Annotated[float, Option(help="Width of the edges of masks and regions, in px.")]
Fit = Annotated[bool, Option("--fit", help="Stretch masks and regions to the picture.")]
ModelArgument = Annotated[
    Path | None,
    Argument(help="large, fast, or a folder or stylizer.onnx of `adain export`.", show_default="large"),
]
Model = Annotated[
    Path | None,
    model(show_default="large"),
]


def value(name: str, text: str, read: Callable[[str], T], wanted: str) -> T:
    """What the text of an option stands for; raises an OptionError that says what was wanted."""
    try:
        return read(text)
    except ValueError as error:
        raise OptionError(f"--{name} {text!r} is no {wanted}") from error


def numbers(name: str, text: str) -> tuple[float, ...]:
    """The value of an option that is a list of numbers."""
    return value(name, text, lambda text: tuple(map(float, text.split(","))), "list of numbers; write it like 0.7,0.3")


def stroke_size_of(text: str) -> float | None:
    """The value of --stroke-size as a look has it."""
    return None if text == "full" else value("stroke-size", text, float, "number; give one, or full")


def must_be_folder(out: Path | None) -> None:
    """Refuse a file where a folder is to be written."""
    if out is not None and out.exists() and not out.is_dir():
        raise OptionError(f"{out} is a file; --out takes a folder")


def need_extra(extra: str, *packages: str) -> None:
    """Say how to install what a command needs, where it is missing."""
    missing = [package for package in packages if util.find_spec(package) is None]
    if missing:
        raise OptionError(f"this command needs {', '.join(missing)}; install with: {how_to_install(extra)}")
