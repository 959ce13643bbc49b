"""`adain stylize` and `adain styles`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from typer import Argument, Option

from ..apps import files
from ..bank import bank
from ..errors import OptionError
from ..look import Look
from ..painter import Tile
from ..stylizer import Stylizer
from . import options
from .printing import complain, print_table, progress_bar, stderr_console, steps, track

StyleOption = Annotated[
    list[str],
    Option("--style", "-s", help="A picture, a .npy style, or a name of `adain styles`. May be repeated."),
]
RegionsOption = Annotated[
    str | None,
    Option(help="A picture with a colour for each --style, dark to bright; black stays.", show_default="none"),
]
OutOption = Annotated[
    str | None,
    Option("--out", "-o", help="A file, a folder, or - for stdout.", show_default="CONTENT-STYLE"),
]
SkipExistingOption = Annotated[
    bool,
    Option("--skip-existing", help="Leave results that are there, and so go on with an interrupted folder."),
]
TileOption = Annotated[
    str, Option(help="Paint in tiles of so many px: the same result in less memory. auto: where it has to be; off.")
]


def stylize(
    content: Annotated[list[str], Argument(help="Pictures, folders, or - for stdin.", show_default=False)],
    style: StyleOption,
    mix: Annotated[str | None, Option(help="Shares of several styles, such as 0.7,0.3.", show_default="equal")] = None,
    alpha: options.Alpha = 1.0,
    size: options.Size = None,
    style_size: options.StyleSize = None,
    color: options.Color = "style",
    color_strength: options.ColorStrength = 1.0,
    stroke_size: options.StrokeSize = "1",
    mask: options.Mask = None,
    regions: RegionsOption = None,
    feather: options.Feather = 0,
    fit: options.Fit = False,
    out: OutOption = None,
    format: options.Format = None,
    skip_existing: SkipExistingOption = False,
    strip: Annotated[bool, Option("--strip", help="Write no EXIF (with the place it was taken), no dpi.")] = False,
    tile: TileOption = "auto",
    device: options.Device = "auto",
    threads: options.Threads = None,
    model: options.Model = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Restyle pictures.

    The result has the size and the orientation of the content. Bad files in a batch are reported and
    skipped; the exit code is then 2.
    """
    look = Look(
        tuple(style),
        options.numbers("mix", mix) if mix is not None else (),
        alpha,
        style_size=style_size,
        color=color,
        color_strength=color_strength,
        stroke_size=options.stroke_size_of(stroke_size),
        mask=mask,
        regions=regions,
        feather=feather,
        fit=fit,
    )
    keep = [*style, *filter(None, (mask, regions))]
    jobs = files.plan(content, out, look, size, keep, format=format, strip=strip)
    to_stdout = any(job.to_stdout for job in jobs)
    if as_json and to_stdout:
        raise OptionError("--json and the picture cannot both go to stdout; give a file with -o")
    stylizer = Stylizer(model, device, threads=threads, tile=_tile(tile))
    done = _run(stylizer, jobs, stderr_console(quiet or as_json or to_stdout), skip_existing)
    if as_json:
        facts = {"model": stylizer.contract.model, "device": stylizer.device, "style": look.name, "alpha": look.alpha}
        typer.echo(json.dumps(facts | {"pictures": [each.to_dict() for each in done]}, indent=2))
    failed = sum(each.error is not None for each in done)
    if failed and len(done) > 1:
        complain(f"{failed} of {len(done)} pictures failed")
    if failed:
        raise typer.Exit(2)


def _tile(text: str) -> Tile:
    wanted = "whole number; give one, or auto or off"
    return "auto" if text == "auto" else "off" if text == "off" else options.value("tile", text, int, wanted)


def _run(stylizer: Stylizer, jobs: list[files.Job], console: Console, skip_existing: bool) -> list[files.Done]:
    """Do the jobs, and tell of each as it is done."""
    done = []
    with progress_bar(console, len(jobs) > 1) as progress:
        running = files.run(stylizer, jobs, steps(progress, "tiles"), skip_existing=skip_existing)
        for each in track(progress, running, "pictures", len(jobs)) if len(jobs) > 1 else running:
            done.append(each)
            if each.error:
                complain(each.error)
            elif each.skipped:
                console.print(f"{each.job.output}  is there, left as it is", markup=False)
            else:
                note = f"{each.width}x{each.height}, {each.seconds:.2f} s on {stylizer.device}"
                console.print(f"{each.job.output}  {note}", markup=False)
    return done


def styles(
    picture: Annotated[
        Path | None, Argument(help="A picture to save as a style.", show_default="list the built-in ones")
    ] = None,
    out: Annotated[
        Path | None, Option("--out", "-o", help="The .npy file to save.", show_default="PICTURE.npy")
    ] = None,
    style_size: options.StyleSize = None,
    device: options.Device = "auto",
    model: options.Model = None,
    as_json: options.Json = False,
) -> None:
    """List the built-in styles, or save a picture's style as a file."""
    if picture is None:
        if out is not None:
            raise OptionError("--out is for saving a style; give the picture too")
        paintings = bank().paintings
        if as_json:
            typer.echo(json.dumps({name: asdict(painting) for name, painting in paintings.items()}, indent=2))
            return
        print_table(
            ("style", "movement", "artist", "title", "year"),
            [(n, p.movement, p.artist, p.title, p.year) for n, p in paintings.items()],
        )
        return
    target = out or Path(f"{picture.stem}.npy")
    if target.suffix.lower() != ".npy":
        raise OptionError(f"a style is saved as a .npy file, not {target.name}; give -o NAME.npy")
    style = Stylizer(model, device).encode_style(picture, style_size)
    style.save(target)
    if as_json:
        typer.echo(json.dumps({"style": str(target), "size": style.code.size}))
    else:
        stderr_console().print(f"{target}  {style.code.size} numbers", markup=False)
