"""`adain bench`."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from ..errors import OptionError
from . import options
from .printing import complain, print_table, progress_bar, stderr_console

SizeOption = Annotated[
    list[str] | None,
    Option(
        help="Side in px, 720p, 1080p, 4K, or WIDTHxHEIGHT. May be repeated.",
        show_default="256, 512, 720p, 1080p; on a GPU 4K too",
    ),
]
AgainstOption = Annotated[
    str,
    Option(
        help="Rivals, measured in turn: torch, torch-compile, a device such as openvino, a folder of ONNX files; with "
        "commas between them.",
        show_default="none",
    ),
]
DevicesOption = Annotated[
    list[str] | None,  # typer takes no list of a Literal
    Option(help="auto, cpu, openvino, cuda or tensorrt. May be repeated.", show_default="all that are here"),
]


def bench(
    model: options.ModelArgument = None,
    size: SizeOption = None,
    device: DevicesOption = None,
    against: AgainstOption = "",
    rounds: Annotated[
        int | None, Option(help="Turns of each rival and size.", show_default="what fits into a minute, 5 to 30")
    ] = None,
    threads: options.Threads = None,
    out: Annotated[Path | None, Option("--out", "-o", help="Folder for bench.json and bench.md.")] = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Measure time, memory and arithmetic of a model here: the network alone, host to host, a whole file, start-up.

    Every size and engine runs in a process of its own, in turn with its rivals; the style is encoded before.
    """
    from ..bench import machine
    from ..bench.measure import measure
    from ..bench.plan import IN_TORCH, find_devices, parse_rivals, parse_size, plan, read_model
    from ..bench.report import Report

    if rounds is not None and rounds < 1:
        raise OptionError(f"the number of rounds is {rounds}; give 1 or more")
    if {*IN_TORCH} & {name.strip() for name in against.split(",")}:
        options.need_extra("train", "torch", "onnx", "safetensors")
    options.must_be_folder(out)
    ours, rivals, sizes = read_model(model, "adain"), parse_rivals(against), [parse_size(each) for each in size or ()]
    devices, left_out = find_devices(device or (), rivals)
    groups = plan(ours, devices, rivals, sizes, threads)
    with progress_bar(stderr_console(quiet or as_json)) as bar:
        task = bar.add_task("", total=None, note="")

        def progress(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        outcome = measure(groups, rounds, progress)
    report = Report(ours, shlex.join(["adain", *sys.argv[1:]]), machine.facts(), outcome, left_out)
    if out is not None:
        report.write(out)
    for line in report.failed:
        complain(line)
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=1))
    elif not quiet:
        for head, rows in report.tables():
            print_table(head, rows)
    if report.failed:
        raise typer.Exit(2)
