"""`adain sheet`."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from ..apps.sheet import draw_sheet
from ..bank import bank
from ..errors import OptionError
from ..look import Color, Look
from ..pictures import format_of, load, save
from ..stylizer import Stylizer
from . import options
from .printing import progress_bar, stderr_console, steps


def sheet(
    content: Annotated[str, Argument(help="A picture, or - for stdin.", show_default=False)],
    styles: Annotated[
        str | None,
        Option(help="Pictures, .npy styles or names, with commas between.", show_default="the built-in ones"),
    ] = None,
    alpha: Annotated[str, Option(help="Strengths, such as 0.5,1.")] = "1",
    color: Annotated[Color, Option(help="See `adain stylize`.")] = "style",
    side: Annotated[int, Option(help="Size of a picture on the sheet, in px.")] = 256,
    out: Annotated[
        Path | None, Option("--out", "-o", help="The file to write.", show_default="CONTENT-sheet.jpg")
    ] = None,
    device: options.Device = "auto",
    model: options.Model = None,
    quiet: options.Quiet = False,
) -> None:
    """Draw a picture after many styles at several strengths, to choose from."""
    alphas, pattern = options.numbers("alpha", alpha), Look(color=color)
    for each in alphas:
        Look(alpha=each)  # raises where it is out of range
    if not 32 <= side <= 1024:
        raise OptionError(f"the side is {side}; give 32 to 1024 px")
    wanted = [name.strip() for name in styles.split(",")] if styles is not None else list(bank().paintings)
    known = Look(tuple(wanted)).styles  # raises where there is no such style
    target = out or Path(f"{'stdin' if content == '-' else Path(content).stem}-sheet.jpg")
    format_of(target.suffix)
    photo = load(typer.get_binary_stream("stdin") if content == "-" else content)
    stylizer, console = Stylizer(model, device), stderr_console(quiet)
    with progress_bar(console, shown=False) as progress:
        drawn = draw_sheet(stylizer, photo, known, alphas, pattern, side, steps(progress, "pictures"))
    save(drawn, target)
    console.print(f"{target}  {drawn.width}x{drawn.height}, {len(wanted)} styles", markup=False)
