"""A sheet of one photograph after many styles, as people choose."""

from collections.abc import Sequence
from dataclasses import replace

from ..look import Look, StyleSource, style_name
from ..painter import Tell, quiet
from ..pictures import Picture, contact_sheet, resize_to_side
from ..stylizer import Stylizer

WIDEST = 8  # columns


def draw_sheet(
    stylizer: Stylizer,
    photo: Picture,
    styles: Sequence[StyleSource],
    alphas: Sequence[float],
    pattern: Look,
    side: int = 256,
    tell: Tell = quiet,
) -> Picture:
    """The photograph, and all styles at all strengths, each with its name.

    Args:
        stylizer: the model.
        photo: is painted at twice the size that it has on the sheet.
        styles: what `Look.styles` may hold.
        alphas: strengths; those of one style stand side by side.
        pattern: all else that is wanted.
        side: px a side of a picture on the sheet.
        tell: called after each picture.

    Raises:
        AdaINError: see `Stylizer.restyle`.
    """
    photo = resize_to_side(photo, 2 * side)
    groups: list[list[tuple[str, Picture] | None]] = [[("photograph", photo), *[None] * (len(alphas) - 1)]]
    for style in styles:
        look = stylizer.encode(pattern.after(style))  # a painting is encoded once for all strengths
        group: list[tuple[str, Picture] | None] = []
        for alpha in alphas:
            text = style_name(style) + (f"  {alpha:g}" if len(alphas) > 1 else "")
            group.append((text, stylizer.restyle(photo, replace(look, alpha=alpha))))
            tell((len(groups) - 1) * len(alphas) + len(group), len(styles) * len(alphas))
        groups.append(group)
    across = max(1, min(WIDEST, round((len(groups) * len(alphas)) ** 0.5)) // len(alphas))
    return contact_sheet([cell for group in groups for cell in group], across * len(alphas), side)
