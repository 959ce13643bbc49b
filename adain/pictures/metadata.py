"""What a file says of a picture beside its pixels, as far as it stays true of the restyled one."""

from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from PIL import ExifTags, Image

# Tags that tell of the picture and who made it when; others describe the file (its size, its strips, its preview, which
# way is up) and would be wrong in another one.
_KEPT = ("ImageDescription", "Make", "Model", "DateTime", "Artist", "Copyright")
_FILE = (
    "MakerNote",
    "ExifImageWidth",
    "ExifImageHeight",
    "ExifInteroperabilityOffset",
    "ComponentsConfiguration",
    "ColorSpace",
)
_MOST = 60_000  # bytes; a JPEG file takes some more


@dataclass(frozen=True, eq=False)
class Metadata:
    """Resolution, and EXIF without orientation and preview.

    Attributes:
        dpi: across and down; None where the file says nothing.
        exif: as `Image.save` takes it; b"" where there is none.
    """

    dpi: tuple[float, float] | None = None
    exif: bytes = b""

    @classmethod
    def of(cls, image: Image.Image) -> Self:
        """What an open file says; what is broken is left out."""
        dpi, exif = None, b""
        with suppress(Exception):  # broken numbers lead to any error
            across, down = (float(value) for value in image.info["dpi"])
            if isfinite(across) and isfinite(down) and min(across, down) >= 1 and max(across, down) <= 30_000:
                dpi = across, down
        with suppress(Exception):
            exif = _kept(image.getexif())
        return cls(dpi, exif if len(exif) <= _MOST else b"")

    def options(self, format: str) -> dict[str, Any]:
        """For `Image.save`; in a TIFF that is compressed libtiff writes the main part of EXIF only."""
        dpi = {} if self.dpi is None else {"dpi": self.dpi}
        if not self.exif:
            return dpi
        exif = Image.Exif()
        exif.load(self.exif)
        return dpi | {"exif": _main(exif).tobytes() if format == "TIFF" else self.exif}


def _main(exif: Image.Exif) -> Image.Exif:
    main = Image.Exif()
    for name in _KEPT:
        tag = ExifTags.Base[name].value
        if tag in exif:
            main[tag] = exif[tag]
    return main


def _kept(exif: Image.Exif) -> bytes:
    kept = _main(exif)
    some = len(kept) > 0
    for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        left_out = {ExifTags.Base[name].value for name in _FILE} if part == ExifTags.IFD.Exif else set()
        values = {tag: value for tag, value in exif.get_ifd(part).items() if tag not in left_out}
        if values:
            kept.get_ifd(part).update(values)
            some = True
    return kept.tobytes() if some else b""
