"""Make the shipped files from a trained model: model.safetensors, onnx/, styles/, and the pictures of `pictures.py`.

    python weights/build.py RUN/model.safetensors --paintings FOLDER [--paintings FOLDER ...]

The paintings of paintings.csv are looked for by file name in the folders, subfolders and .tar shards. Only
their codes are kept.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from pictures import draw_all

from adain import shipped
from adain.contract import Graph
from adain.export.write import export
from adain.network.model_file import load_model
from adain.pictures import find_with_shards
from adain.stylizer import Stylizer

GRAPHS: tuple[Graph, ...] = ("stylizer", "style_encoder", "measure", "paint")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--paintings", type=Path, action="append", required=True)
    arguments = parser.parse_args()

    if arguments.model.resolve() != shipped.CHECKPOINT.resolve():
        shutil.copyfile(arguments.model, shipped.CHECKPOINT)
    source = load_model(shipped.CHECKPOINT)
    # adain.onnx is left out: it would add 13 MB to every install, and `adain export` makes it.
    export(source, shipped.ONNX, compact=True, graphs=GRAPHS, shared=True, report=print)
    build_bank(arguments.paintings, source.sha256)
    draw_all()


def build_bank(folders: Sequence[Path], sha256: str) -> None:
    """Encode every painting of paintings.csv, and write index.json beside the codes."""
    found = [each for folder in folders for each in find_with_shards(folder)]
    sources = {Path(each.name or each.path).name: each for each in found}
    stylizer = Stylizer(shipped.ONNX, "cpu")
    with (shipped.WEIGHTS / "paintings.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    shutil.rmtree(shipped.STYLES, ignore_errors=True)
    for row in rows:
        stylizer.encode_style(sources[row["file"]].read()).save(shipped.STYLES / f"{row['name']}.npy")
    index = {row["name"]: {key: row[key] for key in ("title", "artist", "year", "movement")} for row in rows}
    text = json.dumps({"model": sha256, "styles": index}, indent=1, ensure_ascii=False) + "\n"
    (shipped.STYLES / "index.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
