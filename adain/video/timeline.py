"""Looks over time: key times, cross-fades between styles, and the small text file that holds them."""

import json
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from zlib import crc32

from PIL import Image

from ..errors import OptionError, first_line
from ..look import Look, StyleSource
from ..styles import Style

MAX_SCRIPT = 1 << 20  # bytes
STYLES = ("styles", "shares")
NUMBERS = ("alpha", "color_strength")  # run straight from key to key
SWITCHES = ("color", "style_size")  # hold from their key on
FIXED = ("stroke_size", "mask", "feather", "fit")  # hold throughout

Key = tuple[float, Any]  # seconds, value


@dataclass(frozen=True)
class Timeline:
    """The look at every time of a video.

        Timeline(Look(("scream",)), {"styles": ((0, ("scream",)), (10, ("great-wave",)))}, fade=2)

    Attributes:
        look: what holds where no key says otherwise.
        keys: for fields of the look, what they are at which second, in order of time. Numbers run straight from key to
            key; new styles fade in from their key on; the rest changes at its key. Before its first key a field has
            that key's value.
        fade: seconds that the styles of a key take to replace those before; shorter where the next key comes sooner.

    Raises:
        OptionError: keys of an unknown field, out of order, or of values that a look does not take; a negative fade.
    """

    look: Look
    keys: Mapping[str, Sequence[Key]] = field(default_factory=dict)
    fade: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.fade < float("inf"):
            raise OptionError(f"the fade takes {self.fade:g} s; give 0 or more")
        for name, keys in self.keys.items():
            times = [time for time, _ in keys]
            if not all(0 <= time < float("inf") for time in times):
                raise OptionError(f"the times of {name} are {times}; give seconds, 0 or more")
            if any(a >= b for a, b in pairwise(times)):
                raise OptionError(f"the times of {name} are {times}; give each once, in order")
            for _, value in keys:
                replace(self.look, **_values(name, value))  # raises what a look raises

    @classmethod
    def read(cls, file: str | Path, look: Look) -> Self:
        """A script: a TOML file, with `fade` and tables `[[key]]` with `time` and fields of the look.

            fade = 2

            [[key]]
            time = 0
            styles = ["scream"]

            [[key]]
            time = "1:30"
            styles = ["great-wave", "udnie"]
            shares = [2, 1]
            alpha = 0.5

        Args:
            look: what holds of all that the script does not say.

        Raises:
            OptionError: no such file, no TOML, or what is said above.
        """
        try:
            with Path(file).open("rb") as stream:
                data = stream.read(MAX_SCRIPT + 1)
            if len(data) > MAX_SCRIPT:
                raise OptionError(f"{file} has more than {MAX_SCRIPT:,} bytes; a script of keys is a small text file")
            script = tomllib.loads(data.decode())
        except OSError as error:
            raise OptionError(f"{file} cannot be read ({error.strerror}); check the path") from error
        except ValueError as error:  # of tomllib and of UTF-8
            raise OptionError(f"{file} is no TOML file ({first_line(error)})") from error
        try:
            return cls._of(script, look)
        except OptionError as error:
            raise OptionError(f"{file}: {error}") from error

    @classmethod
    def _of(cls, script: dict[str, Any], look: Look) -> Self:
        if unknown := sorted(script.keys() - {"fade", "key"}):
            raise OptionError(f"{', '.join(unknown)} is unknown; give fade and tables [[key]]")
        tables, fade = script.get("key", []), script.get("fade", 1.0)
        if not _is_number(fade) or not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise OptionError("fade is a number of seconds, and each key a table [[key]]")
        keys: dict[str, list[Key]] = {}
        for table in tables:
            if unknown := sorted(table.keys() - {"time", *STYLES, *NUMBERS, *SWITCHES}):
                raise OptionError(f"{', '.join(unknown)} is unknown; a key has time and fields of the look")
            time = seconds(table.get("time", 0))
            if "shares" in table and "styles" not in table:
                raise OptionError("shares are of styles; give both in one key")
            for name, value in table.items():
                if name == "styles":
                    value = _styles_of(value, table.get("shares", []))
                elif name in NUMBERS and not _is_number(value):
                    raise OptionError(f"{name} is {value!r}; give a number")
                if name not in ("time", "shares"):
                    keys.setdefault(name, []).append((time, value))
        return cls(look, keys, fade)

    @property
    def name(self) -> str:
        """The names of all styles, as `Look.name` puts them."""
        looks = [self.look, *(self.look.after(*styles) for _, (styles, _) in self.keys.get("styles", ()))]
        return " + ".join(dict.fromkeys(look.name for look in looks if look.styles))

    def encoded(self, encode: Callable[[Look], Look]) -> Self:
        """The same with a Style in place of every picture; see `Stylizer.encode`."""

        def of(look: Look) -> tuple[tuple[StyleSource, ...], tuple[float, ...]]:
            found = encode(look)
            return found.styles, found.shares

        keys = dict(self.keys)
        if "styles" in keys:
            looks = [
                (time, replace(self.look, style_size=self._at("style_size", time), **_values("styles", value)))
                for time, value in keys["styles"]
            ]
            keys["styles"] = [(time, of(look)) for time, look in looks]
        return replace(self, look=encode(self.look), keys=keys)

    def described(self) -> list[Any]:
        """The same in JSON's types, to tell whether two are equal; of styles and masks there are checksums."""
        fixed = {name: getattr(self.look, name) for name in (*STYLES, *NUMBERS, *SWITCHES, *FIXED)}
        plain = {"look": fixed, "keys": dict(self.keys), "fade": self.fade}
        facts: list[Any] = json.loads(json.dumps([plain], default=_described))
        return facts

    def at(self, time: float) -> Look:
        """The look at so many seconds."""
        if not self.keys:
            return self.look
        values = {name: self._at(name, time) for name in self.keys if name != "styles"}
        if "styles" in self.keys:
            values["styles"], values["shares"] = self._styles_at(time)
        return replace(self.look, **values)

    def jumps(self, before: float, now: float) -> bool:
        """Whether styles change at once between two times, in seconds."""
        return self.fade == 0 and any(before < time <= now for time, _ in self.keys.get("styles", ()))

    def _at(self, name: str, time: float) -> Any:
        keys = self.keys.get(name)
        if not keys:
            return getattr(self.look, name)
        before, after, way = _between(keys, time)
        return before + way * (after - before) if name in NUMBERS else before

    def _styles_at(self, time: float) -> tuple[tuple[StyleSource, ...], tuple[float, ...]]:
        keys = self.keys["styles"]
        number = max(0, bisect_right(keys, time, key=lambda key: key[0]) - 1)
        began, (styles, shares) = keys[number]
        if number == 0:
            return styles, shares
        ends = keys[number + 1][0] if number + 1 < len(keys) else float("inf")
        fade = min(self.fade, ends - began)
        way = min((time - began) / fade, 1.0) if fade else 1.0
        if way == 1:
            return styles, shares
        old, old_shares = keys[number - 1][1]
        mixed = [*((1 - way) * share for share in _of_one(old, old_shares))]
        return (*old, *styles), (*mixed, *(way * share for share in _of_one(styles, shares)))


