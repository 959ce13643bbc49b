"""`adain train`."""

import inspect
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args, get_type_hints

import typer
from rich.console import Console
from typer import Argument, Option

from ..training.settings import Settings
from . import options
from .printing import print_table, progress_bar, stderr_console

if TYPE_CHECKING:
    from ..training.trainer import Report, Trainer


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of `Settings` that it does not take by name, with the field's text."""
    signature, hints = inspect.signature(command), get_type_hints(Settings, include_extras=True)
    own = [each for each in signature.parameters.values() if each.kind != inspect.Parameter.VAR_KEYWORD]
    for field in fields(Settings):
        if field.name not in signature.parameters:
            kind, text = get_args(hints[field.name])
            option = Annotated[kind, Option(help=text)]  # type: ignore[valid-type]
            parameter = inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default)
            own.append(parameter.replace(annotation=option))
    command.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in own}
    return command


@with_settings
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
    quiet: options.Quiet = False,
    **settings: object,
) -> None:
    """Train a network for any style on two folders of pictures.

    RUN/model.safetensors is the result; `adain export RUN` turns it into ONNX. Ctrl-C saves, --resume goes
    on. For several GPUs: `accelerate launch -m adain train ...`.
    """
    options.need_extra("train", "torch", "accelerate", "safetensors", "tensorboard")
    from ..training.checkpoints import read_newest
    from ..training.profile import profile as measure
    from ..training.trainer import Trainer

    given = {
        name: value
        for name, value in settings.items()
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    }
    given |= {"content": str(content), "style": str(style)}
    options.must_be_folder(out)
    base = asdict(read_newest(out).settings) if resume else {}
    trainer = Trainer(Settings(**(base | given)), out, resume=resume)
    console = stderr_console(quiet or not trainer.accelerator.is_main_process)
    for folder, pictures in (("content", trainer.contents), ("style", trainer.styles)):
        for line in pictures.skipped[:5]:
            console.print(f"skipped {line}", markup=False)
        console.print(f"{folder}: {len(pictures)} pictures, {len(pictures.skipped)} skipped")
    if profile:
        unit = "ms per batch, compiled" if trainer.settings.compile else "ms per batch"
        print_table(("part", unit), [(part, f"{ms:.1f}") for part, ms in asdict(measure(trainer)).items()])
        return
    finished, passed = _run(trainer, minutes if minutes is not None else float("inf"), console)
    if passed:
        console.print(f"{passed} broken pictures were met and passed over")
    if finished:
        console.print(f"{out / 'model.safetensors'}  next: adain export {out} --out DIR", markup=False)
    else:
        console.print(f"saved at step {trainer.step}; go on with --resume")


def _run(trainer: "Trainer", minutes: float, console: Console) -> tuple[bool, int]:
    """Train, and tell of each step; whether the last one was reached, and how many broken pictures were met."""
    per_step = trainer.settings.batch_size * trainer.settings.accumulate * trainer.accelerator.num_processes
    rate, passed = 0.0, 0
    with progress_bar(console) as progress:
        task = progress.add_task("steps", total=trainer.settings.steps, completed=trainer.step, note="")

        def report(of: "Report") -> None:
            nonlocal rate, passed
            passed += of.passed
            rate = 0.95 * rate + 0.05 * per_step / of.seconds if rate else per_step / of.seconds
            note = f"{rate:.1f} pictures/s, {100 * of.waited / of.seconds:.0f} % waiting for data"
            progress.update(task, completed=of.step, note=note)
            if of.losses:
                losses = "  ".join(f"{name} {value:.4g}" for name, value in of.losses.items())
                progress.console.print(f"step {of.step}  {losses}", markup=False)

        finished = trainer.train(report, minutes=minutes)
    return finished, passed
