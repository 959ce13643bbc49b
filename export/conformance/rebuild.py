"""Rebuild the conformance set from the shipped weights: codes, expected pictures and the manifest.

    python export/conformance/rebuild.py [--pictures]

Runs onnxruntime on the CPU in float32. The input pictures are made only where one is missing; --pictures makes
them all again. They are scaled crops of photographs that come with scikit-image (astronaut: NASA, public domain;
chelsea: Stefan van der Walt, CC0; coffee: Rachel Michetti, CC0), and two paintings that `draw` draws.
"""

import argparse
import io
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import reading
from PIL import Image, ImageDraw
from replay import HERE, OnnxRuntime, Pixels, blend, decode_picture, sha256, shrink

MODELS = {"stylizer": "../../weights/onnx/stylizer.onnx", "style_encoder": "../../weights/onnx/style_encoder.onnx"}
BANK = HERE.parents[1] / "weights" / "styles"
STYLES = ("great-wave", "scream", "starry-night", "mosaic")  # of the bank

# name: photograph, left, top, width and height of the crop, width and height of the picture
CROPS = {
    "astronaut": ("astronaut", 70, 10, 320, 240, 160, 120),  # multiples of the stride, 8
    "chelsea": ("chelsea", 60, 20, 351, 279, 117, 93),
    "coffee": ("coffee", 150, 70, 351, 279, 117, 93),
    "narrow": ("chelsea", 200, 90, 17, 131, 17, 131),
    "smallest": ("astronaut", 190, 90, 48, 48, 16, 16),
}
PAINTING = (143, 109)
LARGE = (801, 640)

# name: picture; its code gets the name of the picture
ENCODE = {"encode": "astronaut", "encode-odd": "painting", "encode-smallest": "smallest"}

# name: picture, size; shrunk to that shorter side before it is encoded, and its code gets the name of the case
PAINTINGS = {"large": ("large", 512), "half": ("large", 320), "tall": ("narrow", 16)}  # half: the width is 400.5

# name: contents, styles as in the manifest (a name stands for a code of weight 1), alpha
STYLIZE: dict[str, tuple[list[str], list[str | dict[str, float]], float]] = {
    "full": (["astronaut"], ["great-wave"], 1.0),
    "alpha-half": (["astronaut"], ["scream"], 0.5),
    "alpha-0": (["astronaut"], ["scream"], 0.0),
    "odd": (["chelsea"], ["starry-night"], 1.0),
    "narrow": (["narrow"], ["mosaic"], 1.0),
    "smallest": (["smallest"], ["great-wave"], 1.0),
    "blend": (["coffee"], [{"great-wave": 0.25, "scream": 0.75}], 1.0),
    "batch-2": (["coffee", "chelsea"], ["mosaic", {"scream": 0.5, "starry-night": 0.5}], 1.0),
    "batch-2-one-style": (["coffee", "chelsea"], ["scream"], 0.75),
    "chain": (["coffee"], ["painting"], 1.0),
    "large-painting": (["coffee"], ["large"], 1.0),
}

# README.md says why
TOLERANCE = {
    "pixels": {"max": 3, "mean": 0.1},
    "style": {"max": 0.002},
    "shrunk": {"max": 8, "mean": 0.4},
    "painting": {"max": 0.4},
    "reading": {"max": 4},
}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", action="store_true", help="make the input pictures again too")
    again = parser.parse_args().pictures
    make_pictures(HERE / "pictures", again=again)
    if again or not (HERE / "reading").exists():
        reading.write(HERE / "reading")
    rebuild(HERE)


