"""Numbers that are stored another way: modes, depths, polarity, transparency, colours, and damage around them."""

import io
import struct
import zlib

import numpy as np
import pytest
from encoded import png_of, tiff_of
from PIL import ImageCms

from adain.errors import PictureError
from adain.pictures import load


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("colour", [0, 2, 3, 4, 6])
@pytest.mark.parametrize("clear", [False, True])
def test_png_of_every_kind(bits: int, colour: int, clear: bool) -> None:
    """Against the PNG specification: white is 2**bits - 1, a transparent colour is equal in all bits."""
    if (colour == 3 and bits > 8) or (colour in (2, 4, 6) and bits < 8):
        pytest.skip("no such PNG")
    white = 2**bits - 1
    levels = [0, white, white // 2, max(0, white // 2 - 1), white // 3]
    samples = {0: 1, 2: 3, 3: 1, 4: 1, 6: 3}[colour]
    expected = [round(value * 255 / white) for value in levels]
    alpha: list[int] | None = [255] * 5
    if colour == 3:
        palette = bytes(value % 256 for index in range(min(256, white + 1)) for value in (index, 255 - index, 7))
        chunks, expected = [(b"PLTE", palette)], levels
        if clear:
            chunks.append((b"tRNS", bytes(100 if index == white // 2 else 255 for index in range(white + 1))))
            alpha = [100 if level == white // 2 else 255 for level in levels]
    elif clear and colour in (0, 2):
        chunks = [(b"tRNS", struct.pack(">H", white // 2) * samples)]
        alpha = [0 if level == white // 2 else 255 for level in levels]
        expected = [value if seen else 255 for value, seen in zip(expected, alpha, strict=True)]
    else:
        chunks = []
    row = [value for level in levels for value in [level] * samples]
    if colour in (4, 6):
        row = [value for level in levels for value in [level] * samples + [level if clear else white]]
        alpha = [round(level * 255 / white) if clear else 255 for level in levels]
        expected = [value if seen else 255 for value, seen in zip(expected, alpha, strict=True)]
    picture = load(png_of(bits, colour, row, *chunks))
    np.testing.assert_allclose(picture.pixels[0, :, 0].astype(int), expected, atol=1 if bits == 16 else 0)
    if picture.alpha is None:
        assert alpha == [255] * 5
    else:
        np.testing.assert_allclose(picture.alpha[0].astype(int), alpha, atol=1 if bits == 16 else 0)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8", "12 bits"])
def test_tiff_of_every_kind_of_number(kind: str, photometric: int, order: str) -> None:
    """The right value or one clear line, never a wrong value."""
    number = np.dtype("u2" if kind == "12 bits" else kind)
    white = 1 if number.kind == "f" else 4095 if kind == "12 bits" else np.iinfo(number).max
    shares = np.array([0, 0.25, 0.5, 1])
    data = tiff_of((shares * white).astype(number), photometric, order, 12 if kind == "12 bits" else None)
    read_well = {("u1", 0), ("u1", 1), ("u2", 1), ("f4", 0), ("f4", 1)} | (
        {("u2", 0), ("12 bits", 1)} if order == "<" else set()
    )
    if (kind, photometric) in read_well:
        expected = (shares if photometric else 1 - shares) * 255
        np.testing.assert_allclose(load(data).pixels[0, :, 1], expected, atol=1)
    else:
        with pytest.raises(PictureError, match="signed numbers of|numbers from|is not a picture that can be read"):
            load(data)


def test_a_second_reader_agrees_about_tiff() -> None:
    tifffile = pytest.importorskip("tifffile")
    for photometric in (0, 1):
        values = np.array([0, 1000, 30000, 65535], np.uint16)
        data = tiff_of(values, photometric, "<")
        np.testing.assert_array_equal(tifffile.imread(io.BytesIO(data)).ravel(), values)
    planes = io.BytesIO()
    tifffile.imwrite(
        planes,
        np.random.default_rng(0).integers(0, 65536, (3, 8, 8), np.uint16),
        photometric="rgb",
        planarconfig="separate",
    )
    with pytest.raises(PictureError, match="has planes of 16 bits"):
        load(planes.getvalue())


def test_1_bit_and_16_bit_portable_maps() -> None:
    assert load(b"P1 2 1 1 0").pixels[0, :, 0].tolist() == [0, 255]  # 1 is black
    assert load(b"P5 2 1 1023\n" + struct.pack(">HH", 1023, 512)).pixels[0, :, 0].tolist() == [255, 128]
    assert load(b"P6 1 1 65535\n" + struct.pack(">HHH", 65535, 32768, 0)).pixels[0, 0].tolist() == [255, 128, 0]


def srgb_of(linear: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1, to 0..255."""
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


CICP = [
    ((1, 13, 0, 1), (200, 100, 50), (200, 100, 50)),  # sRGB
    ((1, 8, 0, 1), (200, 100, 50), srgb_of(np.array([200, 100, 50]) / 255)),
    ((1, 4, 0, 1), (200, 100, 50), srgb_of((np.array([200, 100, 50]) / 255) ** 2.2)),
    ((1, 1, 0, 1), (200, 100, 50), srgb_of(((np.array([200, 100, 50]) / 255 + 0.099) / 1.099) ** (1 / 0.45))),
    ((12, 13, 0, 1), (234, 51, 35), (255, 0, 0)),  # sRGB's red in Display P3
    ((9, 13, 0, 1), (255, 255, 255), (255, 255, 255)),
    ((2, 2, 0, 1), (200, 100, 50), (200, 100, 50)),
]


@pytest.mark.parametrize(("code", "stored", "expected"), CICP)
def test_cicp_goes_before_everything(code: tuple[int, ...], stored: tuple[int, ...], expected: np.ndarray) -> None:
    gamma = [(b"gAMA", struct.pack(">I", 10000))] if code[0] != 2 else []
    data = png_of(8, 2, list(stored), (b"cICP", bytes(code)), *gamma)
    np.testing.assert_allclose(load(data).pixels[0, 0], expected, atol=2)


@pytest.mark.parametrize("code", [(9, 16, 0, 1), (9, 18, 0, 1), (1, 13, 0, 0), (1, 13, 1, 1), (99, 13, 0, 1)])
def test_colours_that_cannot_be_told_are_refused(code: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match="is HDR|CICP code .* is not known"):
        load(png_of(8, 2, [200, 100, 50], (b"cICP", bytes(code))))


@pytest.mark.parametrize("colour", [0, 2])
@pytest.mark.parametrize("bits", [8, 16])
def test_gamma_without_a_profile(colour: int, bits: int) -> None:
    stored = [level * (1 if bits == 8 else 257) for level in (128, 20, 240)]
    row = [value for value in stored for _ in range(1 if colour == 0 else 3)]
    linear = srgb_of(np.array([128, 20, 240]) / 255)
    turned = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for chunks, expected in [
        ([(b"gAMA", struct.pack(">I", 100000))], linear),
        ([(b"gAMA", struct.pack(">I", 45455))], (128, 20, 240)),
        ([(b"gAMA", struct.pack(">I", 0))], (128, 20, 240)),
        ([(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0")], (128, 20, 240)),
        ([(b"gAMA", struct.pack(">I", 100000)), (b"cHRM", bytes(32))], (128, 20, 240)),  # no colours
        ([(b"gAMA", struct.pack(">I", 100000)), (b"iCCP", b"x\0\0" + zlib.compress(turned))], (128, 20, 240)),
    ]:
        if colour == 0 and chunks[-1][0] == b"iCCP":
            continue  # a profile of another kind of picture
        np.testing.assert_allclose(load(png_of(bits, colour, row, *chunks)).pixels[0, :, 0], expected, atol=2)


TEXT = b"Comment\0\0" + zlib.compress(bytes(2_000_000))
ANCILLARY = {
    "large text": [(b"zTXt", TEXT)],
    "large text in UTF-8": [(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"a" * 2_000_000))],
    "80 texts": [(b"tEXt", b"Comment\0" + b"a" * 1_000_000)] * 80,
    "text without an end": [(b"tEXt", b"")],
    "text of an unknown coding": [(b"zTXt", b"Comment\0\7abc")],
    "short gamma": [(b"gAMA", b"\0")],
    "short colours": [(b"cHRM", b"\0")],
    "short intent": [(b"sRGB", b"")],
    "short transparency": [(b"tRNS", b"\0")],
    "short size": [(b"pHYs", b"\0")],
    "broken profile": [(b"iCCP", b"x\0\0abc")],
    "a profile's other coding": [(b"iCCP", b"x\0\7abc")],
    "broken EXIF": [(b"eXIf", b"abc")],
    "short animation": [(b"acTL", b"\0")],
    "no frames": [(b"acTL", bytes(8))],
    "private": [(b"abCd", bytes(99))],
}


@pytest.mark.parametrize("chunks", ANCILLARY.values(), ids=ANCILLARY)
@pytest.mark.parametrize("ruin", [False, True])
def test_damage_where_there_are_no_pixels_spoils_nothing(chunks: list[tuple[bytes, bytes]], ruin: bool) -> None:
    data = png_of(8, 2, [200, 100, 50], *chunks, ruin=chunks[0][0] if ruin else b"")
    picture = load(data)
    assert picture.pixels.tolist() == [[[200, 100, 50]]]
    assert picture.alpha is None
    with pytest.raises(PictureError, match="broken or cut short|not a picture"):
        load(png_of(8, 2, [200, 100, 50], *chunks, ruin=b"IHDR"))
