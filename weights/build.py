"""Make the shipped files from a trained model: model.safetensors, onnx/ and styles/.

    python weights/build.py RUN/model.safetensors --paintings FOLDER [--paintings FOLDER ...]

The paintings of paintings.csv are looked for by file name in the folders, subfolders and .tar shards. Only
their codes are kept.
"""

import argparse
import csv
import json
import shutil
from pathlib import Path

from adain import shipped
from adain.export import export
from adain.network.checkpoint import load_model
from adain.stylizer import Stylizer
from adain.training.data import find_sources


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
    export(source, shipped.ONNX, compact=True, graphs=("stylizer", "style_encoder"), report=print)

    sources = {
        Path(each.name or each.path).name: each for folder in arguments.paintings for each in find_sources(folder)
    }
    stylizer = Stylizer(shipped.ONNX, "cpu")
    with (shipped.WEIGHTS / "paintings.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    shutil.rmtree(shipped.STYLES, ignore_errors=True)
    for row in rows:
        stylizer.encode_style(sources[row["file"]].read()).save(shipped.STYLES / f"{row['name']}.npy")
    index = {row["name"]: {key: row[key] for key in ("title", "artist", "year")} for row in rows}
    (shipped.STYLES / "index.json").write_text(
        json.dumps({"model": source.sha256, "styles": index}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"{len(rows)} styles")


if __name__ == "__main__":
    main()