def rebuild(folder: Path) -> None:
    """Write codes/, expected/ and manifest.json from pictures/ and reading/ of a folder and the shipped weights."""
    models = {graph: (HERE / file).read_bytes() for graph, file in MODELS.items()}
    engine = OnnxRuntime(models["stylizer"], models["style_encoder"])
    pictures = {file.stem: decode_picture(file.read_bytes()) for file in sorted((folder / "pictures").glob("*.png"))}
    for old in ("codes", "expected"):
        shutil.rmtree(folder / old, ignore_errors=True)
        (folder / old).mkdir()

    codes = {name: np.load(BANK / f"{name}.npy").ravel() for name in STYLES}
    codes |= {name: engine.encode_style(pictures[name][None])[0] for name in ENCODE.values()}
    shrunk = {name: shrink(pictures[picture], size) for name, (picture, size) in PAINTINGS.items()}
    codes |= {name: engine.encode_style(picture[None])[0] for name, picture in shrunk.items()}
    for name, picture in shrunk.items():
        save(picture, folder / f"expected/{name}-shrunk.png")
    for name in ("colours", "greys"):
        save(reading.picture(name), folder / f"expected/{name}.png")
    for name, code in codes.items():
        (folder / "codes" / f"{name}.f32").write_bytes(code.astype("<f4").tobytes())
        np.save(folder / "codes" / f"{name}.npy", code.astype("<f4"))

    cases = []
    for name, (contents, styles, alpha) in STYLIZE.items():
        entries = [style if isinstance(style, dict) else {style: 1.0} for style in styles]
        blends = np.stack([blend([(weight, codes[code]) for code, weight in entry.items()]) for entry in entries])
        stylized = engine.stylize(np.stack([pictures[content] for content in contents]), blends, alpha)
        ends = [""] if len(stylized) == 1 else [f"-{index}" for index in range(len(stylized))]
        expected = [f"expected/{name}{end}.png" for end in ends]
        for file, picture in zip(expected, stylized, strict=True):
            save(picture, folder / file)
        cases.append(
            {
                "name": name,
                "contents": [f"pictures/{content}.png" for content in contents],
                "styles": [
                    [{"code": f"codes/{code}.f32", "weight": entry[code]} for code in entry] for entry in entries
                ],
                "alpha": alpha,
                "expected": expected,
            }
        )

    hashed = sorted(file for part in ("pictures", "reading", "codes", "expected") for file in (folder / part).iterdir())
    manifest = {
        "version": 1,
        "contract": engine.metadata["adain.contract"],
        "checkpoint_sha256": engine.metadata["adain.checkpoint_sha256"],
        "models": {graph: {"file": MODELS[graph], "sha256": sha256(model)} for graph, model in models.items()},
        "files": {file.relative_to(folder).as_posix(): sha256(file.read_bytes()) for file in hashed},
        "tolerance": TOLERANCE,
        "encode": [
            {"name": name, "image": f"pictures/{picture}.png", "code": f"codes/{picture}.f32"}
            for name, picture in ENCODE.items()
        ],
        "paintings": [
            {
                "name": name,
                "image": f"pictures/{picture}.png",
                "size": size,
                "shrunk": f"expected/{name}-shrunk.png",
                "code": f"codes/{name}.f32",
            }
            for name, (picture, size) in PAINTINGS.items()
        ],
        "stylize": cases,
        "reading": [
            {"name": name, "file": f"reading/{name}", "expected": holds and f"expected/{holds}.png"}
            for name, holds in reading.READING.items()
        ],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def make_pictures(folder: Path, *, again: bool = False) -> None:
    """The input pictures that are missing, or all of them."""
    folder.mkdir(exist_ok=True)
    makers: dict[str, Callable[[], Pixels]] = {name: partial(crop, *CROPS[name]) for name in CROPS}
    makers |= {"painting": partial(paint, *PAINTING), "large": paint_large}
    for name, make in makers.items():
        file = folder / f"{name}.png"
        if again or not file.exists():
            save(make(), file)


def crop(photograph: str, left: int, top: int, width: int, height: int, to_width: int, to_height: int) -> Pixels:
    """A part of a photograph of scikit-image, scaled."""
    from skimage import data

    part: Any = getattr(data, photograph)()[top : top + height, left : left + width]
    return np.asarray(Image.fromarray(part).resize((to_width, to_height), Image.Resampling.LANCZOS))


def paint(width: int, height: int) -> Pixels:
    """A painting without a painter, drawn larger and then reduced, for smooth edges."""
    return np.asarray(draw(width, height, 2500).resize((width, height), Image.Resampling.LANCZOS))


def paint_large() -> Pixels:
    """A painting that has to be shrunk before it is encoded; with hard edges, so that filters show."""
    return np.asarray(draw(201, 160, 1200).crop((0, 0, *LARGE)))


def draw(width: int, height: int, strokes: int, zoom: int = 4) -> Image.Image:
    """Curved strokes along the isolines of two waves, warm above and blue below, on sides `zoom` times as long."""
    random = np.random.default_rng(0)
    image = Image.new("RGB", (width * zoom, height * zoom), (60, 60, 90))
    draw = ImageDraw.Draw(image)
    for _ in range(strokes):
        x, y = random.uniform(0, width), random.uniform(0, height)
        warm = 1 / (1 + np.exp((y / height - 0.5 + 0.15 * np.sin(x / 20)) * 12))
        colour = warm * np.array([230, 160, 50]) + (1 - warm) * np.array([30, 80, 150]) + random.normal(0, 30, 3)
        line = [(x * zoom, y * zoom)]
        for _ in range(6):
            angle = 2 * np.sin(x / 23) + 2 * np.cos(y / 17)
            x, y = x + 1.5 * np.cos(angle), y + 1.5 * np.sin(angle)
            line.append((x * zoom, y * zoom))
        draw.line(line, tuple(int(value) for value in colour.clip(0, 255)), 8, "curve")
    return image


def save(picture: Pixels, file: Path) -> None:
    """Write a PNG file of uint8 [H,W,3]."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", optimize=True)
    file.write_bytes(content.getvalue())


if __name__ == "__main__":
    main()
