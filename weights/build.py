"""Make the shipped files from trained models: model.safetensors, onnx/, fast/, styles/, and `pictures.py`'s pictures.

    python weights/build.py RUN/model.safetensors --fast OTHER/model.safetensors --paintings FOLDER

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
from adain.network.model_file import codes_sha256, load_model
from adain.pictures import find_with_shards
from adain.stylizer import Stylizer

GRAPHS: tuple[Graph, ...] = ("stylizer", "style_encoder", "measure", "paint")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--fast", type=Path, required=True, help="a model of --arch fast with the same encoder")
    parser.add_argument("--paintings", type=Path, action="append", required=True)
    arguments = parser.parse_args()

    fast = shipped.FAST / "model.safetensors"
    for given, file in ((arguments.model, shipped.CHECKPOINT), (arguments.fast, fast)):
        if given.resolve() != file.resolve():
            shutil.copyfile(given, file)
    source, small = load_model(shipped.CHECKPOINT), load_model(fast)
    if codes_sha256(source.model) != codes_sha256(small.model):
        parser.error("the two models have different encoders; train both with one")
    # adain.onnx is left out: it would add 13 MB to every install, and `adain export` makes it.
    export(source, shipped.ONNX, compact=True, graphs=GRAPHS, shared=True, report=print)
    # The style encoder is the large network's.
    own = tuple(graph for graph in GRAPHS if graph != "style_encoder")
    export(small, shipped.FAST, compact=True, graphs=own, shared=True, report=print)
    build_bank(arguments.paintings, codes_sha256(source.model))
    draw_all()


def build_bank(folders: Sequence[Path], codes: str) -> None:
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
    text = json.dumps({"model": codes, "styles": index}, indent=1, ensure_ascii=False) + "\n"
    (shipped.STYLES / "index.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
