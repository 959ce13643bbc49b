"""`adain evaluate`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from ..errors import OptionError
from ..look import Look
from ..stylizer import Stylizer
from .options import DeviceOption, JsonOption, QuietOption, must_be_folder, need_extra
from .printing import complain, print_table, progress_bar, stderr_console


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
    device: DeviceOption = "auto",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score a model, or the results of another tool, on pairs of pictures: style, content, structure, artefacts.

    Two sanity rows stand beside it: the unchanged content, and the style picture itself.
    """
    need_extra("evaluate", "torch", "safetensors", "skimage")
    from ..evaluation.evaluate import Evaluation
    from ..evaluation.pairs import plan
    from ..evaluation.report import Report
    from ..evaluation.sources import FromFolder, FromModel, Predictor
    from ..evaluation.vgg import load_vgg

    if model is not None and outputs is not None:
        raise OptionError("MODEL and --outputs exclude each other; leave one out")
    planned = plan(content, style, pairs, seed)
    must_be_folder(out)
    source = FromFolder(outputs) if outputs else FromModel(Stylizer(model, device), Look(alpha=alpha))
    match = Predictor(predictor) if predictor else None
    evaluation = Evaluation(planned, source, load_vgg(vgg, device), size=size, predictor=match, styles=style)
    report, console = Report(source.label, out, keep_outputs=outputs is None), stderr_console(quiet or as_json)
    with progress_bar(console) as progress:
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
        complain(
            f"{len(evaluation.missing)} of {len(planned)} results are missing, such as {evaluation.missing[0]}.png"
        )
    if report.facts.get("resized"):
        complain(f"{report.facts['resized']} results had another size and were resized (Lanczos)")
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=1))
    else:
        print_table(*report.table())
