"""The built-in styles: names to codes."""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from . import shipped
from .errors import StyleError
from .styles import Style


@dataclass(frozen=True)
class Painting:
    """What the bank knows of a style."""

    title: str
    artist: str
    year: str
    movement: str  # or technique, such as "ukiyo-e" or "mosaic"


class Bank:
    """Styles in a folder: NAME.npy each, and index.json, which is read once.

    Attributes:
        model: whose codes they are, see `Contract.checkpoint_sha256`.
        paintings: by the name that `style` takes, sorted.

    Raises:
        StyleError: index.json is missing or broken.
    """

    def __init__(self, folder: Path) -> None:
        index = folder / "index.json"
        try:
            content = json.loads(index.read_text("utf-8"))
            paintings = {name: Painting(**content["styles"][name]) for name in sorted(content["styles"])}
            self.model: str = content["model"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StyleError(f"the built-in styles cannot be read from {index} ({error}); reinstall adain") from error
        self.paintings = paintings
        self._folder = folder

    def style(self, name: str) -> Style:
        """A style by its name, in upper or lower case, with hyphens, underscores or spaces.

        Raises:
            StyleError: no such style; the message suggests near names.
        """
        key = name.lower().replace("_", "-").replace(" ", "-")
        if key not in self.paintings:
            import difflib

            near = " or ".join(difflib.get_close_matches(key, self.paintings))
            hint = f"did you mean {near}? " if near else ""
            raise StyleError(f"there is no style or file named {name!r}; {hint}`adain styles` lists all styles")
        return replace(Style.load(self._folder / f"{key}.npy"), model=self.model)


def bank() -> Bank:
    """The styles of the package."""
    return _opened(shipped.STYLES)


_opened = cache(Bank)
