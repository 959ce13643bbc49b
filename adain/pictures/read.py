"""Reading: whatever comes in leaves as upright sRGB with 8 bits a channel; whatever cannot be read raises a
PictureError of one line. Pillow decodes; its global settings are never touched.
"""

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from ..errors import AdaINError, PictureError, first_line, how_to_install
from . import png
from .animation import Animation
from .colour import to_srgb
from .metadata import Metadata
from .picture import Picture, Pixels

# Where Pillow itself refuses to open a file: 0.54 GB as RGB, more than any camera but 200-megapixel phones.
# (Pillow warns from half of this on; scans and medium-format cameras pass that, so we do not.)
MAX_PIXELS = 178_956_970

# Never read: EPS starts Ghostscript, WMF asks Windows to draw; in IPTC there may be a file of any kind and size, which
# Pillow opens; the last three are measurements without a white; Pillow knows the others by name only.
_UNREAD = {"EPS", "WMF", "IPTC", "BUFR", "GRIB", "HDF5", "MPEG", "FITS", "SPIDER", "MCIDAS"}

# Suffixes of pictures that Pillow does not read, or of which it reads the small preview alone.
_RAW = set(".3fr .arw .cr2 .cr3 .crw .dng .erf .nef .nrw .orf .pef .raf .raw .rw2 .sr2 .srw .x3f".split())  # noqa: SIM905
_OTHERS = _RAW | set(".avif .emf .eps .exr .fits .hdr .heic .heif .hif .jxl .jxr .svg .svgz .wmf .xcf".split())  # noqa: SIM905
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

# The value that means white in modes of more than 8 bits.
_WHITE = {"I;16": 65535, "I;16L": 65535, "I;16B": 65535, "I;16N": 65535, "I": 65535, "F": 1}

_TURNS = {  # by the EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_ANIMATED = ("GIF", "WEBP", "PNG")

log = logging.getLogger("adain")

T = TypeVar("T")
FileSource = str | Path | bytes | BinaryIO | Image.Image
Source = FileSource | Pixels


def load(source: Source, draft: int | None = None, most: int | None = None) -> Picture:
    """Read a picture, whatever holds it.

    Turned upright by its EXIF orientation and converted to sRGB by its CICP code, embedded ICC profile, or gamma
    (a broken one is ignored; CMYK without one is converted by the plain formula). 16-bit grey is scaled, not clipped;
    palette, grey and 1-bit become RGB. Of an animation the first frame is taken, of a document the first page;
    for files the log `adain` says so.

    Args:
        source: path; the bytes of a file; binary stream, read from where it stands to its end; PIL image
            of any mode; or uint8 array [H,W,3] in sRGB, taken as it is.
        draft: of a large JPEG file (path, bytes or stream) decode only as much as sides of at least this many px
            need, which is faster; everything else comes in full.
        most: pixels that a file may have, fewer than MAX_PIXELS; they are counted before anything is decoded.

    Raises:
        PictureError: missing, unreadable, no picture, broken, cut short, or of more than MAX_PIXELS or `most` pixels.
    """
    if isinstance(source, np.ndarray):
        return Picture(source)
    if isinstance(source, Image.Image):
        with _explained("the picture"):
            return _convert(source, "the picture")
    return _read(source, partial(_one, draft=draft, is_file=isinstance(source, str | Path), most=most))


def load_all(source: Source) -> Animation:
    """Read all pictures of a file: the frames of a GIF, WebP or APNG file, the pages of a TIFF file; otherwise one.

    Args:
        source: as for `load`.

    Raises:
        PictureError: as `load` does; or frames that have more than MAX_PIXELS pixels together.
    """
    if isinstance(source, np.ndarray | Image.Image):
        return Animation((load(source),))
    return _read(source, _all)


def is_animated(path: Path) -> bool:
    """Whether a file has several frames; False where it cannot be read."""
    with suppress(Exception), path.open("rb") as file, _open(file) as image:
        return image.format in _ANIMATED and getattr(image, "n_frames", 1) > 1
    return False


def _read(source: str | Path | bytes | BinaryIO, use: Callable[[ImageFile.ImageFile, str, bytes], T]) -> T:
    """What `use` makes of the open image, its name, and its bytes if it is a PNG."""
    if isinstance(source, str | Path):
        return _read_file(Path(source), use)
    try:
        data = source if isinstance(source, bytes) else source.read()
    except OSError as error:
        raise PictureError(f"the stream cannot be read ({error.strerror}); a picture was expected in it") from error
    return _decode(io.BytesIO(data), "the picture", not data, use)


def read_size(data: bytes) -> tuple[int, int]:
    """Width and height of an encoded picture, as its header has them; nothing is decoded.

    Raises:
        PictureError: no picture.
    """
    with _explained("the picture"), _open(io.BytesIO(data)) as image:
        return image.size


def picture_suffixes() -> set[str]:
    """The suffixes of pictures, such as ".jpg"; not all of them can be read."""
    readable = _readable()
    return _OTHERS | {suffix for suffix, name in Image.registered_extensions().items() if name in readable}


def _read_file(path: Path, use: Callable[[ImageFile.ImageFile, str, bytes], T]) -> T:
    if path.suffix.lower() in _RAW:
        raise PictureError(f"{path} is a camera's raw file, which is not read; export it as JPEG or PNG first")
    try:
        if path.is_dir():
            next(path.iterdir(), None)  # raises where it cannot be listed
            raise PictureError(f"{path} is a folder; one picture file was expected")
        with path.open("rb") as file:
            return _decode(file, str(path), path.is_file() and path.stat().st_size == 0, use)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path} cannot be read ({reason}); check the path and its rights") from error


