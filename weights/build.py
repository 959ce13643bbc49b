"""Make the shipped files from a trained model: model.safetensors, onnx/, styles/, example.jpg and styles.jpg.

    python weights/build.py RUN/model.safetensors --paintings FOLDER [--paintings FOLDER ...]

The paintings of paintings.csv are looked for by file name in the folders, subfolders and .tar shards. Only
their codes are kept. The pictures are made from photographs that come with scikit-image: chelsea (Stefan
van der Walt, CC0) and coffee (Rachel Michetti, CC0).
"""

import argparse
import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from skimage import data

from adain import shipped
from adain.bank import bank
from adain.contract import Graph
from adain.export.write import export
from adain.look import Look
from adain.network.model_file import load_model
from adain.pictures import Picture, contact_sheet, find_with_shards
from adain.stylizer import Stylizer

GRAPHS: tuple[Graph, ...] = ("stylizer", "style_encoder", "measure", "paint")
EXAMPLE = ("starry-night", "dance", "almond-blossom", "night-cafe", "udnie")


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
    draw(data.chelsea()[:, 75:375], EXAMPLE, shipped.WEIGHTS / "example.jpg", columns=3, side=300)
    draw(data.coffee()[:, 100:500], tuple(bank().paintings), shipped.WEIGHTS / "styles.jpg", columns=7, side=200)


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


def draw(photo: np.ndarray, styles: Sequence[str], out: Path, *, columns: int, side: int) -> None:
    """A sheet of a photograph [H,W,3] and of what the styles make of it, each with its name; pictures of so many px."""
    stylizer, content = Stylizer(shipped.ONNX, "cpu"), Picture(np.ascontiguousarray(photo))
    cells = [("photograph", content), *((name, stylizer.restyle(content, Look(name))) for name in styles)]
    contact_sheet(cells, columns, side).to_pil().save(out, quality=88)


if __name__ == "__main__":
    main()
