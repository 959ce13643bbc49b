"""`adain train`."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from ..network import ARCHITECTURES
from ..training.settings import Settings
from .options import QuietOption, must_be_folder, need_extra
from .printing import print_table, progress_bar, stderr_console


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
    need_extra("train", "torch", "accelerate", "safetensors", "tensorboard")
    from ..training.profile import profile as measure
    from ..training.trainer import Trainer, saved_settings

    given = {
        field.name: context.params[field.name]
        for field in fields(Settings)
        if (source := context.get_parameter_source(field.name)) is not None and source.name == "COMMANDLINE"
    }
    given |= {"content": str(content), "style": str(style)}
    must_be_folder(out)
    base = asdict(saved_settings(out)) if resume else {}
    trainer = Trainer(Settings(**(base | given)), out, resume=resume)
    console = stderr_console(quiet or not trainer.accelerator.is_main_process)
    for folder, pictures in (("content", trainer.contents), ("style", trainer.styles)):
        for line in pictures.skipped[:5]:
            console.print(f"skipped {line}", markup=False)
        console.print(f"{folder}: {len(pictures)} pictures, {len(pictures.skipped)} skipped")
    if profile:
        print_table(("part", "ms per batch"), [(part, f"{ms:.1f}") for part, ms in asdict(measure(trainer)).items()])
        return
    per_step = trainer.settings.batch_size * trainer.settings.accumulate * trainer.accelerator.num_processes
    with progress_bar(console) as progress:
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
