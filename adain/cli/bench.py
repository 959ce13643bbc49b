"""`adain bench`."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from .options import Device, JsonOption, QuietOption, must_be_folder, need_extra
from .printing import complain, print_table, progress_bar, stderr_console


def bench(
    model: Annotated[
        Path | None,
        Argument(help="A folder or stylizer.onnx of `adain export`.", show_default="the shipped model"),
    ] = None,
    size: Annotated[
        list[str] | None,
        Option(
            help="A side, 720p, 1080p, 4K or WIDTHxHEIGHT. May be repeated.",
            show_default="256, 512, 720p, 1080p; on a GPU 4K too",
        ),
    ] = None,
    device: Annotated[
        list[Device] | None, Option(help="Where to run. May be repeated.", show_default="all that are here")
    ] = None,
    against: Annotated[
        str,
        Option(
            help="Rivals, measured in turn: torch, torch-compile, a device such as openvino, a folder of ONNX files; "
            "with commas between them.",
            show_default="none",
        ),
    ] = "",
    rounds: Annotated[
        int | None, Option(help="Turns of each rival and size.", show_default="what fits into a minute, 5 to 30")
    ] = None,
    threads: Annotated[int | None, Option(help="Of the CPU.", show_default="one for each core")] = None,
    out: Annotated[Path | None, Option("--out", "-o", help="Folder for bench.json and bench.md.")] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure time, memory and arithmetic of a model here: the network alone, host to host, a whole file.

    Every size and engine runs in a process of its own, in turn with its rivals; the style is encoded before.
    """
    from ..bench.plan import TORCH
    from ..bench.run import Benchmark

    names = [name.strip() for name in against.split(",")]
    if TORCH.keys() & names:
        need_extra("train", "torch", "onnx", "safetensors")
    must_be_folder(out)
    benchmark = Benchmark(
        model,
        sizes=size or (),
        devices=[each.value for each in device or ()],
        against=against,
        rounds=rounds,
        threads=threads,
    )
    with progress_bar(stderr_console(quiet or as_json)) as bar:
        task = bar.add_task("", total=None, note="")
        report = benchmark.run(
            shlex.join(["adain", *sys.argv[1:]]),
            lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
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
