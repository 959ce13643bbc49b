"""Writing: a picture to a file or a stream; a file appears whole or not at all."""

import io
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from ..errors import OptionError, PictureError
from ..replacing import replacing
from .picture import Picture

# What `save` writes, by suffix: Pillow's name and options. JPEG without chroma subsampling, which would
# smear the saturated edges of brush strokes.
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"quality": 95}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".bmp": ("BMP", {}),
}
_WITH_ALPHA = {"PNG", "WEBP", "TIFF"}


def format_of(suffix: str) -> tuple[str, dict[str, Any]]:
    """Pillow's name and options for a file suffix, in upper or lower case.

    Raises:
        OptionError: a suffix that is not in FORMATS.
    """
    if suffix.lower() not in FORMATS:
        came = f"the format {suffix!r} is unknown" if suffix else "there is no file suffix to tell the format"
        raise OptionError(f"{came}; pictures are written as {', '.join(FORMATS)}")
    return FORMATS[suffix.lower()]


def save(picture: Picture, target: str | Path | BinaryIO) -> None:
    """Write a picture in sRGB, with its metadata if it has any; a file appears whole or not at all.

    PNG, WebP and TIFF keep the alpha channel; JPEG and BMP get the picture on white.

    Args:
        picture: written as it is.
        target: path with a suffix of FORMATS, whose folder is made where it is missing; or binary stream, which gets
            a PNG.

    Raises:
        OptionError: unknown format.
        PictureError: the file cannot be written, or the format cannot hold the picture.
    """
    if not isinstance(target, str | Path):
        target.write(_encode(picture, ".png"))
        return
    data = _encode(picture, Path(target).suffix)
    path = Path(target).resolve()  # a link keeps pointing to its file
    try:
        if path.exists() and not path.is_file():  # a device or pipe, which must not be replaced
            path.write_bytes(data)
            return
        with replacing(path) as part:
            part.write_bytes(data)
    except OSError as error:
        raise PictureError(
            f"{target} cannot be written ({error.strerror}); check the folder, its rights and the free space"
        ) from error


def _encode(picture: Picture, suffix: str) -> bytes:
    name, options = format_of(suffix)
    image = picture.to_pil()
    if picture.alpha is not None and name not in _WITH_ALPHA:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image).convert("RGB")
    stream, metadata = io.BytesIO(), picture.metadata.options(name) if picture.metadata else {}
    try:
        image.save(stream, name, **options, **metadata)
    except (OSError, ValueError) as error:  # JPEG ends at 65535 pixels a side, WebP at 16383
        raise PictureError(
            f"{image.width} x {image.height} pixels cannot be written as {name} ({error}); use .png or .tiff"
        ) from error
    return stream.getvalue()
