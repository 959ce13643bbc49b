"""Look: what a person wants of a picture, in one value that every way to restyle pictures takes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .bank import bank
from .errors import OptionError
from .pictures import Source, check_side
from .styles import Style, blend, normalise

StyleSource = Style | Source


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
            encoded; None takes what the model says, `Contract.painting`. Smaller values give finer strokes; larger
            ones take memory by their square.

    Raises:
        OptionError: alpha outside 0 to 1, a style_size below 1, or shares that do not fit the styles.
        StyleError: an unknown name, or a broken .npy file.
    """

    styles: tuple[StyleSource, ...] = ()
    shares: tuple[float, ...] = ()
    alpha: float = 1.0
    style_size: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:  # NaN fails this too
            raise OptionError(f"alpha is {self.alpha}; give a number from 0 (content) to 1 (full style)")
        if self.style_size is not None:
            check_side(self.style_size)
        # A single style is as good as a tuple of it; a str would otherwise be taken letter by letter.
        styles = self.styles if isinstance(self.styles, tuple | list) else (self.styles,)
        shares = self.shares or (1.0,) * len(styles)
        object.__setattr__(self, "styles", tuple(_known(style) for style in styles))  # the dataclass is frozen
        object.__setattr__(self, "shares", normalise(shares, len(styles)) if shares else ())

    @classmethod
    def of(cls, wanted: "Look | StyleSource", alpha: float | None = None) -> "Look":
        """A look as it is, or one of a single style; `alpha` replaces its own, where it is given."""
        look = wanted if isinstance(wanted, Look) else cls((wanted,))
        return look if alpha is None else replace(look, alpha=alpha)

    def after(self, *styles: StyleSource) -> Self:
        """The same after other styles, in equal shares."""
        return replace(self, styles=styles, shares=())

    @property
    def name(self) -> str:
        """The styles' names for messages and file names, such as "scream + great-wave"."""
        return " + ".join(style_name(style) for style in self.styles)

    @property
    def style(self) -> Style:
        """The styles blended, once all are Styles.

        Raises:
            OptionError: there is none.
            StyleError: they are of different models.
        """
        return blend([style for style in self.styles if isinstance(style, Style)], self.shares)

    def inputs(self) -> dict[str, NDArray[np.float32]]:
        """The stylizer graph's inputs beside the picture: style [1,S] and alpha [1]. Raises what `style` does."""
        return {"style": self.style.code[None], "alpha": np.array([self.alpha], np.float32)}


def style_name(style: StyleSource) -> str:
    """A style's own name, a file's without folder and suffix, or "picture"."""
    if isinstance(style, Style):
        return style.name
    return Path(style).stem if isinstance(style, str | Path) else "picture"


def _known(style: StyleSource) -> StyleSource:
    """Names and .npy files as Styles; pictures stay, since only a model can encode them."""
    if isinstance(style, str) and not _is_file(style):
        return bank().style(style)
    if isinstance(style, str | Path) and Path(style).suffix.lower() == ".npy":
        return Style.load(style)
    return style


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than a path may be, or with a zero byte
        return False
