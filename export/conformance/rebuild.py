"""Rebuild the conformance set from the shipped weights: codes, expected pictures and the manifest.

    python export/conformance/rebuild.py [--pictures]

Runs onnxruntime on the CPU in float32. The input pictures are made only where one is missing; --pictures makes them
all again. They are scaled crops of photographs that come with scikit-image (astronaut: NASA, public domain;
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
from replay import (
    FAST,
    FUNCTIONS,
    HERE,
    ONNX,
    Codes,
    Floats,
    OnnxRuntime,
    Pixels,
    blend,
    decode_picture,
    decode_weight,
    read_models,
    sha256,
    shrink,
)

GIVEN, MADE = ("pictures", "reading"), ("codes", "expected", "statistics")
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

# Of STYLIZE, with the small network too, as "fast-NAME".
SMALL = ("full", "alpha-half", "odd", "narrow", "smallest", "blend", "batch-2", "chain")

# name: contents, styles, alpha, weights (None: 1 everywhere)
MEASURE: dict[str, tuple[list[str], list[str | dict[str, float]], float, list[str] | None]] = {
    "measure": (["astronaut"], ["great-wave"], 1.0, None),
    "measure-weight": (["chelsea"], ["starry-night"], 1.0, ["weight"]),
    "measure-batch-2": (["coffee", "chelsea"], ["scream"], 0.75, None),
}

# name: contents, styles, alpha, the case whose statistics are given, the case of STYLIZE that gives the same or None
PAINT: dict[str, tuple[list[str], list[str | dict[str, float]], float, str, str | None]] = {
    "paint": (["astronaut"], ["great-wave"], 1.0, "measure", "full"),
    "paint-weight": (["chelsea"], ["starry-night"], 1.0, "measure-weight", None),
    "paint-other": (["smallest"], [{"great-wave": 0.25, "scream": 0.75}], 0.5, "measure-weight", None),  # of another
    "paint-batch-2": (["coffee", "chelsea"], ["scream"], 0.75, "measure-batch-2", "batch-2-one-style"),
}

# README.md says why
TOLERANCE = {
    "pixels": {"max": 3, "mean": 0.1},
    "style": {"max": 0.002},
    "shrunk": {"max": 8, "mean": 0.4},
    "painting": {"max": 0.4},
    "reading": {"max": 4},
    "statistics": {"max": 0.0005},
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
    """Write all but pictures/ and reading/, which are read, from the weights of the package."""
    engine, small = OnnxRuntime(read_models()), OnnxRuntime(read_models(FAST))
    pictures = {file.stem: decode_picture(file.read_bytes()) for file in sorted((folder / "pictures").glob("*.png"))}
    for old in MADE:
        shutil.rmtree(folder / old, ignore_errors=True)
        (folder / old).mkdir()
    for name in ("colours", "greys"):
        save(reading.picture(name), folder / f"expected/{name}.png")
    codes = make_codes(folder, engine, pictures)
    cases = Cases(folder, pictures, codes)
    kinds = {
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
        "stylize": [cases.stylize(name, engine) for name in STYLIZE],
        "fast": [cases.stylize(name, small, "fast-") for name in SMALL],
        "measure": [cases.measure(name, engine) for name in MEASURE],
        "paint": [cases.paint(name, engine) for name in PAINT],
        "reading": [
            {"name": name, "file": f"reading/{name}", "expected": holds and f"expected/{holds}.png"}
            for name, holds in reading.READING.items()
        ],
    }
    models = {graph: (f"onnx/{graph}.onnx", ONNX / f"{graph}.onnx") for graph in FUNCTIONS}
    models["fast"] = ("fast/stylizer.onnx", FAST / "stylizer.onnx")
    hashed = sorted(file for part in (*GIVEN, *MADE) for file in (folder / part).iterdir())
    manifest = {
        "version": 1,
        "contract": engine.metadata["adain.contract"],
        "checkpoint_sha256": engine.metadata["adain.checkpoint_sha256"],
        "statistics": cases.measured["measure"].shape[1],
        "models": {
            name: {"file": f"../../weights/{path}", "sha256": sha256(file.read_bytes())}
            for name, (path, file) in models.items()
        },
        "files": {file.relative_to(folder).as_posix(): sha256(file.read_bytes()) for file in hashed},
        "tolerance": TOLERANCE,
        **kinds,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def make_codes(folder: Path, engine: OnnxRuntime, pictures: dict[str, Pixels]) -> dict[str, Codes]:
    """Write the codes, and the paintings that some of them are made of once they are shrunk."""
    codes = {name: np.load(BANK / f"{name}.npy").ravel() for name in STYLES}
    codes |= {name: engine.encode_style(pictures[name][None])[0] for name in ENCODE.values()}
    for name, (picture, size) in PAINTINGS.items():
        shrunk = shrink(pictures[picture], size)
        codes[name] = engine.encode_style(shrunk[None])[0]
        save(shrunk, folder / f"expected/{name}-shrunk.png")
    for name, code in codes.items():
        (folder / "codes" / f"{name}.f32").write_bytes(code.astype("<f4").tobytes())
        np.save(folder / "codes" / f"{name}.npy", code.astype("<f4"))
    return codes


class Cases:
    """Runs cases and writes what they give; each method returns the case's entry in the manifest."""

    def __init__(self, folder: Path, pictures: dict[str, Pixels], codes: dict[str, Codes]) -> None:
        self.folder, self.pictures, self.codes = folder, pictures, codes
        self.measured: dict[str, Floats] = {}

    def stylize(self, name: str, engine: OnnxRuntime, prefix: str = "") -> dict[str, Any]:
        """Of STYLIZE."""
        entry, inputs = self._inputs(prefix + name, *STYLIZE[name])
        return entry | {"expected": self._save(prefix + name, engine.stylize(*inputs))}

    def measure(self, name: str, engine: OnnxRuntime) -> dict[str, Any]:
        """Of MEASURE."""
        *given, weights = MEASURE[name]
        entry, inputs = self._inputs(name, *given)
        files = weights and [f"pictures/{weight}.png" for weight in weights]
        values = files and np.stack([decode_weight((self.folder / file).read_bytes()) for file in files])
        ones = np.ones(inputs[0].shape[:3], np.float32)
        self.measured[name] = engine.measure(*inputs, ones if values is None else values)
        (self.folder / "statistics" / f"{name}.f32").write_bytes(self.measured[name].astype("<f4").tobytes())
        return entry | {"weights": files, "statistics": f"statistics/{name}.f32"}

    def paint(self, name: str, engine: OnnxRuntime) -> dict[str, Any]:
        """Of PAINT."""
        *given, measured, same = PAINT[name]
        entry, inputs = self._inputs(name, *given)
        painted = engine.paint(*inputs, self.measured[measured])
        expected = self._files(same, len(painted)) if same else self._save(name, painted)
        return entry | {"statistics": f"statistics/{measured}.f32", "expected": expected}

    def _inputs(
        self, name: str, contents: list[str], styles: list[str | dict[str, float]], alpha: float
    ) -> tuple[dict[str, Any], tuple[Pixels, Codes, float]]:
        """What the entries of all have, and what it stands for."""
        shares = [style if isinstance(style, dict) else {style: 1.0} for style in styles]
        blends = [blend([(weight, self.codes[code]) for code, weight in parts.items()]) for parts in shares]
        entry = {
            "name": name,
            "contents": [f"pictures/{content}.png" for content in contents],
            "styles": [[{"code": f"codes/{code}.f32", "weight": parts[code]} for code in parts] for parts in shares],
            "alpha": alpha,
        }
        return entry, (np.stack([self.pictures[content] for content in contents]), np.stack(blends), alpha)

    def _save(self, name: str, pictures: Pixels) -> list[str]:
        files = self._files(name, len(pictures))
        for file, picture in zip(files, pictures, strict=True):
            save(picture, self.folder / file)
        return files

    def _files(self, name: str, count: int) -> list[str]:
        return [
            f"expected/{name}{end}.png" for end in ([""] if count == 1 else [f"-{index}" for index in range(count)])
        ]


def make_pictures(folder: Path, *, again: bool = False) -> None:
    """The input pictures that are missing, or all of them."""
    folder.mkdir(exist_ok=True)
    makers: dict[str, Callable[[], Pixels]] = {name: partial(crop, *CROPS[name]) for name in CROPS}
    makers |= {
        "painting": partial(paint, *PAINTING),
        "large": paint_large,
        "weight": partial(soft_disc, *CROPS["chelsea"][5:]),
    }
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


def soft_disc(width: int, height: int) -> Pixels:
    """Weights: 255 within a disc, 0 outside, between them a ring; uint8 [H,W]."""
    y, x = np.ogrid[:height, :width]
    distance = np.hypot(x - 0.4 * width, y - 0.5 * height)
    return np.asarray((np.clip(1.5 - distance / (0.3 * height), 0, 0.5) * 2 * 255).round(), np.uint8)


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
    """Write a PNG file of uint8 [H,W,3], or [H,W] for a grey one."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", optimize=True)
    file.write_bytes(content.getvalue())


if __name__ == "__main__":
    main()
