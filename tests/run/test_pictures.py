import io
import os
import random
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from checks import in_threads
from encoded import png_of
from PIL import Image, ImageCms

from adain.errors import OptionError, PictureError
from adain.pictures import Picture, find_pictures, find_with_shards, format_of, load, read, resize_to_side, save, square

RANDOM = np.random.default_rng(0)


def noise(height: int = 6, width: int = 9) -> np.ndarray:
    return RANDOM.integers(0, 256, (height, width, 3), dtype=np.uint8)


def file_of(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["path", "str", "bytes", "stream", "pil", "array"])
def test_every_source_gives_the_same_pixels(kind: str, tmp_path: Path) -> None:
    pixels = noise()
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path)
    data = path.read_bytes()
    source = {
        "path": path,
        "str": str(path),
        "bytes": data,
        "stream": io.BytesIO(data),
        "pil": Image.fromarray(pixels),
        "array": pixels,
    }[kind]
    picture = load(source)
    assert picture.alpha is None
    np.testing.assert_array_equal(picture.pixels, pixels)


def test_rows_of_a_large_picture_come_in_order() -> None:
    """They are taken from Pillow in strips of 1 megapixel."""
    pixels, alpha = noise(5, 600_000), noise(5, 600_000)[..., 0] | 1
    for transparent in (False, True):
        picture = load(Picture(pixels, alpha if transparent else None).to_pil())
        np.testing.assert_array_equal(picture.pixels, pixels)


def test_a_stream_is_read_from_where_it_stands() -> None:
    stream = io.BytesIO(b"before" + file_of(Image.fromarray(noise())))
    stream.seek(6)
    assert load(stream).pixels.shape == (6, 9, 3)