def seconds(text: object) -> float:
    """A time of a person: seconds, as a number or as text, or minutes and hours before them, as in 1:30 or 1:02:03.5.

    Raises:
        OptionError: it is none.
    """
    parts = str(text).split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3 or not all(0 <= number < float("inf") for number in numbers):
        raise OptionError(f"the time is {text!r}; give seconds, or minutes and seconds as in 1:30")
    total: float = sum(number * 60.0**power for power, number in enumerate(reversed(numbers)))
    return total


def _described(value: object) -> str:
    if isinstance(value, Style):
        return f"{value.name} {crc32(value.code.tobytes()):08x}"
    return f"{crc32(value.tobytes()):08x}" if isinstance(value, Image.Image) else str(value)


def _between(keys: Sequence[Key], time: float) -> tuple[Any, Any, float]:
    """The values of the keys before and after a time, and how far it is from the one to the other, 0 to 1."""
    number = bisect_right(keys, time, key=lambda key: key[0])
    if number == 0:
        return keys[0][1], keys[0][1], 0.0
    if number == len(keys):
        return keys[-1][1], keys[-1][1], 0.0
    (began, before), (ends, after) = keys[number - 1], keys[number]
    return before, after, (time - began) / (ends - began)


def _values(name: str, value: Any) -> dict[str, Any]:
    """The fields of a look that a key's value sets; styles come with their shares."""
    if name == "styles":
        return {"styles": value[0], "shares": value[1]}
    if name not in (*NUMBERS, *SWITCHES):
        raise OptionError(f"{name} cannot change over time; styles, {', '.join((*NUMBERS, *SWITCHES))} can")
    return {name: value}


def _styles_of(styles: object, shares: object) -> tuple[tuple[StyleSource, ...], tuple[float, ...]]:
    named = isinstance(styles, list) and styles and all(isinstance(style, str) for style in styles)
    if not named or not isinstance(shares, list) or not all(map(_is_number, shares)):
        raise OptionError(f'styles are {styles!r}, shares {shares!r}; write styles = ["a", "b"] and shares = [2, 1]')
    return tuple(styles), tuple(shares)  # type: ignore[arg-type]  # a list, as seen above


def _of_one(styles: Sequence[StyleSource], shares: Sequence[float]) -> list[float]:
    """Shares that sum to 1."""
    total = sum(shares) or len(styles)
    return [share / total for share in shares or (1.0,) * len(styles)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
