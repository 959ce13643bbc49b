import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checks import in_threads
from onnx_writer import node, tensor
from PIL import Image
from tiny import TINY, WHITE, tiny

from adain import shipped, stylizer
from adain.engines.cuda.check import cuda_problem
from adain.errors import DeviceError, ModelError, OptionError, PictureError, StyleError
from adain.look import Look
from adain.pictures import Picture
from adain.session import from_portable, to_portable
from adain.styles import Style
from adain.stylizer import Stylizer

Write = Callable[..., Path]
RANDOM = np.random.default_rng(0)
SEA = Style(np.array([0.1, 0.5, 0.9], np.float32), "sea")


def noise(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (*shape, 3), dtype=np.uint8)


def blended(content: np.ndarray, code: np.ndarray, alpha: float) -> np.ndarray:
    """What the tiny model computes."""
    x = content.astype(np.float32) / np.float32(255)
    y = x + (code.astype(np.float32) - x) * np.float32(alpha)
    return np.rint(y.clip(0, 1) * np.float32(255)).astype(np.uint8)


@pytest.fixture(params=["bytes", "portable"])
def restyle(request: pytest.FixtureRequest, write_tiny: Write) -> Stylizer:
    return Stylizer(write_tiny(io=request.param), "cpu", threads=1)


@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (40, 23)])
@pytest.mark.parametrize("alpha", [0, 0.3, 1])
def test_arrays_of_any_size(restyle: Stylizer, shape: tuple[int, int], alpha: float) -> None:
    content = noise(*shape)
    result = restyle.stylize(content, SEA, alpha)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, blended(content, SEA.code, alpha))


def test_batches(restyle: Stylizer) -> None:
    content = noise(3, 18, 25)
    np.testing.assert_array_equal(restyle.stylize(content, SEA, 0.5), blended(content, SEA.code, 0.5))
    assert restyle.stylize(content[:1], SEA).shape == (1, 18, 25, 3)


def test_views_that_are_not_contiguous(restyle: Stylizer) -> None:
    bgr = noise(20, 20)
    np.testing.assert_array_equal(
        restyle.stylize(bgr[::-1, :, ::-1], SEA, 0.5), blended(bgr[::-1, :, ::-1], SEA.code, 0.5)
    )


def test_files_give_pil_images(restyle: Stylizer, tmp_path: Path) -> None:
    content = noise(20, 30)
    Image.fromarray(content).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    for source in (
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        Image.fromarray(content),
        data,
        io.BytesIO(data),
    ):
        result = restyle.stylize(source, SEA, 0.5)
        assert isinstance(result, Image.Image)
        assert result.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(result), blended(content, SEA.code, 0.5))


def test_alpha_channels_are_put_back(restyle: Stylizer) -> None:
    content, opacity = noise(20, 30), RANDOM.integers(1, 256, (20, 30), dtype=np.uint8)
    result = restyle.stylize(Image.fromarray(np.dstack([content, opacity])), SEA, 0.5)
    assert result.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(result)[..., 3], opacity)
    np.testing.assert_array_equal(np.asarray(result)[..., :3], blended(content, SEA.code, 0.5))


def test_a_look_of_several_styles(restyle: Stylizer) -> None:
    content, wall = noise(20, 30), noise(32, 32)
    look = Look((SEA, wall), shares=(3, 1), alpha=0.5)
    code = 0.75 * SEA.code + 0.25 * wall.mean((0, 1)) / 255
    np.testing.assert_allclose(restyle.stylize(content, look).astype(int), blended(content, code, 0.5), atol=1)
    encoded = restyle.encode(look)
    assert (encoded.name, encoded.shares, encoded.alpha) == ("sea + picture", (0.75, 0.25), 0.5)
    np.testing.assert_array_equal(restyle.stylize(content, encoded), restyle.stylize(content, look))
    np.testing.assert_array_equal(restyle.stylize(content, look, alpha=0), content)  # in place of the look's own