UPRIGHT = {  # orientation: from the stored rows to the upright picture, by the EXIF standard
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_exif_orientation(orientation: int, format: str) -> None:
    stored, exif = noise(), Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    data = file_of(Image.fromarray(stored), format, exif=exif, **options)
    expected = UPRIGHT[orientation](stored)
    np.testing.assert_array_equal(load(data).pixels, expected)
    np.testing.assert_array_equal(load(Image.open(io.BytesIO(data))).pixels, expected)


def test_a_turned_jpeg_is_saved_upright_without_the_tag(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = file_of(Image.new("RGB", (40, 20), "red"), "JPEG", exif=exif)
    save(load(data), tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as out:
        assert out.size == (20, 40)
        assert 0x0112 not in out.getexif()


def test_exif_without_what_described_the_file() -> None:
    exif = Image.Exif()
    exif[274], exif[315], exif[256], exif[273] = 1, "Ada", 40, 8
    exif.get_ifd(34665).update({33434: 0.01, 37500: b"secret", 40962: 40, 40961: 65535})
    exif.get_ifd(34853)[1] = "N"
    found = load(file_of(Image.new("RGB", (40, 20)), "JPEG", exif=exif, dpi=(72, 96))).metadata
    assert found is not None
    assert found.dpi == (72, 96)
    kept = Image.Exif()
    kept.load(found.exif)
    assert {tag: value for tag, value in kept.items() if tag not in (34665, 34853)} == {315: "Ada"}
    assert (dict(kept.get_ifd(34665)), dict(kept.get_ifd(34853))) == ({33434: 0.01}, {1: "N"})
    plain = load(file_of(Image.new("RGB", (40, 20)), "PNG")).metadata
    assert plain is not None
    assert plain.options("PNG") == {}
    long = Image.Exif()
    long[270] = "x" * 64_000
    assert load(file_of(Image.new("RGB", (40, 20)), "PNG", exif=long)).metadata.options("PNG") == {}


def test_broken_exif_says_nothing() -> None:
    data = file_of(Image.new("RGB", (40, 20), "red"), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff nonsense")
    assert load(data).pixels.shape == (20, 40, 3)


RAMP = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(format: str) -> None:
    pixels = load(file_of(Image.fromarray(RAMP), format)).pixels
    np.testing.assert_array_equal(pixels[..., 0].ravel(), np.arange(256))
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


def test_big_endian_and_32_bit_whole_numbers() -> None:
    for ramp in (RAMP.astype(">u2"), RAMP.astype(np.int32)):
        np.testing.assert_array_equal(load(Image.fromarray(ramp)).pixels[..., 1].ravel(), np.arange(256))
    tiff = file_of(Image.fromarray(RAMP.astype(np.int32)), "TIFF")
    np.testing.assert_array_equal(load(tiff).pixels[..., 1].ravel(), np.arange(256))


def test_decimal_numbers_from_0_to_1() -> None:
    ramp = (np.arange(256, dtype=np.float32) / 255).reshape(16, 16)
    tiff = file_of(Image.fromarray(ramp), "TIFF")
    np.testing.assert_array_equal(load(tiff).pixels[..., 0].ravel(), np.arange(256))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((4, 4), 2.5, np.float32), "decimal numbers from 2.5 to 2.5; 0 to 1 was expected"),
        (np.full((4, 4), np.nan, np.float32), "decimal numbers from nan"),
        (np.full((4, 4), -5, np.int32), "whole numbers from -5 to -5; 0 to 65535 was expected"),
    ],
)
def test_values_without_a_known_white_are_refused(values: np.ndarray, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        load(Image.fromarray(values))


def test_palette_with_transparency() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    picture = load(file_of(image, "PNG", transparency=1))
    assert picture.alpha is not None
    assert picture.pixels.tolist() == [[[255, 0, 0], [255, 255, 255]]]  # where nothing is seen, white
    assert picture.alpha.tolist() == [[255, 0]]


@pytest.mark.parametrize(
    ("mode", "colour", "rgb", "alpha"),
    [
        ("1", 1, (255, 255, 255), None),
        ("L", 77, (77, 77, 77), None),
        ("LA", (77, 128), (77, 77, 77), 128),
        ("RGBA", (10, 20, 30, 40), (10, 20, 30), 40),
        ("RGBa", (5, 10, 15, 128), (10, 20, 30), 128),
        ("PA", (0, 200), None, 200),
        ("CMYK", (255, 0, 0, 0), (0, 255, 255), None),
        ("YCbCr", (77, 128, 128), (77, 77, 77), None),
        ("HSV", (0, 0, 77), (77, 77, 77), None),
    ],
)
def test_modes(mode: str, colour: object, rgb: tuple[int, ...] | None, alpha: int | None) -> None:
    picture = load(Image.new(mode, (3, 2), colour))
    assert picture.pixels.shape == (2, 3, 3)
    assert picture.pixels.dtype == np.uint8
    if rgb:
        np.testing.assert_allclose(picture.pixels[0, 0], rgb, atol=1)
    assert (picture.alpha is None) if alpha is None else (picture.alpha == alpha).all()  # type: ignore[union-attr]


def test_lab_tiff() -> None:
    lab = ImageCms.profileToProfile(
        Image.new("RGB", (4, 4), (200, 60, 30)),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    np.testing.assert_allclose(load(file_of(lab, "TIFF")).pixels[0, 0], (200, 60, 30), atol=3)


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (5, 4), colour) for colour in ("red", "blue")]
    for format in ("GIF", "PNG", "WEBP"):
        options = {"lossless": True} if format == "WEBP" else {}
        data = file_of(frames[0], format, save_all=True, append_images=frames[1:], **options)
        assert load(data).pixels[0, 0].tolist() == [255, 0, 0]


def swapped_profile() -> bytes:
    """The sRGB profile with red and blue primaries exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", data, 128)
    places = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    data[places[b"rXYZ"] : places[b"rXYZ"] + 4] = b"bXYZ"
    data[places[b"bXYZ"] : places[b"bXYZ"] + 4] = b"rXYZ"
    return bytes(data)


def cmyk_profile() -> bytes:
    """A press profile (ICC.1:2001, lut8Type) that prints white without ink and black with any full ink."""
    white, black = b"\xff\x80\x80", b"\x00\x80\x80"
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0])
    table += struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    table += bytes(range(256)) * 4 + white + black * 15 + bytes(range(256)) * 3
    header = struct.pack(
        ">I4sI4s4s4s12x4s28x", 144 + len(table), b"\0\0\0\0", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp"
    )
    header += struct.pack(">3i", 63190, 65536, 54061)  # D50
    return header.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


def test_an_icc_profile_is_converted_to_srgb() -> None:
    image = Image.new("RGB", (4, 4), (255, 0, 0))
    for format in ("PNG", "JPEG", "TIFF", "WEBP"):
        plain = load(file_of(image, format)).pixels[0, 0]
        turned = load(file_of(image, format, icc_profile=swapped_profile())).pixels[0, 0]
        np.testing.assert_allclose(turned, plain[::-1], atol=2)
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 100))
    picture = load(file_of(clear, icc_profile=swapped_profile()))
    np.testing.assert_allclose(picture.pixels[0, 0], (0, 0, 255), atol=2)
    assert picture.alpha is not None
    assert (picture.alpha == 100).all()


def test_an_srgb_profile_changes_nothing() -> None:
    pixels = noise(64, 64)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(load(file_of(Image.fromarray(pixels), icc_profile=profile)).pixels, pixels)


@pytest.mark.parametrize("profile", [b"nonsense", swapped_profile()[:200], cmyk_profile()])
def test_a_broken_or_foreign_profile_is_ignored(profile: bytes) -> None:
    image = Image.new("RGB", (4, 4), (200, 100, 50))
    assert load(file_of(image, icc_profile=profile)).pixels[0, 0].tolist() == [200, 100, 50]


def test_cmyk_jpeg_by_its_profile_and_without() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    np.testing.assert_allclose(load(file_of(cyan, "JPEG")).pixels[0, 0], (0, 255, 255), atol=2)
    by_profile = load(file_of(cyan, "JPEG", icc_profile=cmyk_profile())).pixels[0, 0]
    np.testing.assert_allclose(by_profile, (0, 0, 0), atol=2)
    blank = Image.new("CMYK", (16, 16))
    np.testing.assert_allclose(
        load(file_of(blank, "JPEG", icc_profile=cmyk_profile())).pixels[0, 0], (255, 255, 255), atol=2
    )


def test_a_large_profile_is_used() -> None:
    profile = swapped_profile()
    profile = struct.pack(">I", 1_500_000) + profile[4:] + bytes(1_500_000 - len(profile))
    data = png_of(8, 2, [255, 0, 0], (b"iCCP", b"x\0\0" + zlib.compress(profile)))
    np.testing.assert_allclose(load(data).pixels[0, 0], (0, 0, 255), atol=2)


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def test_the_pixel_limit_holds_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = png_header(20_000, 20_000) + file_of(Image.new("RGB", (1, 1)))[33:]
    with pytest.raises(PictureError, match=r"at most 178,956,970 are read; scale it down first$"):
        load(data)
    monkeypatch.setattr(read, "MAX_PIXELS", 50)
    with pytest.raises(PictureError, match="has 9 x 6 pixels; at most 50 are read"):
        load(file_of(Image.fromarray(noise(6, 9))))


def test_pillows_own_warning_is_muted_and_its_error_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_of(Image.fromarray(noise(6, 9)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30)  # warns above 30, refuses above 60
    assert load(data).pixels.shape == (6, 9, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(PictureError, match="more pixels than Pillow opens"):
        load(data)
    assert Image.MAX_IMAGE_PIXELS == 20


@pytest.mark.parametrize("kind", ["path", "bytes", "stream"])
def test_a_draft_is_no_smaller_than_asked(kind: str, tmp_path: Path) -> None:
    data = file_of(Image.new("RGB", (4000, 2400), "red"), "JPEG")
    (tmp_path / "a.jpg").write_bytes(data)
    source = {"path": tmp_path / "a.jpg", "bytes": data, "stream": io.BytesIO(data)}[kind]
    assert load(source, draft=600).pixels.shape == (600, 1000, 3)
    png = file_of(Image.new("RGB", (900, 800)))
    assert load(png, draft=16).pixels.shape == (800, 900, 3)  # only JPEG can


def test_what_is_no_picture(tmp_path: Path) -> None:
    text, empty, missing = tmp_path / "a.jpg", tmp_path / "empty.png", tmp_path / "missing.png"
    text.write_text("this is a letter")
    empty.touch()
    for source, message in [
        (text, f"{text} is not a picture that can be read, whatever its name; convert it to JPEG or PNG"),
        (empty, f"{empty} is empty (0 bytes); a picture was expected; get it again"),
        (missing, f"{missing} cannot be read (No such file or directory); check the path and its rights"),
        (tmp_path, f"{tmp_path} is a folder; one picture file was expected"),
        (b"", "the picture is empty (0 bytes); a picture was expected; get it again"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "the picture is not a picture"),
        ("zero\0byte", "cannot be read"),
        ("n" * 5000, "cannot be read"),
    ]:
        with pytest.raises(PictureError) as error:
            load(source)
        assert message in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("inside", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\n", b"a large PNG"])
def test_what_an_iptc_file_holds_is_not_opened(inside: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it has 16 x 16 pixels, and Pillow opens whatever is in it: Ghostscript for EPS, any size."""
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a program was started"))
    data = file_of(Image.new("L", (900, 800))) if b"PNG" in inside else inside
    fields = {(3, 60): b"\1\0", (3, 20): b"\0\x10", (3, 30): b"\0\x10", (3, 120): b"\5", (8, 10): data}
    parts = (b"\x1c" + bytes(tag) + len(value).to_bytes(2, "big") + value for tag, value in fields.items())
    with pytest.raises(PictureError, match="not a picture that can be read"):
        load(b"".join(parts), most=1000)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_cut_short(format: str) -> None:
    data = file_of(Image.fromarray(noise(64, 64)), format)
    with pytest.raises(PictureError, match=r"^the picture is (broken or cut short|not a picture)"):
        load(data[: len(data) // 2])


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM", "TGA", "ICO"])
def test_damaged_bytes_raise_nothing_else(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_PIXELS", 1_000_000)
    data, dice = file_of(Image.fromarray(noise(24, 24)), format), random.Random(0)
    for _ in range(60):
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 8)):
            damaged[dice.randrange(min(len(data), 200))] = dice.randrange(256)
        try:
            assert load(bytes(damaged)).pixels.shape[2] == 3
        except PictureError as error:
            assert "\n" not in str(error)


def test_a_lazy_pil_image_that_is_cut_short() -> None:
    data = file_of(Image.fromarray(noise(64, 64)))
    with pytest.raises(PictureError, match="broken or cut short"):
        load(Image.open(io.BytesIO(data[: len(data) // 2])))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_arrays_of_another_kind(array: np.ndarray) -> None:
    with pytest.raises(PictureError, match=r"the array is .*; a picture is uint8 \[height, width, 3\] in RGB"):
        load(array)


def test_loading_in_threads_leaves_the_warning_filters() -> None:
    import warnings

    before, data = list(warnings.filters), file_of(Image.fromarray(noise()))
    in_threads(lambda _: [load(data) for _ in range(50)], 4)
    assert list(warnings.filters) == before


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".TIFF"])
def test_save_keeps_alpha(suffix: str, tmp_path: Path) -> None:
    alpha = RANDOM.integers(0, 256, (6, 9), dtype=np.uint8)
    path = tmp_path / f"out{suffix}"
    save(Picture(noise(), alpha), path)
    back = load(path)
    assert back.alpha is not None
    np.testing.assert_array_equal(back.alpha, alpha)


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_save_puts_white_behind_where_there_is_no_alpha(suffix: str, tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    save(Picture(pixels, np.full((16, 16), 51, np.uint8)), tmp_path / f"out{suffix}")
    back = load(tmp_path / f"out{suffix}")
    assert back.alpha is None
    np.testing.assert_allclose(back.pixels, 204, atol=2)


def test_save_is_exact_where_the_format_is(tmp_path: Path) -> None:
    pixels = noise()
    for suffix in (".png", ".tiff", ".bmp"):
        save(Picture(pixels), tmp_path / f"out{suffix}")
        np.testing.assert_array_equal(load(tmp_path / f"out{suffix}").pixels, pixels)


def test_jpeg_keeps_the_full_colour_resolution(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, ::2] = (255, 0, 0)
    save(Picture(pixels), tmp_path / "out.jpg")
    assert np.abs(load(tmp_path / "out.jpg").pixels.astype(int) - pixels).mean() < 10


def test_save_on_a_stream_that_cannot_seek() -> None:
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    pixels, pipe = noise(), Pipe()
    save(Picture(pixels), pipe)  # type: ignore[arg-type]
    np.testing.assert_array_equal(load(pipe.data).pixels, pixels)


def test_save_leaves_nothing_behind_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.png"
    path.write_bytes(b"the old one")

    def full_disk(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(PictureError, match=r"cannot be written \(No space left on device\)"):
        save(Picture(noise()), path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_save_follows_links(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    save(Picture(noise()), tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert load(tmp_path / "real.png").pixels.shape == (6, 9, 3)


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"the format '.xyz' is unknown; pictures are written as .png, .jpg"):
        save(Picture(noise()), tmp_path / "out.xyz")
    with pytest.raises(OptionError, match="there is no file suffix"):
        save(Picture(noise()), tmp_path / "out")
    with pytest.raises(PictureError, match="20000 x 1 pixels cannot be written as WEBP"):
        save(Picture(np.zeros((1, 20_000, 3), np.uint8)), tmp_path / "out.webp")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PictureError, match="Is a directory"):
        save(Picture(noise()), tmp_path / "folder.png")
    assert [format_of(suffix)[0] for suffix in (".JPG", ".jpeg", ".PNG")] == ["JPEG", "JPEG", "PNG"]


@pytest.mark.parametrize(
    ("size", "which", "shape"),
    [
        (30, "longer", (15, 30)),
        (30, "shorter", (30, 60)),
        (100, "longer", (50, 100)),
        (200, "longer", (50, 100)),
        (60, "shorter", (50, 100)),
        (1, "longer", (1, 1)),
    ],
)
def test_resize_to_side(size: int, which: str, shape: tuple[int, int]) -> None:
    picture = Picture(np.full((50, 100, 3), 90, np.uint8), np.full((50, 100), 200, np.uint8))
    small = resize_to_side(picture, size, which)  # type: ignore[arg-type]
    assert small.pixels.shape == (*shape, 3)
    assert small.alpha is not None
    assert small.alpha.shape == shape
    np.testing.assert_allclose(small.pixels, 90, atol=1)


def test_resize_to_very_little_is_lanczos_too() -> None:
    wide = Picture(np.repeat(np.repeat(noise(40, 30), 40, 0), 40, 1))
    expected = np.asarray(wide.to_pil().resize((24, 32), Image.Resampling.LANCZOS))
    assert np.abs(np.int16(resize_to_side(wide, 32).pixels) - expected).max() <= 2


def test_resize_lets_nothing_hidden_bleed_in() -> None:
    pixels, alpha = np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40), np.uint8)
    pixels[:, 20:], alpha[:, 20:] = (200, 10, 10), 255
    small = resize_to_side(Picture(pixels, alpha), 7)
    assert small.alpha is not None
    edge = small.pixels[small.alpha > 30].astype(int)
    assert np.abs(edge - (200, 10, 10)).max() < 20  # black would pull to 100, white to 230 and more


def test_resizing_again_changes_nothing_that_is_seen() -> None:
    alpha = np.full((20, 20), 255, np.uint8)
    alpha[:10] = 0
    once = resize_to_side(load(Image.fromarray(np.dstack([noise(20, 20), alpha]))), 10)
    assert once.alpha is not None
    assert (once.pixels[once.alpha == 0] == 255).all()  # white, as `load` puts it


@pytest.mark.parametrize("size", [20, 60])
def test_square_is_the_middle(size: int) -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 20:60] = 200
    middle = square(Picture(pixels), size).pixels
    assert middle.shape == (size, size, 3)
    assert (middle[2:-2, 2:-2] == 200).all()


@pytest.mark.parametrize(
    ("rows", "columns", "least", "part"),
    [
        ((3, 7), (10, 15), 1, ((3, 7), (10, 15))),
        ((3, 7), (10, 15), 6, ((3, 9), (10, 16))),
        ((18, 20), (28, 30), 6, ((14, 20), (24, 30))),  # at the edge it grows to the other side
        ((3, 4), (10, 15), 25, ((0, 20), (5, 30))),
        ((0, 0), (0, 0), 6, ((0, 20), (0, 30))),  # nothing is visible
    ],
)
def test_the_visible_part(rows: tuple, columns: tuple, least: int, part: tuple) -> None:
    alpha = np.zeros((20, 30), np.uint8)
    alpha[slice(*rows), slice(*columns)] = 1
    picture = Picture(noise(20, 30), alpha)
    visible = picture.visible(least)
    assert visible == (slice(*part[0]), slice(*part[1]))
    np.testing.assert_array_equal(picture.part(*visible).pixels, picture.pixels[visible])
    assert Picture(picture.pixels).visible(least) == (slice(0, 20), slice(0, 30))


def test_resize_needs_a_size() -> None:
    with pytest.raises(OptionError, match="the size is 0; give the pixels of a side, 1 or more"):
        resize_to_side(Picture(noise()), 0)


def test_find_pictures(tmp_path: Path) -> None:
    for name in (
        "b.JPG",
        "a.png",
        "sub/c.Webp",
        "sub/.d.png",
        ".cache/e.png",
        "notes.txt",
        "video.mpg",
        "f.pdf",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    inside = [tmp_path / name for name in ("a.png", "b.JPG", "sub/c.Webp")]
    assert find_pictures([tmp_path]) == inside
    assert find_pictures([tmp_path / "notes.txt", str(tmp_path), inside[0]]) == [
        tmp_path / "notes.txt",
        *inside,
    ]
    assert [source.path for source in find_with_shards(tmp_path)] == inside  # one set of rules
    with tarfile.open(tmp_path / "shard.tar", "w") as shard:
        for name in ("._x.jpg", "./y.JPG", ".hidden/z.png", "readme.md"):
            shard.addfile(tarfile.TarInfo(name))
    assert [source.name for source in find_with_shards(tmp_path) if source.name] == ["./y.JPG"]
    (tmp_path / "bare").mkdir()
    with pytest.raises(PictureError, match="holds no picture"):
        find_pictures([tmp_path / "bare"])
    with pytest.raises(PictureError, match="does not exist; give a picture or a folder"):
        find_pictures([tmp_path / "absent"])


def test_nothing_that_looks_like_a_picture_is_left_out_without_a_word(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    for path in (folder / "a.png", elsewhere / "b.png", elsewhere / "c.svg", folder / "shut" / "d.png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_of(Image.fromarray(noise())))
    (folder / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (folder / "raw.NEF").write_bytes(file_of(Image.fromarray(noise()), "TIFF"))  # its preview
    (folder / "gone.jpg").symlink_to(tmp_path / "nothing.jpg")
    (folder / "linked").symlink_to(elsewhere)
    (folder / "linked twice").symlink_to(elsewhere)
    (folder / "round").symlink_to(folder)
    (elsewhere / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.png")  # would wait for ever
    (folder / "shut").chmod(0)
    expected = {
        "a.png": None,
        "gone.jpg": "No such file",
        "linked/b.png": None,
        "linked/c.svg": None,
        "phone.HEIC": r"is HEIC, which needs pillow-heif; install with: pip install '(pillow-heif|.\[heic\])",
        "raw.NEF": "is a camera's raw file",
        "shut": "Permission denied",
    }
    if os.access(folder / "shut", os.R_OK):  # root
        del expected["shut"]
        expected["shut/d.png"] = None
    if "HEIF" in read._readable():
        expected["phone.HEIC"] = "broken or cut short|not a picture"
    found = find_pictures([folder])
    assert [str(path.relative_to(folder)) for path in found] == sorted(expected)
    assert [source.path for source in find_with_shards(folder)] == found
    for path, message in zip(found, map(expected.get, sorted(expected)), strict=True):
        if message:
            with pytest.raises(PictureError, match=message):
                load(path)
        else:
            assert load(path).height == 6
    (folder / "shut").chmod(0o700)
    assert find_pictures([folder / "phone.HEIC"]) == [folder / "phone.HEIC"]


def test_heic() -> None:
    pytest.importorskip("pillow_heif")
    data = file_of(Image.new("RGB", (64, 48), (200, 60, 30)), "PNG")
    import pillow_heif

    heic = io.BytesIO()
    pillow_heif.from_pillow(Image.open(io.BytesIO(data))).save(heic, quality=95)
    pixels = load(heic.getvalue()).pixels
    assert pixels.shape == (48, 64, 3)
    np.testing.assert_allclose(pixels[0, 0], (200, 60, 30), atol=6)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_that_the_first_of_several_frames_is_taken_is_told(
    suffix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, *others = (Image.new("RGB", (20, 10), colour) for colour in ("red", "green", "blue"))
    first.save(tmp_path / f"many{suffix}", save_all=True, append_images=others)
    first.save(tmp_path / f"one{suffix}")
    for _ in range(2):
        assert load(tmp_path / f"many{suffix}").pixels[5, 10].tolist()[0] > 200
        load(tmp_path / f"one{suffix}")
    (record,) = caplog.records  # once
    assert record.getMessage().endswith(f"many{suffix} has several frames or pages; the first one is taken")
