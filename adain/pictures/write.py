"""Writing: a picture to a file or a stream; a file appears whole or not at all."""

import io
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, features

from ..errors import OptionError, PictureError
from ..replacing import replacing
from .animation import Animation
from .picture import Picture

# What `save` writes, by suffix: Pillow's name and options. JPEG without chroma subsampling, which would
# smear the saturated edges of brush strokes.
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jfif": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"quality": 95}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".bmp": ("BMP", {}),
    ".gif": ("GIF", {}),
}
if features.check("avif"):  # not in every Pillow
    FORMATS[".avif"] = ("AVIF", {"quality": 90})
_WITH_ALPHA = {"PNG", "WEBP", "TIFF", "GIF", "AVIF"}
_WITH_FRAMES = {"PNG", "WEBP", "TIFF", "GIF"}
_SAMPLE = 64  # px a side of the frames that a palette is made of


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
    save_all(Animation((picture,)), target)


def check_quality(quality: int) -> None:
    """Raise an OptionError where the quality of a lossy format is none."""
    if not 1 <= quality <= 100:
        raise OptionError(f"the quality is {quality}; give 1 (small files) to 100 (the best)")


def holds_frames(suffix: str) -> bool:
    """Whether files with this suffix can have several pictures."""
    return format_of(suffix)[0] in _WITH_FRAMES


def suffix_of(target: Path) -> str:
    """The suffix that tells the format; a device or a pipe without one gets a PNG.

    Raises:
        OptionError: the format is unknown.
    """
    suffix = ".png" if not target.suffix and target.exists() and not target.is_file() else target.suffix
    format_of(suffix)
    return suffix


def save_all(animation: Animation, target: str | Path | BinaryIO) -> None:
    """The same for all pictures of an animation or document, with its errors; GIF, WebP, PNG and TIFF hold more."""
    if not isinstance(target, str | Path):
        target.write(encode(animation, ".png"))
        return
    data = encode(animation, suffix_of(Path(target)))
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


def encode(animation: Animation, suffix: str, quality: int | None = None) -> bytes:
    """The bytes of the file that `save_all` writes.

    Args:
        animation: one or more pictures.
        suffix: of a file of the wanted format.
        quality: of JPEG, WebP and AVIF, see `check_quality`; None takes that of FORMATS. Other formats lose nothing.

    Raises:
        OptionError: unknown format.
        PictureError: the format cannot hold the picture.
    """
    name, options = format_of(suffix)
    if quality is not None and "quality" in options:
        options = options | {"quality": quality}
    images = [_image(picture, name) for picture in animation.frames]
    stream, metadata = io.BytesIO(), animation.frames[0].metadata
    if metadata is not None:
        options = options | metadata.options(name)
    if len(images) > 1:
        options = options | _of_frames(animation, name)
        images = _with_one_palette(images) if name == "GIF" else images
        options |= {"save_all": True, "append_images": images[1:]}
    try:
        images[0].save(stream, name, **options)
    except (OSError, ValueError) as error:  # JPEG ends at 65535 pixels a side, WebP at 16383
        raise PictureError(
            f"{images[0].width} x {images[0].height} pixels cannot be written as {name} ({error}); use .png or .tiff"
        ) from error
    return stream.getvalue()


def _image(picture: Picture, name: str) -> Image.Image:
    image = picture.to_pil()
    if picture.alpha is None or name in _WITH_ALPHA:
        return image
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image).convert("RGB")


def _of_frames(animation: Animation, name: str) -> dict[str, Any]:
    """How frames follow each other; each replaces the one before, also where it is transparent."""
    if not animation.moves or name == "TIFF":
        return {}
    transparent = any(frame.alpha is not None for frame in animation.frames)
    options: dict[str, Any] = {"duration": [round(each) for each in animation.durations]}
    if name == "GIF":
        again = {} if animation.loop is None else {"loop": animation.loop}
        return options | again | {"disposal": 2 if transparent else 0}
    options["loop"] = 1 if animation.loop is None else animation.loop
    # Of frames that build on each other, libwebp loses the transparency.
    return options | ({"disposal": 0, "blend": 0} if name == "PNG" else {"kmax": 1} if transparent else {})


def _with_one_palette(images: list[Image.Image]) -> list[Image.Image]:
    """Frames in 256 colours, the same for all: palettes of their own would make them flicker."""
    if any(image.mode != "RGB" for image in images):
        return images  # Pillow finds a place for what is transparent
    strip = Image.new("RGB", (_SAMPLE * len(images), _SAMPLE))
    for index, image in enumerate(images):
        strip.paste(image.resize((_SAMPLE, _SAMPLE), Image.Resampling.NEAREST), (index * _SAMPLE, 0))
    palette = strip.quantize(256)
    return [image.quantize(palette=palette) for image in images]
