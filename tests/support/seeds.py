"""Small files of every picture format that is read, to be mutated: name and bytes."""

import io
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from .checks import photo

MODES = (
    "1",
    "L",
    "LA",
    "La",
    "P",
    "PA",
    "RGB",
    "RGBA",
    "RGBa",
    "RGBX",
    "CMYK",
    "YCbCr",
    "LAB",
    "HSV",
    "I;16",
    "I",
    "F",
)
UNREAD = {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "PDF", "SPIDER", "PALM"}  # by adain or, of the last, by Pillow
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "TIFF": tuple(
        {"compression": kind}
        for kind in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group3", "group4", "webp", "zstd", "lzma")
    ),
    "JPEG": ({"progressive": True}, {"subsampling": 0, "restart_marker_blocks": 1}),
    "JPEG2000": ({"irreversible": True}, {"no_jp2": True}, {"tile_size": (16, 16)}),
    "WEBP": ({"lossless": True},),
    "TGA": ({"compression": "tga_rle"},),
    "DDS": ({"pixel_format": "DXT1"}, {"pixel_format": "DXT5"}, {"pixel_format": "BC5"}),
    "ICO": ({"bitmap_format": "bmp"},),
    "GIF": ({"interlace": False},),
    "BLP": ({"blp_version": "BLP1"},),
}
SEVERAL = ("AVIF", "GIF", "MPO", "PNG", "TIFF", "WEBP")
W, H = 40, 36


def picture_seeds() -> dict[str, bytes]:
    """All of them."""
    return dict([*_written(), *_by_hand()])


def _picture(mode: str, turned: int = 0) -> Image.Image:
    picture = Image.fromarray(photo()).rotate(turned).resize((W, H))
    if mode == "I;16":
        return Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257)
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(picture, *profiles, outputMode="LAB") or picture
    if mode == "F":
        return Image.fromarray(np.asarray(picture.convert("L"), np.float32) / 255)
    base = {"La": "LA", "RGBa": "RGBA", "PA": "P"}.get(mode)
    return (picture.convert(base) if base else picture).convert(mode)


def _written() -> Iterator[tuple[str, bytes]]:
    """What Pillow writes: each format in each mode, its compressions, with metadata, and with several frames."""
    Image.init()
    for kind in sorted(Image.SAVE.keys() - UNREAD):
        for mode in MODES:
            yield from _saved(f"{kind} {mode}", kind, _picture(mode))
        for options in OPTIONS.get(kind, ()):
            for mode in ("1", "P", "RGB", "RGBA"):
                name = f"{kind} {mode} {' '.join(map(str, options.values()))}"
                yield from _saved(name, kind, _picture(mode), **options)
        if kind in SEVERAL:
            for mode in ("P", "RGB", "RGBA"):
                others = [_picture(mode, turned) for turned in (90, 180)]
                several = {"save_all": True, "append_images": others}
                yield from _saved(f"{kind} {mode}, three", kind, _picture(mode), **several)
        if kind in ("AVIF", "JPEG", "PNG", "TIFF", "WEBP"):
            exif, profile = Image.Exif(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
            exif.update({0x0112: 6, 0x010E: "a picture", 0x011A: 72.0})
            exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a comment"
            more = {"exif": exif.tobytes(), "icc_profile": profile, "dpi": (300, 300)}
            yield from _saved(f"{kind} with EXIF", kind, _picture("RGB"), **more)


def _saved(name: str, kind: str, picture: Image.Image, **options: Any) -> Iterator[tuple[str, bytes]]:
    stream = io.BytesIO()
    try:
        picture.save(stream, kind, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SystemError, TypeError):  # not of this mode
        return
    yield name, stream.getvalue()


def _by_hand() -> Iterator[tuple[str, bytes]]:
    """Formats that Pillow reads and does not write."""
    rgb, grey = _picture("RGB").tobytes(), _picture("L").tobytes()
    (_, ico), *_ = _saved("", "ICO", _picture("RGBA"), bitmap_format="bmp")
    (_, pcx), *_ = _saved("", "PCX", _picture("RGB"))
    planes = np.frombuffer(rgb, np.uint8).reshape(H, W, 3).transpose(2, 0, 1).tobytes()
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, H, W, 8, 3)
    yield "CUR", ico[:2] + b"\2" + ico[3:]
    yield "DCX", struct.pack("<3I", 987654321, 12, 0) + pcx
    yield "SUN", struct.pack(">8I", 0x59A66A95, W, H, 24, len(rgb), 1, 0, 0) + rgb
    yield "GBR", struct.pack(">5I4sI", 32, 2, W, H, 1, b"GIMP", 1) + b"one\0" + grey
    yield "PSD", head + bytes(12) + b"\0\0" + planes
    yield "PSD packed", head + bytes(12) + b"\0\1" + struct.pack(">H", 2) * (3 * H) + b"\xd9\x55" * (3 * H)
    yield "XVTHUMB", b"P7 332\n#END_OF_COMMENTS\n%d %d 255\n" % (W, H) + grey
    yield "FTEX", struct.pack("<4sIIIIIIII", b"FTEX", 1, W, H, 1, 1, 1, 32, len(rgb)) + rgb
    pixar = bytearray(b"\200\350\0\0".ljust(1024, b"\0"))
    struct.pack_into("<HH4xHH", pixar, 416, H, W, 14, 2)
    yield "PIXAR", bytes(pixar) + rgb
    chunk = struct.pack("<IH", 6 + len(grey), 16) + grey
    frame = struct.pack("<IHH8x", 16 + len(chunk), 0xF1FA, 1) + chunk
    fli = struct.pack("<IHHHHHHI", 128 + len(frame), 0xAF11, 1, W, H, 8, 3, 5).ljust(128, b"\0")
    yield "FLI", fli + frame
    rows = "".join(f'"{"ab" * (W // 2)}",\n' for _ in range(H))
    yield "XPM", f'/* XPM */\nstatic char *a[] = {{\n"{W} {H} 2 1",\n"a c #102030",\n"b c #ffffff",\n{rows}}};'.encode()
    tables = bytes(2048) + b"PCD_".ljust(2048, b"\0")
    luma, chroma = (_picture("L").resize(size).tobytes() for size in ((768, 512), (384, 256)))
    two_lines = (luma[at : at + 1536] + 2 * chroma[at // 4 : at // 4 + 384] for at in range(0, len(luma), 1536))
    yield "PCD", tables.ljust(96 * 2048, b"\0") + b"".join(two_lines)
    yield "IMT", b"* a picture\nwidth %d\nheight %d\npixel n8\n\x0c" % (W, H) + grey
