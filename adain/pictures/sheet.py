"""Contact sheets: pictures side by side, each with its name; and text on pictures."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .picture import Picture, Pixels
from .resize import resize_to_side

GAP = 2  # px around a picture
EDGE = 2  # px around letters on a picture


def contact_sheet(cells: Sequence[tuple[str, Picture] | None], columns: int, side: int) -> Picture:
    """Pictures in rows on white, each with a line of text below.

    Args:
        cells: text and picture, or None for an empty place.
        columns: cells in a row, 1 or more.
        side: px a side of the square that a picture is shrunk to fit in.
    """
    line = max(12, side // 10)
    shapes = [cell[1].height / max(cell[1].height, cell[1].width) for cell in cells if cell]
    high = round(side * max(shapes, default=1)) + line  # no higher than the pictures
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * side, rows * high), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(line * 0.65)
    for index, cell in enumerate(cells):
        if cell is None:
            continue
        text, picture = cell
        image = resize_to_side(picture, side - 2 * GAP).to_pil()
        x, y = index % columns * side, index // columns * high
        place = (x + (side - image.width) // 2, y + (high - line - image.height) // 2)
        sheet.paste(image, place, image if image.mode == "RGBA" else None)
        draw.text((x + side / 2, y + high - line / 2), text, "black", font, "mm")
    return Picture.from_pil(sheet)


def write_on(pixels: Pixels, lines: Sequence[str], dark: bool = False) -> Pixels:
    """A copy with lines of text at its top, uint8 [H,W,3] both.

    Args:
        dark: make the picture itself dark, so that nobody takes it for what it was.
    """
    image = Image.fromarray(pixels // 3 if dark else pixels)
    text = _text("\n".join(lines), max(10, image.width // 32))
    image.paste(text, (6 - EDGE, 4 - EDGE), text)
    return np.asarray(image)


@lru_cache(8)
def _text(text: str, size: int) -> Image.Image:
    """White with a black edge, on nothing; drawing takes as long as a tenth of a small network's run."""
    font = ImageFont.load_default(size)
    image = Image.new("RGBA", (1, 1))
    right, bottom = ImageDraw.Draw(image).textbbox((EDGE, EDGE), text, font, stroke_width=EDGE)[2:]
    image = Image.new("RGBA", (round(right) + 1, round(bottom) + 1))
    ImageDraw.Draw(image).text((EDGE, EDGE), text, "white", font, stroke_width=EDGE, stroke_fill="black")
    return image