def test_pictures_give_pictures(restyle: Stylizer) -> None:
    picture = Picture(noise(20, 30), RANDOM.integers(0, 256, (20, 30), dtype=np.uint8))
    result = restyle.restyle(picture, Look(SEA, alpha=0.5))
    np.testing.assert_array_equal(result.pixels, blended(picture.pixels, SEA.code, 0.5))
    assert result.alpha is picture.alpha


def test_a_painting_is_matched_where_codes_hold_no_colours(restyle: Stylizer) -> None:
    content, wall = np.full((24, 32, 3), (20, 90, 160), np.uint8), noise(32, 32)
    look = restyle.encode(Look(wall, color="content"))
    np.testing.assert_allclose(restyle.stylize(content, look), content, atol=1)  # the mean is what the tiny model takes
    np.testing.assert_allclose(restyle.stylize(content[None], look)[0], content, atol=1)
    half = restyle.stylize(content, replace(look, color_strength=0.5))
    np.testing.assert_allclose(half[0, 0], (wall.mean((0, 1)) + content[0, 0]) / 2, atol=2)
    with pytest.raises(StyleError, match="codes of the model tiny hold no colours .* give the painting itself"):
        restyle.stylize(content, Look(SEA, color="luminance"))
    with pytest.raises(OptionError, match="cannot keep colours in a stream"):
        restyle.stream((32, 24), look)


def test_a_mask_is_read_once(restyle: Stylizer) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (20, 20), "white").save(stream, "PNG")
    look = restyle.encode(Look(SEA, mask=io.BytesIO(stream.getvalue())))
    assert isinstance(look.mask, Image.Image)
    assert restyle.encode(look).mask is look.mask
    with pytest.raises(PictureError, match=r"absent\.png cannot be read"):
        restyle.encode(Look(SEA, regions="absent.png"))


def framed(picture: np.ndarray, margin: int) -> Image.Image:
    """With a transparent margin."""
    alpha = np.full(picture.shape[:2], 255, np.uint8)
    return Image.fromarray(np.pad(np.dstack([picture, alpha]), ((margin, margin), (2 * margin, margin), (0, 0))))


@pytest.mark.parametrize("margin", [1, 3, 40])
def test_a_transparent_margin_counts_for_nothing(restyle: Stylizer, margin: int) -> None:
    picture = noise(600, 552)  # larger than paintings are encoded at
    np.testing.assert_array_equal(
        restyle.encode_style(framed(picture, margin)).code, restyle.encode_style(picture).code
    )
    content = noise(24, 20)
    result = restyle.stylize(framed(content, margin), SEA, 0.5)
    assert result.size == (20 + 3 * margin, 24 + 2 * margin)
    inside = np.asarray(result)[margin : margin + 24, 2 * margin : 2 * margin + 20, :3]
    np.testing.assert_array_equal(inside, restyle.stylize(content, SEA, 0.5))


def test_size_shrinks_the_content(restyle: Stylizer) -> None:
    assert restyle.stylize(noise(40, 80), SEA, size=40).shape == (20, 40, 3)
    assert restyle.stylize(noise(2, 40, 80), SEA, size=40).shape == (2, 20, 40, 3)
    assert restyle.stylize(Image.new("RGB", (80, 40)), SEA, size=999).size == (80, 40)


@pytest.mark.parametrize("alpha", [-0.01, 1.01, float("nan"), float("inf")])
def test_alpha_out_of_range(restyle: Stylizer, alpha: float) -> None:
    with pytest.raises(OptionError, match=r"alpha is .*; give a number from 0 \(content\) to 1 \(full style\)"):
        restyle.stylize(noise(20, 20), SEA, alpha)


