"""Look: what a person wants of a picture, in one value that every way to restyle pictures takes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from .bank import bank
from .colours import Colours, take_brightness, with_colours
from .contract import Layout
from .errors import OptionError, StyleError
from .masks import check_feather
from .pictures import Pixels, Source, check_side
from .styles import Style, blend, normalise

StyleSource = Style | Source
Color = Literal["style", "content", "luminance"]


@dataclass(frozen=True, eq=False)
class Look:
    """What a picture shall look like; a frozen value, of which `dataclasses.replace` makes others.

        Look(("scream", "great-wave"), shares=(2, 1), alpha=0.8)

    Attributes:
        styles: what each may be: a Style; the name of a built-in style (a str that names no file) or the path of a
            .npy style, both of which become a Style at once; or a picture as `pictures.load` takes it, of which
            `Stylizer.encode` makes a Style. A look without styles is a pattern for others, see `after`.
        shares: one for each style, 0 or more, in any unit: they are divided by their sum. Equal where none are given.
        alpha: strength, from 0 (the content, rebuilt) to 1 (the full style).
        style_size: px. A picture among the styles whose shorter side is longer is shrunk to this before it is
            encoded; None takes what the model says, `Contract.painting`. It changes texture and contrast, hardly the
            breadth of strokes; memory grows by its square.
        color: whose colours the result has: the style's; the content's, with which all is painted; or for "luminance"
            the content's pixel by pixel, so that only brightness is painted.
        color_strength: between the style's colours (0) and what `color` says (1).
        stroke_size: breadth of strokes, 1 being that on a picture of 1 megapixel or less; larger pictures get strokes
            as broad in proportion, and look the same from afar. None paints every pixel, however large the picture is,
            and so does 1 in a stream.
        mask: a picture, as large as the content, that is white where it is to be painted; see `masks.load_mask`.
        regions: a picture, as large as the content, with a colour for each style; see `masks.load_regions`.
        feather: px, the width of the edges of masks and regions.
        fit: stretch masks and regions to the content.

    Raises:
        OptionError: alpha or color_strength outside 0 to 1, an unknown color, a style_size below 1, a stroke_size
            outside 0.1 to 10, a negative feather, shares that do not fit the styles, or shares with regions.
        StyleError: an unknown name, or a broken .npy file.
    """

    styles: tuple[StyleSource, ...] = ()
    shares: tuple[float, ...] = ()
    alpha: float = 1.0
    style_size: int | None = None
    color: Color = "style"
    color_strength: float = 1.0
    stroke_size: float | None = 1.0
    mask: Source | None = None
    regions: Source | None = None
    feather: float = 0.0
    fit: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:  # NaN fails this too
            raise OptionError(f"alpha is {self.alpha}; give a number from 0 (content) to 1 (full style)")
        if self.color not in get_args(Color):
            raise OptionError(f"the color is {self.color!r}; give one of {', '.join(get_args(Color))}")
        if not 0 <= self.color_strength <= 1:
            raise OptionError(f"the color strength is {self.color_strength}; give a number from 0 to 1 (full)")
        if self.style_size is not None:
            check_side(self.style_size)
        if self.stroke_size is not None and not 0.1 <= self.stroke_size <= 10:
            raise OptionError(f"the stroke size is {self.stroke_size}; give a number from 0.1 (fine) to 10 (broad)")
        if self.regions is not None and self.shares:
            raise OptionError("regions have one style each, and shares mix them; leave one of both")
        check_feather(self.feather)
        # A single style is as good as a tuple of it; a str would otherwise be taken letter by letter.
        styles = self.styles if isinstance(self.styles, tuple | list) else (self.styles,)
        shares = self.shares or (1.0,) * len(styles)
        shares = normalise(shares, len(styles)) if shares and self.regions is None else ()
        object.__setattr__(self, "styles", tuple(_known(style) for style in styles))  # the dataclass is frozen
        object.__setattr__(self, "shares", shares)

    @classmethod
    def of(cls, wanted: "Look | StyleSource", alpha: float | None = None) -> "Look":
        """A look as it is, or one of a single style; `alpha` replaces its own, where it is given."""
        look = wanted if isinstance(wanted, Look) else cls((wanted,))
        return look if alpha is None else replace(look, alpha=alpha)

    def after(self, *styles: StyleSource) -> Self:
        """The same after other styles, in equal shares and without regions."""
        return replace(self, styles=styles, shares=(), regions=None)

    @property
    def name(self) -> str:
        """The styles' names for messages and file names, such as "scream + great-wave"."""
        return " + ".join(style_name(style) for style in self.styles)

    @cached_property
    def style(self) -> Style:
        """The styles blended, once all are Styles.

        Raises:
            OptionError: there is none.
            StyleError: they are of different models.
        """
        return blend([style for style in self.styles if isinstance(style, Style)], self.shares)

    def inputs(self, code: Layout = (), content: Colours | None = None) -> dict[str, NDArray[np.float32]]:
        """The stylizer graph's inputs beside the picture: style [1,S] and alpha [1]. Raises what `style` does.

        Args:
            code: `Contract.code` of the model.
            content: the content's colours, where `keeps_colours`.
        """
        style = self.style.code
        if self.keeps_colours and content is not None:
            style = with_colours(style, code, content, self.color_strength)
        return {"style": style[None], "alpha": np.array([self.alpha], np.float32)}

    @property
    def needs_whole(self) -> bool:
        """Whether it is more than a matter of the graph's inputs, which is all that costs nothing in a stream."""
        return self.mask is not None or self.regions is not None or self.stroke_size not in (None, 1)

    @property
    def keeps_colours(self) -> bool:
        """Whether the content's colours matter."""
        return self.color != "style" and self.color_strength > 0

    def finish(self, content: Pixels, painted: Pixels) -> Pixels:
        """What is left to do when a picture, or a part of one, is painted; uint8 [H,W,3] both."""
        if self.color == "luminance" and self.keeps_colours:
            return take_brightness(content, painted, self.color_strength)
        return painted


def style_name(style: StyleSource) -> str:
    """A style's own name, a file's without folder and suffix, or "picture"."""
    if isinstance(style, Style):
        return style.name
    return Path(style).stem if isinstance(style, str | Path) else "picture"


def _known(style: StyleSource) -> StyleSource:
    """Names and .npy files as Styles; pictures stay, since only a model can encode them."""
    if isinstance(style, str) and not _is(Path.is_file, style):
        try:
            return bank().style(style)
        except StyleError:
            if not _is(Path.exists, style):  # a pipe is read; of a folder, whoever reads it tells
                raise
    if isinstance(style, str | Path) and Path(style).suffix.lower() == ".npy":
        return Style.load(style)
    return style


def _is(test: Callable[[Path], bool], text: str) -> bool:
    try:
        return test(Path(text))
    except (OSError, ValueError):  # longer than a path may be, or with a zero byte
        return False