def _decode(stream: BinaryIO, name: str, empty: bool, use: Callable[[ImageFile.ImageFile, str, bytes], T]) -> T:
    if empty:
        raise PictureError(f"{name} is empty (0 bytes); a picture was expected; get it again")
    if not stream.seekable():
        stream = io.BytesIO(stream.read())
    head = stream.read(12)
    stream.seek(0)
    if head[4:8] == b"ftyp" and head[8:] in _HEIF_BRANDS and "HEIF" not in _readable():
        raise PictureError(f"{name} is HEIC, which needs pillow-heif; install with: {how_to_install('heic')}")
    with _explained(name):
        data, facts = png.clean(stream.read()) if head.startswith(png.SIGNATURE) else (b"", {})
        with _open(io.BytesIO(data) if data else stream) as image:
            if image.width * image.height > MAX_PIXELS:  # known from the header, before anything is decoded
                raise _too_large(name, f"{image.width} x {image.height} pixels")
            image.info.update(facts)
            return use(image, name, data)


def _one(
    image: ImageFile.ImageFile,
    name: str,
    data: bytes,
    draft: int | None = None,
    is_file: bool = False,
    most: int | None = None,
) -> Picture:
    if most is not None and image.width * image.height > most:
        raise _too_large(name, f"{image.width} x {image.height} pixels", most)
    if is_file and image.format in (*_ANIMATED, "TIFF", "AVIF") and getattr(image, "is_animated", False):
        _tell_of_frames(name)
    alpha = _alpha_of_16_bits(image, data)  # first, since to read the EXIF of a PNG is to decode it
    metadata = Metadata.of(image)
    if draft is not None:
        image.draft(None, (draft, draft))
    return replace(_convert(image, name, alpha), metadata=metadata)


@cache
def _tell_of_frames(name: str) -> None:
    """Once for each file."""
    log.warning("%s has several frames or pages; the first one is taken", name)


def _all(image: ImageFile.ImageFile, name: str, data: bytes) -> Animation:
    count = getattr(image, "n_frames", 1) if image.format in (*_ANIMATED, "TIFF") else 1
    if count == 1:
        return Animation((_one(image, name, data),))
    if count * image.width * image.height > MAX_PIXELS:
        raise _too_large(name, f"{count} frames of {image.width} x {image.height} pixels")
    facts: dict[Any, Any] = {key: image.info[key] for key in ("icc_profile", "cicp") if key in image.info}
    metadata, pixels = Metadata.of(image), 0
    frames, durations = [], []
    for index in range(int(getattr(image, "default_image", False)), count):  # that one is for who knows no animations
        image.seek(index)
        if getattr(image, "tag_v2", {}).get(254, 0) & 1:  # a preview (TIFF 6.0, NewSubfileType)
            continue
        pixels += image.width * image.height
        if pixels > MAX_PIXELS:
            raise _too_large(name, f"{count} pages")
        image.info.update(facts)
        frames.append(replace(_convert(image, name), metadata=metadata))
        durations.append(float(image.info.get("duration", 0)))
    return Animation(tuple(frames), () if image.format == "TIFF" else tuple(durations), image.info.get("loop"))


