"""Files that hold one picture in many ways, and files that must be refused: how pictures are read.

`rebuild.py --pictures` writes them to reading/. Every file of READING holds blocks of plain colours, so that the right
answer is known without a decoder; the profile exchanges red and green, so that it cannot be passed over unseen.
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

BLOCK = 8  # pixels; the side of a block of JPEG
COLOURS = np.array(
    [
        [[200, 60, 40], [250, 180, 30], [40, 90, 200], [127, 127, 127]],
        [[20, 20, 20], [90, 160, 70], [230, 230, 220], [255, 255, 255]],
        [[130, 40, 120], [30, 140, 150], [250, 120, 90], [60, 50, 45]],
    ],
    np.uint8,
)
GREYS = COLOURS[..., :1].repeat(3, 2)

# file: the picture that it holds, or None where it must be refused
READING = {
    "plain.png": "colours",
    "palette.png": "colours",
    "plain.jpg": "colours",
    "progressive.jpg": "colours",
    "turned.jpg": "colours",  # by its EXIF orientation
    "turned.png": "colours",
    "mirrored.jpg": "colours",
    "profile.jpg": "colours",  # red and green exchanged, and a profile that says so
    "profile.png": "colours",
    "gamma.png": "colours",  # sRGB's colours by a plain power of 2.2, and a profile that says so
    "transparent.png": "colours",  # what is transparent is laid on white, or is hidden
    "cmyk.jpg": "colours",
    "grey.jpg": "greys",
    "grey.png": "greys",
    "grey-16-bits.png": "greys",
    "cut.jpg": None,
    "cut.png": None,
    "empty.jpg": None,
    "text.png": None,
    "too-large.png": None,  # 200 megapixels
}


def picture(name: str) -> NDArray[np.uint8]:
    """The picture `name` of READING: uint8 [24,32,3]."""
    return {"colours": COLOURS, "greys": GREYS}[name].repeat(BLOCK, 0).repeat(BLOCK, 1)


def write(folder: Path) -> None:
    """Write all files of READING into a folder."""
    folder.mkdir(exist_ok=True)
    for name, content in contents().items():
        (folder / name).write_bytes(content)


def contents() -> dict[str, bytes]:
    """The files of READING by their names."""
    colours, greys = (Image.fromarray(picture(name)) for name in ("colours", "greys"))
    grey = greys.getchannel("R")
    exchanged = Image.merge("RGB", [colours.getchannel(band) for band in "GRB"])
    plain = {"png": png(colours), "jpg": jpg(colours)}
    return {
        "plain.png": plain["png"],
        "palette.png": png(colours.quantize(16)),
        "plain.jpg": plain["jpg"],
        "progressive.jpg": jpg(colours, progressive=True),
        "turned.jpg": jpg(colours.transpose(Image.Transpose.ROTATE_90), exif=orientation(6)),
        "turned.png": png(colours.transpose(Image.Transpose.ROTATE_90), exif=orientation(6)),
        "mirrored.jpg": jpg(colours.transpose(Image.Transpose.FLIP_LEFT_RIGHT), exif=orientation(2)),
        "profile.jpg": jpg(exchanged, icc_profile=exchanging_profile()),
        "profile.png": png(exchanged, icc_profile=exchanging_profile()),
        "gamma.png": png(Image.fromarray(by_power(2.2)), icc_profile=power_profile(2.2)),
        "transparent.png": png(transparent()),
        "cmyk.jpg": jpg(Image.merge("CMYK", [*map(inverted, colours.split()), Image.new("L", colours.size)])),
        "grey.jpg": jpg(grey),
        "grey.png": png(grey),
        "grey-16-bits.png": png(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)),
        "cut.jpg": plain["jpg"][: len(plain["jpg"]) * 3 // 4],
        "cut.png": plain["png"][: len(plain["png"]) * 3 // 4],
        "empty.jpg": b"",
        "text.png": b"This is not a picture.\n",
        "too-large.png": huge_png(20_000, 10_000),
    }


def png(image: Image.Image, **options: object) -> bytes:
    """The bytes of a PNG file."""
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def jpg(image: Image.Image, **options: object) -> bytes:
    """The bytes of a JPEG file of the best quality, without chroma subsampling."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=100, subsampling=0, **options)
    return stream.getvalue()


def inverted(channel: Image.Image) -> Image.Image:
    """White for black."""
    return channel.point([255 - value for value in range(256)])


def transparent() -> Image.Image:
    """The colours, of which the white block is hidden, with red below it, and the grey one is half covered black."""
    pixels = np.dstack([picture("colours"), np.full((3 * BLOCK, 4 * BLOCK), 255, np.uint8)])
    pixels[BLOCK : 2 * BLOCK, 3 * BLOCK :] = 255, 0, 0, 0
    pixels[:BLOCK, 3 * BLOCK :] = 0, 0, 0, 128
    return Image.fromarray(pixels)


def orientation(value: int) -> Image.Exif:
    """EXIF data with an orientation from 1 to 8."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def exchanging_profile() -> bytes:
    """The ICC profile of sRGB, but red is called green and green red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"----", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"----", b"gXYZ", 1)


def by_power(gamma: float) -> NDArray[np.uint8]:
    """The colours, encoded by a power of their light in place of the curve of sRGB (IEC 61966-2-1)."""
    values = picture("colours") / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.rint(255 * light ** (1 / gamma)).astype(np.uint8)


def power_profile(gamma: float) -> bytes:
    """The ICC profile of sRGB, but with a power for its curve."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    curve = profile.index(b"para")  # 32 bytes, which all three colours share
    power = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256))
    return profile[:curve] + power.ljust(32, b"\0") + profile[curve + 32 :]


def huge_png(width: int, height: int) -> bytes:
    """A black PNG file of one bit a pixel; small, since it holds nothing but zeros."""
    rows = zlib.compress(bytes(height * (1 + (width + 7) // 8)), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