def test_contents_that_do_not_fit(restyle: Stylizer) -> None:
    for small in (noise(15, 40), noise(40, 15)):
        with pytest.raises(PictureError, match=r"pixels is too small; give at least 16 x 16"):
            restyle.stylize(small, SEA)
    with pytest.raises(PictureError, match="20 x 10 pixels is too small"):
        restyle.stylize(noise(40, 80), SEA, size=20)
    for wrong in (
        np.zeros((20, 20, 3), np.float32),
        np.zeros((20, 20), np.uint8),
        np.zeros((0, 20, 20, 3), np.uint8),
    ):
        with pytest.raises(PictureError, match=r"a picture is uint8 \[height, width, 3\]"):
            restyle.stylize(wrong, SEA)
    with pytest.raises(OptionError, match="the size is 0"):
        restyle.stylize(noise(20, 20), SEA, size=0)


def test_encode_style(restyle: Stylizer, tmp_path: Path) -> None:
    picture = noise(24, 32)  # multiples of the stride, so that both doors see the same pixels
    Image.fromarray(picture).save(tmp_path / "Old Wall.png")
    expected = picture.mean((0, 1)) / 255
    for source, name in ((tmp_path / "Old Wall.png", "Old Wall"), (picture, "picture")):
        style = restyle.encode_style(source)
        assert style.name == name
        np.testing.assert_allclose(style.code, expected, rtol=1e-5)
    with pytest.raises(PictureError, match="the style picture: a picture of 30 x 10 pixels is too small"):
        restyle.encode_style(noise(10, 30))