def _alpha_of_16_bits(image: ImageFile.ImageFile, data: bytes) -> Image.Image | None:
    """Of a PNG whose transparent colour has 16 bits a channel, of which Pillow decodes the upper 8."""
    key = image.info.get("transparency")
    if not (isinstance(key, tuple) and image.tile and image.tile[0].args == "RGB;16B"):
        return None
    del image.info["transparency"]
    with _open(io.BytesIO(data)) as lower:
        lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]
        values = np.asarray(image, np.uint16) << 8 | np.asarray(lower)
    return _keyed(values, key)


def _keyed(values: NDArray[Any], key: int | tuple[int, ...]) -> Image.Image:
    equal = values == np.asarray(key)
    return Image.fromarray(np.where(equal.all(-1) if equal.ndim == 3 else equal, 0, 255).astype(np.uint8))


_muting = Lock()


@contextmanager
def _muted() -> Iterator[None]:
    # Pillow warns of sizes, for which we have our own limit, and of odd metadata, which help nobody here.
    # `catch_warnings` restores the process's filters on leaving, which only one thread at a time can do
    # rightly: hence the lock, and no decoding of pixels inside.
    with _muting, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(stream: BinaryIO) -> ImageFile.ImageFile:
    with _muted():
        return Image.open(stream, formats=_readable())


@cache
def _readable() -> list[str]:
    Image.init()
    with suppress(ImportError):  # the extra heic
        import pillow_heif

        pillow_heif.register_heif_opener()
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


def _too_large(name: str, came: str, most: int | None = None) -> PictureError:
    return PictureError(f"{name} has {came}; at most {most or MAX_PIXELS:,} are read; scale it down first")


def _convert(image: Image.Image, name: str, alpha: Image.Image | None = None) -> Picture:
    if image.width == 0 or image.height == 0:
        raise PictureError(f"{name} has no pixels; at least 1 x 1 was expected")
    image.load()  # any damage shows here
    info, turn = image.info, _turn(image)
    key = info.get("transparency")
    if image.mode in ("1", "L", "RGB", *_WHITE) and isinstance(key, int | tuple):
        alpha = _keyed(np.asarray(image.convert("L") if image.mode == "1" else image), key)
        image = image.copy()
        del image.info["transparency"]
    image = _to_8_bits(image, name)
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode in ("L", "LA", "La") else "RGBA")
        alpha = image.getchannel("A")
        image = image.convert(image.mode.removesuffix("A"))
    image = to_srgb(image, info, name)
    if alpha is not None:
        image.putalpha(alpha)
    return Picture.from_pil(image if turn is None else image.transpose(turn))


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        with _muted():
            return _TURNS.get(image.getexif().get(0x0112, 1))
    except Exception:  # broken EXIF data (anything from SyntaxError to struct.error) says nothing
        return None


def _to_8_bits(image: Image.Image, name: str) -> Image.Image:
    """Numbers as TIFF 6.0 tells them: bits, whether signed, whether white is 0; other formats tell them by the mode."""
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(258, (8,))[0]
    if bits < 32 and 2 in tags.get(339, ()):
        raise PictureError(f"{name} has signed numbers of {bits} bits; save it with 8 or 16 bits a channel, unsigned")
    if bits > 8 and image.mode not in _WHITE and tags.get(284) == 2:  # Pillow mixes the bytes up
        raise PictureError(f"{name} has planes of {bits} bits; save it with 8 bits a channel, or interleaved")
    if image.mode not in _WHITE:
        return image
    values = np.asarray(image, np.float32)
    white = 4095 if bits == 12 else _WHITE[image.mode]
    if not (values.min() >= 0 and values.max() <= white):  # NaN fails this too
        raise PictureError(
            f"{name} has {'whole' if white > 1 else 'decimal'} numbers from {values.min():g} to "
            f"{values.max():g}; 0 to {white} was expected; save it with 8 or 16 bits a channel"
        )
    if tags.get(262) == 0:  # of fewer bits Pillow does this
        values = white - values
    return Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8))
