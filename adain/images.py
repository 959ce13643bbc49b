"""Picture files and uint8 RGB arrays, both ways.

    load(source)       file, bytes, stream, PIL image or array  ->  Picture
    save(picture, to)  Picture, PIL image or array              ->  file or stream

Whatever comes in leaves `load` as upright sRGB with 8 bits a channel; whatever cannot be read raises a
PictureError of one line. Pillow decodes; its global settings are never touched.
"""

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from .errors import AdaINError, OptionError, PictureError, first_line
from .files import replacing

# Where Pillow itself refuses to open a file: 0.54 GB as RGB, more than any camera but 200-megapixel phones.
# (Pillow warns from half of this on; scans and medium-format cameras pass that, so we do not.)
MAX_PIXELS = 178_956_970

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

# Never read: EPS starts Ghostscript, WMF asks Windows to draw; Pillow knows the others by name only.
_UNREAD = {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"}

# The value that means white in modes of more than 8 bits.
_WHITE = {"I;16": 65535, "I;16L": 65535, "I;16B": 65535, "I;16N": 65535, "I": 65535, "F": 1}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, upright, in sRGB.

    Attributes:
        pixels: uint8 [H,W,3]. Where alpha is 0 a colour means nothing, and `load` puts white.
        alpha: uint8 [H,W], 255 is opaque; None where the source had no transparency.
    """

    pixels: Pixels
    alpha: Pixels | None = None

    def to_pil(self) -> Image.Image:
        """The same as a PIL image of mode RGB, or RGBA where there is an alpha channel."""
        image = Image.fromarray(self.pixels)
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        return image


FileSource = str | Path | bytes | BinaryIO | Image.Image
Source = FileSource | Pixels


def load(source: Source, draft: int | None = None) -> Picture:
    """Read a picture, whatever holds it.

    Turned upright by its EXIF orientation and converted to sRGB by its embedded ICC profile (a broken one
    is ignored; CMYK without one is converted by the plain formula). 16-bit grey is scaled, not clipped;
    palette, grey and 1-bit become RGB; of an animation the first frame is taken.

    Args:
        source: path; the bytes of a file; binary stream, read from where it stands to its end; PIL image
            of any mode; or uint8 array [H,W,3] in sRGB, taken as it is.
        draft: of a large JPEG in bytes, decode only as much as sides of at least this many px need.

    Raises:
        PictureError: missing, no picture, broken, cut short, or of more than MAX_PIXELS pixels.
    """
    if isinstance(source, np.ndarray):
        return Picture(_checked(source))
    if isinstance(source, Image.Image):
        with _explained("the picture"):
            return _convert(source, "the picture")
    if isinstance(source, str | Path):
        return _load_file(Path(source))
    data = source if isinstance(source, bytes) else source.read()
    return _decode(io.BytesIO(data), "the picture", empty=not data, draft=draft)


def header(data: bytes) -> tuple[int, int]:
    """Width and height of an encoded picture, as its header has them; nothing is decoded.

    Raises:
        PictureError: no picture.
    """
    with _explained("the picture"), _open(io.BytesIO(data)) as image:
        return image.size


def readable_suffixes() -> set[str]:
    """Of the files that Pillow reads and that are safe to open, such as ".jpg"."""
    return {suffix for suffix, name in Image.registered_extensions().items() if name in _readable()}


def resize_to_side(picture: Picture, size: int, which: Literal["longer", "shorter"] = "longer") -> Picture:
    """Shrink (Lanczos) so that one side has at most `size` pixels and the shape stays.

    Args:
        picture: left as it is where that side is `size` or less already.
        size: pixels, 1 or more.
        which: the side that `size` is about.

    Raises:
        OptionError: size below 1.
    """
    if size < 1:
        raise OptionError(f"the size is {size}; give the pixels of a side, 1 or more")
    height, width = picture.pixels.shape[:2]
    side = max(height, width) if which == "longer" else min(height, width)
    if side <= size:
        return picture
    shape = (max(1, round(width * size / side)), max(1, round(height * size / side)))
    return load(picture.to_pil().resize(shape, Image.Resampling.LANCZOS))


def find_pictures(paths: Iterable[str | Path]) -> list[Path]:
    """All pictures that the paths stand for, each once.

    Args:
        paths: files, taken as given, and folders, searched with all their subfolders for names with a
            suffix that Pillow reads, in upper or lower case, sorted; hidden files are passed over.

    Raises:
        PictureError: a path does not exist, or a folder holds no picture.
    """
    suffixes = readable_suffixes()
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = [file for file in path.rglob("*") if file.suffix.lower() in suffixes and file.is_file()]
            inside = [f for f in inside if not any(p.startswith(".") for p in f.relative_to(path).parts)]
            if not inside:
                raise PictureError(f"the folder {path} holds no picture (no .jpg, .png, ...); check the path")
            found += sorted(inside)
        elif path.exists():
            found.append(path)
        else:
            raise PictureError(f"{path} does not exist; give a picture or a folder of pictures")
    return list(dict.fromkeys(found))


def known_format(name: str) -> str:
    """The key in FORMATS that a suffix or format name such as ".JPG", "jpg" or "PNG" means.

    Raises:
        OptionError: none of them.
    """
    suffix = "." + name.lower().removeprefix(".")
    if suffix not in FORMATS:
        came = f"the format {name!r} is unknown" if name else "there is no file suffix to tell the format"
        raise OptionError(f"{came}; pictures are written as {', '.join(FORMATS)}")
    return suffix


def save(picture: Picture | Image.Image | Pixels, target: str | Path | BinaryIO, format: str | None = None) -> None:
    """Write a picture in sRGB, without metadata; a file appears whole or not at all.

    PNG, WebP and TIFF keep the alpha channel; JPEG and BMP get the picture on white.

    Args:
        picture: Picture, PIL image of any mode, or uint8 array [H,W,3].
        target: path, whose folder is made where it is missing, or binary stream.
        format: a suffix of FORMATS; the path's own, or PNG on a stream, where it is None.

    Raises:
        OptionError: unknown format.
        PictureError: the file cannot be written, or the format cannot hold the picture.
    """
    picture = picture if isinstance(picture, Picture) else load(picture)
    if not isinstance(target, str | Path):
        target.write(_encode(picture, format or ".png"))
        return
    data = _encode(picture, format or Path(target).suffix)
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


def _load_file(path: Path) -> Picture:
    try:
        if path.is_dir():
            raise PictureError(f"{path} is a folder; one picture file was expected")
        with path.open("rb") as file:
            return _decode(file, str(path), empty=path.is_file() and path.stat().st_size == 0)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path} cannot be read ({reason}); check the path and its rights") from error


def _decode(stream: BinaryIO, name: str, empty: bool, draft: int | None = None) -> Picture:
    if empty:
        raise PictureError(f"{name} is empty (0 bytes); a picture was expected; get it again")
    with _explained(name), _open(stream) as image:
        if image.width * image.height > MAX_PIXELS:  # known from the header, before anything is decoded
            raise _too_large(name, f"{image.width} x {image.height} pixels")
        if draft is not None:
            image.draft(None, (draft, draft))
        return _convert(image, name)


_muting = Lock()


@contextmanager
def _muted() -> Iterator[None]:
    # Pillow warns of sizes, for which we have our own limit, and of odd metadata, which help nobody here.
    # `catch_warnings` restores the process's filters on leaving, which only one thread at a time can do
    # rightly: hence the lock, and no decoding of pixels inside.
    with _muting, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(stream: BinaryIO) -> Image.Image:
    with _muted():
        return Image.open(stream, formats=_readable())


def _readable() -> list[str]:
    Image.init()
    return [name for name in Image.ID if name not in _UNREAD]


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except AdaINError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name, "more pixels than Pillow opens") from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{name} is not a picture that can be read, whatever its name; convert it to JPEG or PNG"
        ) from error
    except MemoryError as error:
        raise PictureError(f"{name} does not fit into memory; scale it down first") from error
    except Exception as error:  # broken bytes lead the decoders to OSError, SyntaxError, struct.error, ...
        raise PictureError(f"{name} is broken or cut short ({first_line(error)}); get or export it again") from error


def _too_large(name: str, came: str) -> PictureError:
    return PictureError(f"{name} has {came}; at most {MAX_PIXELS:,} are read; scale it down first")


def _checked(array: Pixels) -> Pixels:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise PictureError(
            f"the array is {array.dtype} {list(array.shape)}; a picture is uint8 [height, width, 3] in RGB"
        )
    return array


def _convert(image: Image.Image, name: str) -> Picture:
    if image.width == 0 or image.height == 0:
        raise PictureError(f"{name} has no pixels; at least 1 x 1 was expected")
    image.load()  # any damage shows here, so that what `_upright` passes over is the EXIF data's
    profile = image.info.get("icc_profile")
    image = _upright(image)
    if image.mode in _WHITE:
        image = _to_8_bits(image, name)
    alpha = None
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode in ("L", "LA", "La") else "RGBA")
        alpha = image.getchannel("A")
        image = image.convert(image.mode.removesuffix("A"))
    image = _to_srgb(image, profile)
    if alpha is None:
        return Picture(np.asarray(image))
    image.paste("white", mask=alpha.point([255] + [0] * 255))
    return Picture(np.asarray(image), np.asarray(alpha))


def _upright(image: Image.Image) -> Image.Image:
    try:
        with _muted():
            image.getexif()  # parsed here, and kept
        return ImageOps.exif_transpose(image)
    except Exception:  # broken EXIF data (anything from SyntaxError to struct.error) says nothing
        return image


def _to_8_bits(image: Image.Image, name: str) -> Image.Image:
    values = np.asarray(image, np.float32)
    white = _WHITE[image.mode]
    if not (values.min() >= 0 and values.max() <= white):  # NaN fails this too
        raise PictureError(
            f"{name} has {'whole' if white > 1 else 'decimal'} numbers from {values.min():g} to "
            f"{values.max():g}; 0 to {white} was expected; save it with 8 or 16 bits a channel"
        )
    return Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("RGB")
    source = ImageCms.createProfile("LAB") if image.mode == "LAB" else profile and io.BytesIO(profile)
    if source:
        srgb, intent = ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        with suppress(ImageCms.PyCMSError):  # the profile is broken, or for another kind of picture
            image = ImageCms.profileToProfile(image, source, srgb, intent, "RGB", flags=flags) or image
    return image.convert("RGB")


def _encode(picture: Picture, format: str) -> bytes:
    name, options = FORMATS[known_format(format)]
    image = picture.to_pil()
    if picture.alpha is not None and name not in _WITH_ALPHA:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image).convert("RGB")
    stream = io.BytesIO()
    try:
        image.save(stream, name, **options)
    except (OSError, ValueError) as error:  # JPEG ends at 65535 pixels a side, WebP at 16383
        raise PictureError(
            f"{image.width} x {image.height} pixels cannot be written as {name} ({error}); use .png or .tiff"
        ) from error
    return stream.getvalue()
