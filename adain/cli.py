"""The command line: parse, call, print. Heavy packages are imported inside the commands that need them."""

import json
import logging
import sys
from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from typer import Argument, Option

from . import __version__, batch, shipped
from .errors import AdaINError, OptionError
from .network import ARCHITECTURES
from .styles import bank, blend
from .stylizer import Stylizer
from .training.settings import Settings

app = typer.Typer(
    help="Restyle any picture after any painting, at once, with one network (AdaIN, arXiv 1703.06868).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Device(StrEnum):
    """Where to run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


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


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def stylize(
    content: Annotated[list[str], Argument(help="Pictures, folders, or - for stdin.", show_default=False)],
    style: Annotated[
        list[str],
        Option("--style", "-s", help="A picture, a .npy style, or a name of `adain styles`. May be repeated."),
    ],
    mix: Annotated[str | None, Option(help="Weights of several styles, such as 0.7,0.3.", show_default="equal")] = None,
    alpha: Annotated[float, Option(help="0 gives back the content, 1 is the full style.")] = 1.0,
    size: Annotated[int | None, Option(help="Shrink the longer side to this, in px.", show_default="as it is")] = None,
    style_size: Annotated[int, Option(help="Shrink style pictures to this shorter side, in px: finer strokes.")] = 512,
    out: Annotated[
        str | None,
        Option("--out", "-o", help="A file, a folder, or - for stdout.", show_default="CONTENT-STYLE"),
    ] = None,
    device: Annotated[Device, Option(help="Where to run.")] = Device.auto,
    model: ModelOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Restyle pictures.

    The result has the size and the orientation of the content. Bad files in a batch are reported and
    skipped; the exit code is then 2.
    """
    weights = _weights(mix, len(style))
    stylizer = Stylizer(model, device.value)
    found = [stylizer.find_style(spec, style_size) for spec in style]
    mixed = blend(found, weights) if len(found) > 1 else found[0]
    jobs = batch.plan(content, out, mixed.name.replace(" + ", "+"), keep=style)
    if as_json and jobs[0].output == batch.STANDARD:
        raise OptionError("--json and the picture cannot both go to stdout; give a file with -o")
    console, done = _console(quiet or as_json or jobs[0].output == batch.STANDARD), []
    with _progress(console, len(jobs) > 1) as progress:
        task = progress.add_task("pictures", total=len(jobs), note="")
        for result in batch.run(stylizer, jobs, mixed, alpha=alpha, size=size):
            done.append(result)
            progress.update(task, advance=1)
            if result.error:
                _complain(result.error)
            else:
                note = f"{result.width}x{result.height}, {result.seconds:.2f} s on {stylizer.device}"
                console.print(f"{result.output}  {note}", markup=False)
    failed = sum(result.error is not None for result in done)
    if as_json:
        facts = {
            "model": stylizer.contract.model,
            "device": stylizer.device,
            "style": mixed.name,
            "alpha": alpha,
        }
        typer.echo(json.dumps(facts | {"pictures": [result.to_dict() for result in done]}, indent=2))
    if failed and len(done) > 1:
        _complain(f"{failed} of {len(done)} pictures failed")
    if failed:
        raise typer.Exit(2)


@app.command()
def styles(
    picture: Annotated[
        Path | None, Argument(help="A picture to save as a style.", show_default="list the built-in ones")
    ] = None,
    out: Annotated[
        Path | None, Option("--out", "-o", help="The .npy file to save.", show_default="PICTURE.npy")
    ] = None,
    style_size: Annotated[int, Option(help="Shrink the picture to this shorter side, in px.")] = 512,
    device: Annotated[Device, Option(help="Where to run.")] = Device.auto,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the built-in styles, or save a picture's style as a file."""
    if picture is None:
        if out is not None:
            raise OptionError("--out is for saving a style; give the picture too")
        paintings = bank().paintings
        if as_json:
            typer.echo(json.dumps({name: asdict(painting) for name, painting in paintings.items()}, indent=2))
            return
        _print_table(
            ("style", "movement", "artist", "title", "year"),
            [(n, p.movement, p.artist, p.title, p.year) for n, p in paintings.items()],
        )
        return
    target = out or Path(f"{picture.stem}.npy")
    if target.suffix.lower() != ".npy":
        raise OptionError(f"a style is saved as a .npy file, not {target.name}; give -o NAME.npy")
    style = Stylizer(model, device.value).encode_style(picture, style_size)
    style.save(target)
    if as_json:
        typer.echo(json.dumps({"style": str(target), "size": style.code.size}))
    else:
        _console().print(f"{target}  {style.code.size} numbers", markup=False)


@app.command()
def train(
    context: typer.Context,
    content: Annotated[Path, Argument(help="Folder of photographs, or of .tar shards of them.", show_default=False)],
    style: Annotated[Path, Argument(help="Folder of paintings, likewise.", show_default=False)],
    out: Annotated[Path, Option("--out", "-o", help="The run's folder.")],
    resume: Annotated[
        bool, Option("--resume", help="Go on with the run in --out, with its settings but for those given.")
    ] = False,
    minutes: Annotated[
        float | None, Option(help="Stop and save after this time; --resume goes on.", show_default="no limit")
    ] = None,
    profile: Annotated[bool, Option("--profile", help="Time loader and step apart, then stop.")] = False,
    quiet: QuietOption = False,
    steps: Annotated[int, Option(help="Steps of the optimiser.")] = Settings.steps,
    batch_size: Annotated[int, Option(help="Pairs per process and batch.")] = Settings.batch_size,
    crop: Annotated[int, Option(help="Side of the training crops, in px.")] = Settings.crop,
    zoom: Annotated[float, Option(help="Crops are cut from squares of up to this many crops' side.")] = Settings.zoom,
    zoom_min: Annotated[float, Option(help="And of no less than this many.")] = Settings.zoom_min,
    cache: Annotated[str, Option(help="Keep decoded pictures: none, memory or device.")] = Settings.cache,
    workers: Annotated[int, Option(help="Processes that decode and crop.")] = Settings.workers,
    init: Annotated[
        str, Option(help="shipped, or a model.safetensors: start from its weights.", show_default="random weights")
    ] = Settings.init,
    encoder: Annotated[
        str, Option(help="vgg16 (shipped), vgg19 or torchvision-vgg16 (downloaded), or a file.")
    ] = Settings.encoder,
    arch: Annotated[str, Option(help=f"{' or '.join(ARCHITECTURES)}: layers where AdaIN happens.")] = Settings.arch,
    name: Annotated[str, Option(help="Name stored in the model.", show_default="adain-ENCODER-ARCH")] = Settings.name,
    content_weight: Annotated[float, Option(help="Of the content loss.")] = Settings.content_weight,
    style_weight: Annotated[float, Option(help="Of the style loss.")] = Settings.style_weight,
    coarse_weight: Annotated[float, Option(help="Of the style loss at half the size.")] = Settings.coarse_weight,
    structure_weight: Annotated[float, Option(help="Of the structure loss.")] = Settings.structure_weight,
    grid_weight: Annotated[float, Option(help="Of the grid loss.")] = Settings.grid_weight,
    identity_weight: Annotated[float, Option(help="Of the identity loss.")] = Settings.identity_weight,
    identity: Annotated[int, Option(help="Crops per batch that are stylised after themselves.")] = Settings.identity,
    accumulate: Annotated[int, Option(help="Batches per step.")] = Settings.accumulate,
    lr: Annotated[float, Option(help="Learning rate of Adam.")] = Settings.lr,
    warmup: Annotated[int, Option(help="Steps of linear warm-up.")] = Settings.warmup,
    decay: Annotated[float, Option(help="Last share of the steps, in which the rate falls to 0.")] = Settings.decay,
    average: Annotated[float, Option(help="Decay of the moving average of the weights.")] = Settings.average,
    clip: Annotated[float, Option(help="Largest norm of the gradient.")] = Settings.clip,
    seed: Annotated[int, Option(help="Of everything random.")] = Settings.seed,
    precision: Annotated[str, Option(help="auto, bf16, fp16 or fp32.")] = Settings.precision,
    log_every: Annotated[int, Option(help="Steps between logged losses.")] = Settings.log_every,
    sample_every: Annotated[int, Option(help="Steps between sample grids.")] = Settings.sample_every,
    checkpoint_every: Annotated[int, Option(help="Steps between checkpoints.")] = Settings.checkpoint_every,
    keep: Annotated[int, Option(help="Newest checkpoints kept.")] = Settings.keep,
) -> None:
    """Train a decoder for any style on two folders of pictures.

    RUN/model.safetensors is the result; `adain export RUN` turns it into ONNX. Ctrl-C saves, --resume goes
    on. For several GPUs: `accelerate launch -m adain train ...`.
    """
    _need_extra("train", "torch", "accelerate", "safetensors", "tensorboard")
    from .training.profile import profile as measure
    from .training.trainer import Trainer, saved_settings

    given = {
        field.name: context.params[field.name]
        for field in fields(Settings)
        if (source := context.get_parameter_source(field.name)) is not None and source.name == "COMMANDLINE"
    }
    given |= {"content": str(content), "style": str(style)}
    _must_be_folder(out)
    base = asdict(saved_settings(out)) if resume else {}
    trainer = Trainer(Settings(**(base | given)), out, resume=resume)
    console = _console(quiet or not trainer.accelerator.is_main_process)
    for folder, pictures in (("content", trainer.contents), ("style", trainer.styles)):
        for line in pictures.skipped[:5]:
            console.print(f"skipped {line}", markup=False)
        console.print(f"{folder}: {len(pictures)} pictures, {len(pictures.skipped)} skipped")
    if profile:
        _print_table(("part", "ms per batch"), [(part, f"{ms:.1f}") for part, ms in asdict(measure(trainer)).items()])
        return
    per_step = trainer.settings.batch_size * trainer.settings.accumulate * trainer.accelerator.num_processes
    with _progress(console) as progress:
        task = progress.add_task("steps", total=trainer.settings.steps, completed=trainer.step, note="")
        rate, passed = 0.0, 0

        def report(facts: dict[str, float]) -> None:
            nonlocal rate, passed
            passed += int(facts["passed"])
            rate = 0.95 * rate + 0.05 * per_step / facts["seconds"] if rate else per_step / facts["seconds"]
            note = f"{rate:.1f} pictures/s, {100 * facts['waited'] / facts['seconds']:.0f} % waiting for data"
            progress.update(task, completed=facts["step"], note=note)
            if "total" in facts:
                known = ("step", "seconds", "waited", "passed")
                losses = "  ".join(f"{key} {value:.4g}" for key, value in facts.items() if key not in known)
                progress.console.print(f"step {facts['step']:.0f}  {losses}", markup=False)

        finished = trainer.train(report, minutes=minutes if minutes is not None else float("inf"))
    if passed:
        console.print(f"{passed} broken pictures were met and passed over")
    if finished:
        console.print(f"{out / 'model.safetensors'}  next: adain export {out} --out DIR", markup=False)
    else:
        console.print(f"saved at step {trainer.step}; go on with --resume")


@app.command()
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
    io: Annotated[Io, Option(help="bytes: uint8 pictures, any size. portable: the plainest graph.")] = Io.bytes,
    precision: Annotated[
        Precision, Option(help="Of the convolutions; statistics are always float32.")
    ] = Precision.fp32,
    compact: Annotated[bool, Option("--compact", help="Store float32 weights as float16: half the size.")] = False,
    vgg: Annotated[
        Path | None, Option(help="vgg_normalised.pth, where CHECKPOINT is pytorch-AdaIN's decoder.pth.")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write stylizer.onnx, style_encoder.onnx and adain.onnx, each compared with PyTorch."""
    _need_extra("train", "torch", "onnx", "onnxscript", "safetensors")
    from .export import Exported, read_checkpoint
    from .export import export as write
    from .triton import write_repository

    def report(exported: Exported) -> None:
        if not quiet:
            size = exported.path.stat().st_size / 1e6
            _console().print(
                f"{exported.path}  {size:.1f} MB, largest difference to PyTorch in {exported.cases} cases: "
                f"{exported.difference:.2g} (bound {exported.bound:g}; {exported.unit})",
                markup=False,
            )

    if triton is not None and out is not None:
        raise OptionError("--out and --triton exclude each other; leave one out")
    _must_be_folder(out)
    (write if triton is None else write_repository)(
        read_checkpoint(checkpoint, vgg),
        triton or out or Path("onnx"),
        io=io.value,
        precision=precision.value,
        compact=compact,
        report=report,
    )


@app.command()
def evaluate(
    content: Annotated[Path, Option(help="Folder of photographs.", show_default=False)],
    style: Annotated[Path, Option(help="Folder of paintings.", show_default=False)],
    model: Annotated[
        Path | None,
        Argument(help="A folder or stylizer.onnx of `adain export`.", show_default="the shipped model"),
    ] = None,
    outputs: Annotated[
        Path | None, Option(help="Score the CONTENT__STYLE.png of another tool in this folder, not a model.")
    ] = None,
    size: Annotated[int, Option(help="Side of the centre crops of all pictures, in px.")] = 512,
    pairs: Annotated[int | None, Option(help="Score so many pairs, evenly chosen.", show_default="all")] = None,
    seed: Annotated[int, Option(help="Of that choice.")] = 0,
    alpha: Annotated[float, Option(help="Of the model: 0 gives back the content, 1 is the full style.")] = 1.0,
    vgg: Annotated[
        Path | None,
        Option(help="The original VGG-16 (Caffe) as .safetensors.", show_default="the shipped encoder, scaled back"),
    ] = None,
    predictor: Annotated[
        Path | None, Option(help="Magenta's style predictor as .onnx: adds the style match emb_cos_c.")
    ] = None,
    out: Annotated[
        Path | None, Option("--out", "-o", help="Folder for table.md, scores.json, sheet.jpg and the pictures.")
    ] = None,
    device: Annotated[Device, Option(help="Where to run.")] = Device.auto,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score a model, or the results of another tool, on pairs of pictures: style, content, structure, artefacts.

    Two sanity rows stand beside it: the unchanged content, and the style picture itself.
    """
    _need_extra("evaluate", "torch", "safetensors", "skimage")
    from .evaluation.evaluate import Evaluation
    from .evaluation.pairs import plan
    from .evaluation.report import Report
    from .evaluation.sources import FromFolder, FromModel, Predictor
    from .evaluation.vgg import load_vgg

    if model is not None and outputs is not None:
        raise OptionError("MODEL and --outputs exclude each other; leave one out")
    planned = plan(content, style, pairs, seed)
    _must_be_folder(out)
    source = FromFolder(outputs) if outputs else FromModel(Stylizer(model, device.value), alpha)
    match = Predictor(predictor) if predictor else None
    evaluation = Evaluation(planned, source, load_vgg(vgg, device.value), size=size, predictor=match, styles=style)
    report, console = Report(source.label, out, keep_outputs=outputs is None), _console(quiet or as_json)
    with _progress(console) as progress:
        task = progress.add_task("pairs", total=len(planned), note="")
        for scored in evaluation.run():
            progress.update(task, advance=1)
            if scored is not None:
                report.add(scored)
    report.facts = {
        "size": size,
        "pairs": len(planned) - len(evaluation.missing),
        "missing": evaluation.missing,
        "vgg": str(vgg or "shipped encoder, scaled back"),
        **source.facts(),
    }
    report.write()
    if evaluation.missing:
        _complain(
            f"{len(evaluation.missing)} of {len(planned)} results are missing, such as {evaluation.missing[0]}.png"
        )
    if report.facts.get("resized"):
        _complain(f"{report.facts['resized']} results had another size and were resized (Lanczos)")
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=1))
    else:
        _print_table(*report.table())


@app.command()
def info(
    file: Annotated[Path, Argument(help="An ONNX file of `adain export`.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Print the contract of an ONNX file: graph, inputs, outputs, sizes, licence."""
    from .inspection import inspect

    found = inspect(file)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    facts: dict[str, Any] = found["contract"]
    _print_table(("", str(file)), [(key, _plain(value)) for key, value in facts.items()])
    tensors = [("input", tensor) for tensor in found["inputs"]] + [("output", tensor) for tensor in found["outputs"]]
    _print_table(
        ("", "name", "type", "shape"),
        [(kind, t["name"], t["type"], _plain(t["shape"])) for kind, t in tensors],
    )


def _must_be_folder(out: Path | None) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise OptionError(f"{out} is a file; --out takes a folder")


def _weights(mix: str | None, styles: int) -> list[float]:
    if mix is None:
        return [1.0] * styles
    try:
        return [float(part) for part in mix.split(",")]
    except ValueError as error:
        raise OptionError(f"--mix {mix!r} is no list of numbers; write it like 0.7,0.3") from error


def _need_extra(extra: str, *packages: str) -> None:
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise OptionError(f"this command needs {', '.join(missing)}; install with: pip install 'adain[{extra}]'")


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty()).print(table)


def _console(quiet: bool = False) -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)


def _complain(text: str) -> None:
    _console().print(f"adain: {text}", markup=False)


def _progress(console: Console, shown: bool = True) -> Progress:
    counts = (MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), *counts, TextColumn("{task.fields[note]}"))
    return Progress(*columns, console=console, disable=console.quiet or not shown)


def main() -> NoReturn:
    """The console script: our errors are one line on stderr and exit code 2."""
    logging.basicConfig(format="adain: %(message)s", level=logging.WARNING)
    try:
        app(prog_name="adain")
    except AdaINError as error:
        _complain(str(error))
        sys.exit(2)
    except OSError as error:  # a full disk, a folder without rights, a closed pipe
        _complain(f"{error.filename or 'the output'} cannot be written or read ({error.strerror or error})")
        sys.exit(2)
    sys.exit(0)


if __name__ == "__main__":
    main()
