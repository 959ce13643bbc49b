"""`adain dataset`."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console
from typer import Argument, Option

from ..apps import dataset as data_sets
from ..apps.journal import Journal
from ..apps.manifest import write_manifest
from ..apps.on_ray import Cluster
from ..apps.restyling import Make, Worker, here
from ..contract import Contract
from ..engines import Device
from ..errors import OptionError
from ..look import Look
from ..onnx_file import read_bytes
from ..session import stylizer_file
from ..stopping import stop_signal
from ..stylizer import Stylizer
from . import options
from .printing import complain, progress_bar, stderr_console

StyleArgument = Annotated[
    Path | None, Argument(help="A folder of paintings, or of .tar shards.", show_default="the built-in styles")
]
StylesOption = Annotated[
    str | None,
    Option(help="Names, .npy styles or pictures, with commas between.", show_default="the folder's, or all built-in"),
]
ShardsOption = Annotated[
    int | None, Option(help="Write .tar shards (WebDataset) of so many pictures.", show_default="files")
]
CopyOption = Annotated[bool, Option("--copy", help="Take .json, .xml, .txt and .cls files beside the pictures along.")]
RayOption = Annotated[
    str | None, Option(help="Run on a Ray cluster: auto, HOST:PORT, or local to start one.", show_default="here")
]
WorkersOption = Annotated[
    int | None, Option(help="Pictures at once; on Ray, processes.", show_default="2; on Ray, all that fit")
]


def dataset(
    content: Annotated[Path, Argument(help="A folder of pictures, or of .tar shards.", show_default=False)],
    style: StyleArgument = None,
    out: Annotated[Path, Option("--out", "-o", help="The folder to write.", show_default=False)] = ...,  # type: ignore[assignment]
    styles: StylesOption = None,
    per_image: Annotated[int, Option(help="Pictures to make of each, after different styles.")] = 1,
    seed: Annotated[int, Option(help="Of the styles and strengths that are drawn.")] = 0,
    alpha: Annotated[str, Option(help="Strength; of two numbers, such as 0.5,1, it is drawn between them.")] = "1",
    color: options.Color = "style",
    color_strength: options.ColorStrength = 1.0,
    style_size: options.StyleSize = None,
    size: options.Size = None,
    format: options.Format = None,
    quality: Annotated[int | None, Option(help="Of jpg, webp and avif, 1 to 100.", show_default="95; avif 90")] = None,
    shards: ShardsOption = None,
    copy: CopyOption = False,
    ray: RayOption = None,
    workers: WorkersOption = None,
    device: options.Device = "auto",
    threads: options.Threads = None,
    model: options.Model = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Restyle a data set: every picture after styles drawn for it, in the same tree, with a manifest.

    What is drawn depends on the seed, the picture's path and its number alone. The same command goes on after any stop.
    Bad files are reported, noted in the manifest, and tried again by the next run; the exit code is then 2.
    """
    options.need_extra("dataset", "pyarrow")
    if ray is not None:
        options.need_extra("ray", "ray")
    if style is not None and styles is not None:
        raise OptionError("there is a folder of styles, and --styles; give one of both")
    ends = options.numbers("alpha", alpha)
    if len(ends) > 2:
        raise OptionError(f"--alpha {alpha} has {len(ends)} numbers; give one, or the ends of a range, as 0.5,1")
    look = Look(color=color, color_strength=color_strength, style_size=style_size)
    wanted = tuple(name.strip() for name in styles.split(",")) if styles is not None else ()
    job = data_sets.Job(
        content, out, style or wanted, per_image, seed, (ends[0], ends[-1]), look, size, format, quality, shards, copy
    )
    if workers is not None and workers < 1:
        raise OptionError(f"the number of workers is {workers}; give 1 or more")
    plan = data_sets.plan(job, _sha256(model))
    each = threads or (1 if ray else None)

    def make() -> Worker:
        return Worker(Stylizer(model, device, threads=each), out, look, size, quality)

    console = stderr_console(quiet or as_json)
    with _runner(ray, device, workers, threads) as runner, Journal(out, plan.settings) as journal:
        made, stopped = _run(plan, journal, make, runner, console)
        failed = 0 if stopped else write_manifest(plan, journal)
    _tell(plan, made, failed, stopped, console, as_json)


def _sha256(model: Path | None) -> str:
    file = stylizer_file(model)
    data = read_bytes(file)
    Contract.read(data, str(file), "stylizer")  # raises where it is none of ours
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _runner(ray: str | None, device: Device, workers: int | None, threads: int | None) -> Iterator[data_sets.Runner]:
    if ray is None:
        yield partial(here, workers=workers or 2)
    else:
        with Cluster.join(ray, device, workers, threads) as cluster:
            yield cluster.run


def _run(
    plan: data_sets.Plan, journal: Journal, make: Make, runner: data_sets.Runner, console: Console
) -> tuple[int, bool]:
    """Make what is left; how many pictures were made now, and whether a signal ended it."""
    made, told = 0, set[str]()
    with stop_signal() as stop, progress_bar(console) as progress:
        task = progress.add_task("pictures", total=plan.total, note="")
        began = perf_counter()
        with closing(data_sets.run(plan, journal, make, runner, stop, partial(progress.advance, task))) as results:
            for result in results:
                if result.error is None:
                    made += 1
                elif result.error not in told:  # once for all pictures of a content
                    told.add(result.error)
                    complain(result.error)
                progress.update(task, advance=1, note=f"{made / (perf_counter() - began):.2f} pictures/s")
        return made, stop()


def _tell(plan: data_sets.Plan, made: int, failed: int, stopped: bool, console: Console, as_json: bool) -> None:
    out = plan.job.out
    if as_json:
        facts = {"output": str(out), "pictures": plan.total, "made": made, "failed": failed, "stopped": stopped}
        typer.echo(json.dumps(facts, indent=2))
    elif not stopped:
        console.print(f"{out / 'manifest.parquet'}  {plan.total - failed} pictures, {made} made now", markup=False)
    if stopped:
        complain(f"stopped after {made} pictures; the same command goes on")
    elif failed:
        complain(f"{failed} of {plan.total} pictures failed; the same command tries them again")
    if stopped or failed:
        raise typer.Exit(2)