def test_style_pictures_are_shrunk_by_their_shorter_side(
    restyle: Stylizer, write_tiny: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []
    run = stylizer.Session.run
    monkeypatch.setattr(
        stylizer.Session,
        "run",
        lambda self, pixels, inputs: (seen.append(pixels.shape), run(self, pixels, inputs))[1],
    )
    restyle.encode_style(noise(600, 1200))
    restyle.encode_style(noise(600, 1200), size=64)
    restyle.encode_style(noise(40, 50))
    assert seen == [(1, 512, 1024, 3), (1, 64, 128, 3), (1, 40, 50, 3)]
    seen.clear()
    small = Stylizer(write_tiny("of 64", painting=64), "cpu")
    small.encode_style(noise(100, 800))
    small.encode_style(noise(3200, 100))  # a scroll: half the side, and as many pixels
    small.encode_style(noise(200_000, 17))  # whatever its shape, no side gets too small
    small.encode_style(noise(3200, 100), size=64)  # as asked for
    assert seen == [(1, 64, 512, 3), (1, 1024, 32, 3), (1, 188_235, 16, 3), (1, 2048, 64, 3)]
    Stylizer(write_tiny("small", painting=32), "cpu").encode_style(noise(40, 50))
    assert seen[-1] == (1, 32, 40, 3)  # as the file says


def test_portable_pictures_are_reflected_at_the_bottom_and_on_the_right(write_tiny: Write) -> None:
    picture = noise(17, 30)
    padded = np.pad(picture, ((0, 7), (0, 2), (0, 0)), mode="reflect")
    style = Stylizer(write_tiny(io="portable"), "cpu").encode_style(picture)
    np.testing.assert_allclose(style.code, padded.mean((0, 1)) / 255, rtol=1e-5)
    planes = to_portable(picture, 8)
    assert planes.dtype == np.float32
    np.testing.assert_array_equal(planes, padded.transpose(2, 0, 1)[None] / np.float32(255))
    np.testing.assert_array_equal(from_portable(planes, 17, 30), picture)


def test_portable_pixels_are_clipped_and_rounded_half_to_even() -> None:
    values = np.array([-0.5, 0, 0.5 / 255, 1.5 / 255, 1, 7], np.float32).reshape(1, 1, 1, 6).repeat(3, 1)
    assert from_portable(values, 1, 6)[0, :, 0].tolist() == [0, 0, 0, 2, 255, 255]


def test_what_a_style_can_be(restyle: Stylizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = noise(32, 32)
    Image.fromarray(picture).save(tmp_path / "wall.png")
    SEA.save(tmp_path / "sea.npy")
    monkeypatch.chdir(tmp_path)
    assert restyle.find_style(SEA) is SEA
    for spec in ("sea.npy", Path("sea.npy")):
        np.testing.assert_array_equal(restyle.find_style(spec).code, SEA.code)
    for spec in (
        "wall.png",
        Path("wall.png"),
        picture,
        Image.fromarray(picture),
        Path("wall.png").read_bytes(),
    ):
        np.testing.assert_allclose(restyle.find_style(spec).code, picture.mean((0, 1)) / 255, rtol=1e-5)
    expected = blended(picture, restyle.find_style("wall.png").code, 1)
    np.testing.assert_array_equal(restyle.stylize(picture, "wall.png"), expected)
    with pytest.raises(PictureError, match="cannot be read"):
        restyle.find_style(Path("absent.png"))
    assert restyle.find_style(picture).model == TINY.checkpoint_sha256
    with pytest.raises(StyleError, match="the style sea is not for the model tiny"):
        restyle.find_style(replace(SEA, model="1" * 64))
    with pytest.raises(StyleError, match="the style long has 4 values, the model tiny takes 3; encode it with"):
        restyle.find_style(Style(np.ones(4, np.float32), "long"))


def test_builtin_styles(restyle: Stylizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"sea": {"title": "Sea", "artist": "A", "year": "1900", "movement": "M"}}
    for folder, model in (("mine", TINY.checkpoint_sha256), ("other", "another")):
        SEA.save(tmp_path / folder / "sea.npy")
        (tmp_path / folder / "index.json").write_text(json.dumps({"model": model, "styles": entry}))
    monkeypatch.setattr(shipped, "STYLES", tmp_path / "mine")
    np.testing.assert_array_equal(restyle.find_style("Sea").code, SEA.code)
    for name in ("see", "x" * 5000, "zero\0byte"):
        with pytest.raises(StyleError, match="no style or file named"):
            restyle.find_style(name)
    monkeypatch.setattr(shipped, "STYLES", tmp_path / "other")
    with pytest.raises(StyleError, match="the style sea is not for the model tiny"):
        restyle.find_style("sea")


def test_where_models_are_looked_for(write_tiny: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = write_tiny()
    (folder / "stylizer.onnx").rename(folder / "mine.onnx")
    by_file = Stylizer(str(folder / "mine.onnx"), "cpu")
    assert by_file.contract == replace(TINY, graph="stylizer")
    assert by_file.device == "cpu"
    assert by_file.encode_style(noise(16, 16)).code.shape == (3,)
    with pytest.raises(ModelError, match=r"the model .*stylizer.onnx cannot be read \(No such file"):
        Stylizer(folder, "cpu")
    monkeypatch.setitem(shipped.MODELS, "large", write_tiny("shipped"))
    assert Stylizer(device="cpu").contract.model == "tiny"
    monkeypatch.setitem(shipped.MODELS, "large", tmp_path / "absent")
    with pytest.raises(ModelError, match="absent/stylizer.onnx cannot be read .* or reinstall adain"):
        Stylizer(device="cpu")


def test_the_encoder_is_opened_when_it_is_needed(write_tiny: Write) -> None:
    folder = write_tiny()
    (folder / "style_encoder.onnx").unlink()
    restyle = Stylizer(folder, "cpu")
    assert restyle.stylize(noise(16, 16), SEA).shape == (16, 16, 3)
    with pytest.raises(ModelError, match="style_encoder.onnx cannot be read"):
        restyle.encode_style(noise(16, 16))


def test_an_encoder_of_another_model(write_tiny: Write) -> None:
    folder, other = write_tiny(), write_tiny("other", checkpoint_sha256="1" * 64, model="other")
    (other / "style_encoder.onnx").replace(folder / "style_encoder.onnx")
    with pytest.raises(ModelError, match=r"of different models \(other, tiny\); export both from one checkpoint"):
        Stylizer(folder, "cpu").encode_style(noise(16, 16))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no ONNX file that can be run here"),
        (b"hello", "is no ONNX file that can be run here"),
        (tiny(metadata={}), "is an ONNX file, but not one of adain's"),
        (tiny(replace(TINY, contract="3")), "follows contract version 3"),
        (
            tiny(replace(TINY, graph="style_encoder")),
            "is the graph style_encoder; stylizer.onnx was expected",
        ),
        (tiny(picture="picture"), "does not keep the contract that it names"),
        (tiny(metadata=replace(TINY, io="portable").to_metadata()), "does not keep the contract that it names"),
        (tiny(replace(TINY, stride=0)), "does not keep the contract"),
        (tiny(replace(TINY, style_size=-1)), "does not keep the contract"),
    ],
)
def test_files_that_are_no_model(data: bytes, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(data)
    with pytest.raises(ModelError) as error:
        Stylizer(file, "cpu")
    assert str(error.value).startswith(f"{file} ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")  # onnxruntime keeps quiet


def test_a_file_of_2_gb_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "m.onnx").open("wb") as file:
        file.truncate(2**31)  # sparse: takes no space
    with pytest.raises(ModelError, match="is larger than 2 GB"):
        Stylizer(tmp_path / "m.onnx", "cpu")


def broken_at_run(op: str, shape: list[int]) -> bytes:
    """The tiny stylizer, whose content is brought to a shape that it cannot have."""
    constants = (WHITE, tensor("shape", np.array(shape, np.int64)))
    return tiny(before=[node(op, ["content", "shape"], ["changed"])], constants=constants)


def test_memory_that_does_not_suffice(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.onnx").write_bytes(broken_at_run("Expand", [1 << 44, 20, 30, 3]))
    with pytest.raises(PictureError) as error:
        Stylizer(tmp_path / "m.onnx", "cpu").stylize(noise(20, 30), SEA)
    assert str(error.value) == (
        "30 x 20 pixels need more memory than there is; make the picture smaller, such as with --size 15"
    )
    assert capfd.readouterr() == ("", "")


def test_another_failure_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(broken_at_run("Reshape", [1, 7, 7, 3]))
    with pytest.raises(ModelError, match=r"m.onnx failed to run \(.*Reshape") as error:
        Stylizer(tmp_path / "m.onnx", "cpu").stylize(noise(20, 30), SEA)
    assert "\n" not in str(error.value)


def test_threads_share_a_stylizer(restyle: Stylizer) -> None:
    contents, wall = [noise(16 + i, 33) for i in range(12)], noise(32, 32)
    code = restyle.encode_style(wall).code

    def work(i: int) -> None:
        result = restyle.stylize(contents[i], wall, 0.5)
        np.testing.assert_array_equal(result, blended(contents[i], code, 0.5))

    in_threads(work, len(contents))


def test_options(write_tiny: Write) -> None:
    with pytest.raises(OptionError, match="threads is -1"):
        Stylizer(write_tiny(), "cpu", threads=-1)
    with pytest.raises(OptionError, match="the device is 'gpu'"):
        Stylizer(write_tiny(), "gpu")  # type: ignore[arg-type]


def test_cuda_or_a_reason(write_tiny: Write) -> None:
    if cuda_problem() is None:
        content = noise(40, 50)
        on_gpu = Stylizer(write_tiny(), "cuda")
        assert on_gpu.device == "cuda"
        expected = blended(content, SEA.code, 0.5).astype(int)
        np.testing.assert_allclose(on_gpu.stylize(content, SEA, 0.5), expected, atol=1)
    else:
        with pytest.raises(DeviceError, match="cannot run on cuda: "):
            Stylizer(write_tiny(), "cuda")


def test_the_small_network_by_its_name_takes_the_same_styles() -> None:
    small, large = Stylizer("fast", "cpu", threads=1), Stylizer("large", "cpu", threads=1)
    picture = noise(48, 32)
    assert small.contract.architecture == "fast"
    assert np.array_equal(small.encode_style(picture).code, large.encode_style(picture).code)
    assert np.array_equal(small.stylize(picture, "scream", alpha=0), picture)
    assert not np.array_equal(small.stylize(picture, "scream"), large.stylize(picture, "scream"))
