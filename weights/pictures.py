"""Make the pictures of the README and of the model's card with the shipped model; about two minutes on 2 cores.

    python weights/pictures.py

The photographs come with scikit-image: chelsea (Stefan van der Walt, CC0), coffee (Rachel Michetti, CC0) and
astronaut (NASA, public domain).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from adain import shipped
from adain.bank import bank
from adain.look import Look
from adain.pictures import Picture, contact_sheet
from adain.stylizer import Stylizer
from adain.video.steady import Steady

Cell = tuple[str, Picture]
EXAMPLE = ("starry-night", "dance", "almond-blossom", "night-cafe", "udnie")
FRAMES, WARM = 20, 6  # of the animation; those before its first
CUP = ((78, 75, 480, 385), (170, 14, 412, 200))  # ellipses around what stands on the table: left, top, right, bottom


def draw_all() -> None:
    """Into the folder of the weights."""
    stylizer = Stylizer(shipped.ONNX, "cpu")
    cat, coffee = photo(data.chelsea()[:, 75:375]), photo(data.coffee()[:, 100:500])
    save(after_styles(stylizer, cat, EXAMPLE), "example", columns=3, side=300)
    save(after_styles(stylizer, coffee, tuple(bank().paintings)), "styles", columns=7, side=200)
    for name, cells in (("color", colors), ("strokes", strokes), ("mask", masks), ("mix", mixes)):
        made = list(cells(stylizer))
        save(made, name, columns=len(made), side=880 // len(made))
    save_animation(list(steady(stylizer)), "video")


def photo(pixels: np.ndarray) -> Picture:
    """Of an array [H,W,3]."""
    return Picture(np.ascontiguousarray(pixels))


def after_styles(stylizer: Stylizer, content: Picture, styles: Sequence[str]) -> list[Cell]:
    """A photograph, and what the styles make of it."""
    return [("photograph", content), *((name, stylizer.restyle(content, Look(name))) for name in styles)]


def colors(stylizer: Stylizer) -> Iterator[Cell]:
    """Whose colours the result has."""
    content = photo(data.astronaut())
    yield "photograph", content
    for color in ("style", "content", "luminance"):
        yield f"--color {color}", stylizer.restyle(content, Look("starry-night", color=color))


def strokes(stylizer: Stylizer) -> Iterator[Cell]:
    """From fine to broad."""
    content = photo(data.chelsea())
    for size in (0.5, 1.0, 2.0, 4.0):
        yield f"--stroke-size {size:g}", stylizer.restyle(content, Look("starry-night", stroke_size=size))


def masks(stylizer: Stylizer) -> Iterator[Cell]:
    """A style inside, the photograph outside; and a style for each of two regions."""
    content = photo(data.coffee())
    mask, regions = (Image.new("RGB", (content.width, content.height), color) for color in ("black", "gray"))
    for ellipse in CUP:
        ImageDraw.Draw(mask).ellipse(ellipse, "white")
        ImageDraw.Draw(regions).ellipse(ellipse, "white")
    yield "mask.png", Picture.from_pil(mask)
    look = Look("starry-night", mask=mask, feather=20)
    yield "--mask mask.png --feather 20", stylizer.restyle(content, look)
    yield "regions.png", Picture.from_pil(regions)
    look = Look(("night-cafe", "great-wave"), regions=regions)
    yield "--regions regions.png", stylizer.restyle(content, look)


def mixes(stylizer: Stylizer) -> Iterator[Cell]:
    """From one style to another."""
    content, look = photo(data.coffee()), Look(("dance", "great-wave"))
    for share in (1.0, 0.67, 0.33, 0.0):
        mixed = replace(look, shares=(share, 1 - share))
        yield f"--mix {share:g},{1 - share:g}", stylizer.restyle(content, mixed)


def steady(stylizer: Stylizer) -> Iterator[Image.Image]:
    """A window that moves over a photograph, there and back, with a sensor's noise: plain, and steady beside it."""
    content, random, calm = Image.fromarray(data.chelsea()), np.random.default_rng(0), Steady(0.9)
    look = stylizer.encode(Look("starry-night"))
    for number in range(-WARM, FRAMES):
        way = 1 - abs(1 - 2 * (number % FRAMES) / FRAMES)
        window = (60 + 30 * way, 20 + 12 * way, 360 - 10 * way, 245 - 3 * way)
        seen = np.asarray(content.resize((240, 180), Image.Resampling.BICUBIC, window))
        frame = np.rint((seen + random.normal(0, 2, seen.shape)).clip(0, 255)).astype(np.uint8)
        plain = stylizer.stylize(frame, look)
        both = np.concatenate([plain, calm.take(frame, plain)], axis=1)
        if number >= 0:
            yield Image.fromarray(both)


def save_animation(frames: Sequence[Image.Image], name: str) -> None:
    """As NAME.webp, for ever."""
    first, *others = frames
    first.save(shipped.WEIGHTS / f"{name}.webp", save_all=True, append_images=others, duration=60, loop=0, quality=35)


def save(cells: Sequence[Cell], name: str, *, columns: int, side: int) -> None:
    """A sheet of them as NAME.jpg; each in so many px."""
    file: Path = shipped.WEIGHTS / f"{name}.jpg"
    contact_sheet(cells, columns, side).to_pil().save(file, quality=88)


if __name__ == "__main__":
    draw_all()
