"""What a request asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..look import Color, Look
from ..pictures import check_side
from ..styles import normalise
from .body import Part
from .problems import Problem, about

Format = Literal["jpeg", "png", "webp"]
MEDIA = {name: f"image/{name}" for name in get_args(Format)}
PLAIN = {"alpha", "style_size", "color", "color_strength", "feather", "fit"}  # fields of `Look` that come as they are
PICTURES = ("content", "style", "mask", "regions")  # what may be sent as a file
STYLES = 8  # in one request


class Fields(BaseModel):
    """The fields of a request that are text, as in a form or in an address. Ranges are checked by `Look`."""

    model_config = ConfigDict(extra="forbid")

    shares: list[float] = Field([], description="One for each style, such as 2,1; equal without.", examples=["2,1"])
    alpha: float = Field(Look.alpha, description="0 gives back the content, 1 is the full style.", examples=[0.8])
    size: int | None = Field(None, description="Shrink the content's longer side to this first, in px.", examples=[768])
    style_size: int | None = Field(None, description="Shrink paintings to this shorter side, in px.", examples=[512])
    color: Color = Field(
        Look.color, description="Whose colours: the style's, the content's, or all but its brightness."
    )
    color_strength: float = Field(Look.color_strength, description="0 is the style's colours, 1 what `color` says.")
    stroke_size: float | Literal["full"] = Field(1, description="0.5 fine, 2 broad; full paints every pixel.")
    feather: float = Field(Look.feather, description="Width of the edges of mask and regions, in px.")
    fit: bool = Field(Look.fit, description="Stretch mask and regions to the content.")
    format: Format = Field("jpeg", description="Of the answer; JPEG has no transparency.")
    strip: bool = Field(False, description="Answer without the content's EXIF and resolution.")


@dataclass(frozen=True)
class Wish:
    """A request that was read; its pictures are still bytes.

    Attributes:
        content: the bytes of a picture file.
        styles: names, and bytes of paintings or .npy codes, in order.
        mask, regions: the bytes of picture files.
        pattern: the look without any of these, and without shares.
        fields: as they came.
    """

    content: bytes
    styles: tuple[str | bytes, ...]
    mask: bytes | None
    regions: bytes | None
    pattern: Look
    fields: Fields

    @classmethod
    def of(cls, parts: Sequence[Part]) -> "Wish":
        """Sort what came; a text that is empty is a field of a form that was left so.

        Raises:
            Problem: a field is missing, unknown, given twice, not of its kind, or outside its range.
        """
        found: dict[str, list[Any]] = {}
        for name, value in parts:
            if value != "":
                found.setdefault(name, []).append(value)
        pictures = {name: found.pop(name, []) for name in PICTURES}
        for name in ("content", "mask", "regions"):
            if any(isinstance(value, str) for value in pictures[name]):
                raise Problem("field", f"{name} came as text; send a picture, with a file name in the form", name)
        styles = [part for value in pictures.pop("style") for part in _parts(value)]
        files = {name: _one(name, values) for name, values in pictures.items()}
        if files["content"] is None:
            raise Problem(
                "field", "there is no content; send a picture as the field content, or as the body", "content"
            )
        if not 0 < len(styles) <= STYLES:
            raise Problem("field", f"{len(styles)} styles came; give 1 to {STYLES} names, paintings or codes", "style")
        fields = _fields(found)
        return cls(styles=tuple(styles), pattern=_pattern(fields, len(styles)), fields=fields, **files)


def _pattern(fields: Fields, styles: int) -> Look:
    """The look without styles and masks, which are not read yet; what can be said of its values is said here."""
    with about():
        if fields.size is not None:
            check_side(fields.size)
        if fields.shares:
            normalise(fields.shares, styles)
        as_they_are = fields.model_dump(include=PLAIN)
        return Look(**as_they_are, stroke_size=None if fields.stroke_size == "full" else fields.stroke_size)


def _one(name: str, values: list[Any]) -> Any:
    """The value of a field that may come once."""
    if len(values) > 1:
        raise Problem("field", f"{name} came {len(values)} times; give it once", name)
    return values[0] if values else None


def _parts(value: str | bytes) -> list[Any]:
    """A text may be a list with commas."""
    return value.split(",") if isinstance(value, str) else [value]


def _fields(found: dict[str, list[Any]]) -> Fields:
    if name := next((name for name, values in found.items() if any(isinstance(each, bytes) for each in values)), None):
        raise Problem("field", f"{name} came as a file; files are {', '.join(PICTURES)}", name)
    shares = [part for text in found.pop("shares", []) for part in _parts(text)]
    texts = {name: _one(name, values) for name, values in found.items()}
    try:
        return Fields(**texts, shares=shares)  # pydantic makes numbers of texts
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            known = ", ".join((*PICTURES, *Fields.model_fields))
            raise Problem("field", f"there is no field {name!r}; fields are {known}", name) from error
        raise Problem("field", f"{name} is {first['input']!r}; {_expected(first)}", name) from error


def _expected(error: Any) -> str:
    return str(error["msg"]).replace("Input should be", "it should be")
