"""`adain evaluate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from typer import Option

from ..errors import OptionError
from ..look import Look
from ..stylizer import Stylizer
from . import options
from .printing import complain, print_table, progress_bar, stderr_console, track

if TYPE_CHECKING:
    from ..evaluation.evaluate import Evaluation
    from ..evaluation.report import Report


OutputsOption = Annotated[
    Path | None, Option(help="Score the CONTENT__STYLE.png of another tool in this folder, not a model.")
]
VggOption = Annotated[
    Path | None,
    Option(help="The original VGG-16 (Caffe) as .safetensors.", show_default="the shipped encoder, scaled back"),
]
PredictorOption = Annotated[
    Path | None, Option(help="Magenta's style predictor as .onnx: adds the style match emb_cos_c.")
]
PerceptualOption = Annotated[
    bool, Option("--perceptual", help="Add st_lpips, a distance that no loss of the training knows.")
]
OutOption = Annotated[
    Path | None, Option("--out", "-o", help="Folder for table.md, scores.json, sheet.jpg and the pictures.")
]


def evaluate(
    content: Annotated[Path, Option(help="Folder of photographs.", show_default=False)],
    style: Annotated[Path, Option(help="Folder of paintings.", show_default=False)],
    model: options.ModelArgument = None,
    outputs: OutputsOption = None,
    size: Annotated[int, Option(help="Side of the centre crops of all pictures, in px.")] = 512,
    pairs: Annotated[int | None, Option(help="Score so many pairs, evenly chosen.", show_default="all")] = None,
    seed: Annotated[int, Option(help="Of that choice.")] = 0,
    alpha: Annotated[float, Option(help="Of the model: 0 gives back the content, 1 is the full style.")] = 1.0,
    vgg: VggOption = None,
    predictor: PredictorOption = None,
    perceptual: PerceptualOption = False,
    out: OutOption = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Score a model, or the results of another tool, on pairs of pictures: style, content, structure, artefacts.

    Two sanity rows stand beside it: the unchanged content, and the style picture itself.
    """
    options.need_extra("evaluate", "torch", "safetensors", "skimage")
    if perceptual:
        options.need_extra("perceptual", "stlpips_pytorch")
    from ..evaluation.evaluate import Evaluation
    from ..evaluation.pairs import plan
    from ..evaluation.perceptual import Perceptual, find_weights
    from ..evaluation.report import Report
    from ..evaluation.sources import FromFolder, FromModel, Predictor
    from ..evaluation.vgg import load_vgg, torch_device

    if model is not None and outputs is not None:
        raise OptionError("MODEL and --outputs exclude each other; leave one out")
    planned = plan(content, style, pairs, seed)
    options.must_be_folder(out)
    source = FromFolder(outputs) if outputs else FromModel(Stylizer(model, device), Look(alpha=alpha))
    where = torch_device(device)
    evaluation = Evaluation(
        planned,
        source,
        load_vgg(vgg, where),
        size=size,
        predictor=Predictor(predictor) if predictor else None,
        styles=style,
        perceptual=Perceptual(find_weights(), where) if perceptual else None,
    )
    report = Report(source.label, out, keep_outputs=outputs is None)
    with progress_bar(stderr_console(quiet or as_json)) as progress:
        _score(evaluation, report, progress, len(planned), vgg)
    _complain(report.facts)
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=1))
    else:
        print_table(*report.table())
    if evaluation.failed:
        raise typer.Exit(2)


def _score(evaluation: "Evaluation", report: "Report", progress: Progress, count: int, vgg: Path | None) -> None:
    try:
        for scored in track(progress, evaluation.run(), "pairs", count):
            if scored is not None:
                report.add(scored)
    finally:  # whatever ends it, what was scored is kept
        report.facts = evaluation.facts() | {"vgg": str(vgg or "shipped encoder, scaled back")}
        report.write()


def _complain(facts: dict[str, Any]) -> None:
    missing, failed = facts["missing"], facts["failed"]
    count = facts["pairs"] + len(missing) + len(failed)
    for message in dict.fromkeys(failed.values()):
        complain(message)
    if failed:
        complain(f"{len(failed)} of {count} pairs could not be scored")
    if missing:
        complain(f"{len(missing)} of {count} results are missing, such as {missing[0]}.png")
    if facts.get("resized"):
        complain(f"{facts['resized']} results had another size and were resized (Lanczos)")
