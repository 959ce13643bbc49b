"""What the controls of a look do to pictures of the shipped model."""

from dataclasses import replace

import numpy as np
import pytest
from checks import photo, psnr
from PIL import Image

from adain import Look, Stylizer, painter, strokes
from adain.colours import Colours, colour_sums
from adain.errors import OptionError, PictureError, TooLargeError
from adain.pictures import Picture, resize
from adain.session import Session


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return Stylizer(device="cpu")


def colours(pixels: np.ndarray) -> Colours:
    return Colours.of(colour_sums(pixels))


@pytest.mark.parametrize("color", ["content", "luminance"])
@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_color_keeps_mean_and_covariance_of_the_content(stylizer, name, color):
    content = photo(name)
    wanted = colours(content)
    for style in ("starry-night", "scream", "night-cafe"):
        got = colours(stylizer.stylize(content, Look(style, color=color)))
        np.testing.assert_allclose(got.mean, wanted.mean, atol=0.05)
        np.testing.assert_allclose(got.factor, wanted.factor, atol=0.12)
        assert np.abs(colours(stylizer.stylize(content, style)).mean - wanted.mean).max() > 0.06


def test_color_strength_lies_between(stylizer):
    content = photo()
    looks = [Look("scream", color="content", color_strength=strength) for strength in (0, 0.5, 1)]
    results = [stylizer.stylize(content, look) for look in looks]
    np.testing.assert_array_equal(results[0], stylizer.stylize(content, "scream"))
    away = [np.abs(colours(result).mean - colours(content).mean).max() for result in results]
    assert away[1] == pytest.approx(away[0] / 2, rel=0.2)
    assert away[2] < away[1] / 4


@pytest.mark.parametrize("color", ["content", "luminance"])
def test_color_of_grey_is_grey(stylizer, color):
    grey = np.repeat(photo()[..., 1:2], 3, axis=2)
    result = stylizer.stylize(grey, Look("scream", color=color)).astype(int)
    assert np.ptp(result, axis=2).max() <= 12
    assert np.ptp(result, axis=2).mean() < 1.5


def test_color_of_what_is_transparent_counts_for_nothing(stylizer):
    content, look = photo(), Look("scream", color="content")
    holed = np.dstack([content, np.full(content.shape[:2], 255, np.uint8)])
    holed[60:80, 40:60, 3] = 0
    other = holed.copy()
    other[60:80, 40:60, :3] = 255, 0, 255
    results = [np.asarray(stylizer.stylize(Image.fromarray(each), look))[..., :3] for each in (holed, other)]
    seen = holed[..., 3] > 0
    assert np.abs(np.int16(results[0]) - results[1])[seen].max() <= 2
    assert np.abs(results[0][seen].mean(0) - content[seen].mean(0)).max() < 0.05 * 255


def test_color_in_batches_and_streams(stylizer):
    frames = np.stack([photo("chelsea"), photo("coffee")])
    for color in ("content", "luminance"):
        look = Look("scream", color=color)
        alone = [stylizer.stylize(frame, look) for frame in frames]
        assert np.abs(stylizer.stylize(frames, look) - np.int16(alone)).max() <= 1
        with stylizer.stream((117, 93), look) as stream:
            for got, expected in zip(stream.run(frames), alone, strict=True):
                assert psnr(got, expected) > 30  # fewer pixels tell its colours


def waves(height, width):
    """A content that is different everywhere, uint8 [H,W,3]."""
    y, x = np.mgrid[:height, :width]
    parts = [np.sin(x / 9 + y / 50 + phase) * np.cos(y / 7 - x / 60) for phase in (0, 1, 2)]
    return np.uint8(np.stack(parts, -1) * 90 + 128 - 40 * (x > y)[..., None])


def largest(one, other):
    return np.abs(np.int16(one) - other).max()


@pytest.mark.parametrize(
    ("model", "shape"), [("large", (200, 70)), ("large", (83, 209)), ("fast", (600, 70)), ("fast", (83, 609))]
)
def test_tiles_equal_the_whole(model, shape):
    content, steps = waves(*shape), []
    one, tiled = Stylizer(model, "cpu"), Stylizer(model, "cpu", tile=64)
    assert max(shape) > 64 + 2 * one.contract.halo  # no tile sees the whole
    for look in (Look("scream"), Look("udnie", alpha=0.5, color="luminance")):
        whole = one.stylize(content, look)
        assert largest(tiled.restyle(Picture(content), look, lambda *step: steps.append(step)).pixels, whole) <= 2
    tiles = -(-shape[0] // 64) * -(-shape[1] // 64)
    assert steps[: 2 * tiles] == [(done + 1, 2 * tiles) for done in range(2 * tiles)]


def test_what_does_not_fit_is_tiled(stylizer, monkeypatch):
    content = waves(64, 260)
    whole = stylizer.stylize(content, "scream")
    run, sizes = Session.run, []

    def with_little_memory(self, pixels, inputs, last):
        sizes.append(pixels.shape[1:3])
        if pixels[0].size > 3 * 64 * 200:
            raise TooLargeError("too large")
        return run(self, pixels, inputs, last)

    monkeypatch.setattr(Session, "run", with_little_memory)
    monkeypatch.setattr(painter, "tile_side", lambda contract: 64)
    assert largest(stylizer.stylize(content, "scream"), whole) <= 2
    assert sizes[:2] == [(64, 260), (64, 128)]
    monkeypatch.setattr(painter, "tile_side", lambda contract: 256)
    with pytest.raises(TooLargeError, match="too little memory even for tiles of 256 px; give less, --tile 128"):
        stylizer.stylize(content, "scream")
    with pytest.raises(TooLargeError):
        Stylizer(device="cpu", tile="off").stylize(content, "scream")
    monkeypatch.undo()
    assert painter.tile_side(stylizer.contract) in range(256, 1537)
    assert painter.tile_side(replace(stylizer.contract, memory=(("cpu", 20_000),))) == 128
    for wrong in (63, "big"):
        with pytest.raises(OptionError, match="the tile is .*; give auto, off, or 64 px or more"):
            Stylizer(device="cpu", tile=wrong)


def test_a_mask_of_ones_is_no_mask(stylizer):
    content = photo()
    ones, zeros = np.full_like(content, 255), np.zeros_like(content)
    for look in (Look("scream"), Look("dance", color="content"), Look("dance", color="luminance", stroke_size=2)):
        expected = stylizer.stylize(content, look)
        assert largest(stylizer.stylize(content, replace(look, mask=ones)), expected) <= 1
    with pytest.raises(PictureError, match="the mask selects nothing"):
        stylizer.stylize(content, Look("scream", mask=zeros))


def test_the_photograph_stays_outside_a_mask(stylizer):
    content, mask = photo(), np.zeros_like(photo())
    mask[20:90, 30:80] = 255
    result = stylizer.stylize(content, Look("scream", mask=mask))
    np.testing.assert_array_equal(result[mask == 0], content[mask == 0])
    assert np.abs(np.int16(result) - content)[20:90, 30:80].mean() > 20
    tiled = Stylizer(device="cpu", tile=64).stylize(content, Look("scream", mask=mask))
    assert largest(tiled, result) <= 2
    soft = stylizer.stylize(content, Look("scream", mask=mask, feather=10))
    np.testing.assert_array_equal(soft[:14], content[:14])
    inside = np.s_[27:83, 37:73]
    assert psnr(soft[inside], result[inside]) > 30  # statistics differ a little
    edge = np.abs(np.int16(soft) - content)[40:80].mean((0, 2))
    assert edge[24] < edge[30] < edge[36]


def test_statistics_are_those_of_a_region(stylizer):
    """What is outside a mask has no influence but through what the network sees of it at the edge."""
    content, mask = photo("chelsea"), np.zeros_like(photo("chelsea"))
    mask[:, :50] = 255
    other = content.copy()
    other[:, 114:] = 255 - other[:, 114:]
    for color in ("style", "content"):
        look = Look("udnie", color=color, mask=mask)
        one, two = (stylizer.stylize(each, look)[:, :50] for each in (content, other))
        assert largest(one, two) <= 1
    assert largest(*(stylizer.stylize(each, "udnie")[:, :50] for each in (content, other))) > 10


def test_each_region_has_its_style(stylizer):
    content, regions = photo(), np.zeros_like(photo())
    left, right = np.zeros_like(content), np.zeros_like(content)
    regions[:, :50], regions[:, 70:] = 1, 2
    left[:, :50], right[:, 70:] = 255, 255
    result = stylizer.stylize(content, Look(("scream", "dance"), regions=regions))
    np.testing.assert_array_equal(result[:, 50:70], content[:, 50:70])
    np.testing.assert_array_equal(result[:, :50], stylizer.stylize(content, Look("scream", mask=left))[:, :50])
    np.testing.assert_array_equal(result[:, 70:], stylizer.stylize(content, Look("dance", mask=right))[:, 70:])
    masked = stylizer.stylize(content, Look(("scream", "dance"), regions=regions, mask=255 - right // 2))
    assert largest(masked[:, 70:], (result[:, 70:].astype(float) + content[:, 70:]) / 2) <= 2
    with pytest.raises(PictureError, match="nothing is left of region 2, for dance"):
        stylizer.stylize(content, Look(("scream", "dance"), regions=regions, mask=left))
    with pytest.raises(OptionError, match="regions have one style each, and shares mix them"):
        Look(("scream", "dance"), (1, 2), regions=regions)


def test_strokes_are_as_broad_in_a_large_copy(stylizer, monkeypatch):
    small = photo("chelsea")
    monkeypatch.setattr(strokes, "MEASURE", small.shape[0] * small.shape[1])
    large = resize(Picture(small), 3 * small.shape[1], 3 * small.shape[0], "bicubic").pixels
    expected = stylizer.stylize(small, "scream")
    result = stylizer.stylize(large, "scream")
    from_afar = resize(Picture(result), *small.shape[1::-1]).pixels
    near = psnr(from_afar, expected)
    assert near > 28
    full = stylizer.stylize(large, Look("scream", stroke_size=None))
    assert psnr(resize(Picture(full), *small.shape[1::-1]).pixels, expected) < near - 5
    np.testing.assert_array_equal(stylizer.stylize(small, Look("scream", stroke_size=None)), expected)
    assert result.shape == full.shape == large.shape
    np.testing.assert_array_equal(stylizer.stylize(large[None], "scream")[0], result)


def test_controls_combine(stylizer):
    content, mask = photo(), np.zeros_like(photo())
    mask[:, 40:] = 255
    look = Look("scream", color="content", stroke_size=0.7, mask=mask, feather=4)
    whole = stylizer.stylize(content, look)
    np.testing.assert_array_equal(whole[:, :37], content[:, :37])
    assert largest(Stylizer(device="cpu", tile=64).stylize(content, look), whole) <= 2
    inside, wanted = colours(whole[:, 43:]), colours(content[:, 43:])
    np.testing.assert_allclose(inside.mean, wanted.mean, atol=0.05)


def test_masks_regions_and_strokes_in_streams(stylizer):
    frames = [photo("chelsea"), photo("coffee")]
    half, regions = np.zeros_like(frames[0]), np.zeros_like(frames[0])
    half[:, 50:] = 255
    regions[:, :50], regions[:, 50:] = 1, 2
    looks = [
        Look("scream", mask=half, feather=6, color="content"),
        Look(("scream", "dance"), regions=regions),
        Look("dance", stroke_size=2),
        Look("dance"),
    ]
    with stylizer.stream((117, 93), looks[0]) as stream:
        for look in looks:
            stream.look = look
            for got, frame in zip(stream.run(frames), frames, strict=True):
                assert largest(got, stylizer.stylize(frame, look)) <= 1
        with pytest.raises(PictureError, match="the mask has 117 x 90 pixels, the content 117 x 93"):
            stream.look = Look("scream", mask=half[:90])
        stream.look = replace(looks[0], mask=half[:90], fit=True)
        stream.put(frames[0][:90])
        with pytest.raises(PictureError, match=r"frame 8: uint8 \[90, 117, 3\] came, uint8 \[93, 117, 3\] was"):
            stream.get()
    with pytest.raises(PictureError, match="the picture of the regions has 2 colours beside black, and there are 0"):
        stylizer.stream((117, 93), Look(regions=regions))


def test_a_stream_with_broad_strokes_takes_no_more_memory_than_it_needs(stylizer, monkeypatch):
    monkeypatch.setattr(Session, "lane", None)  # of frames in their own size
    with stylizer.stream((117, 93), Look("scream", stroke_size=4)) as stream:
        assert next(stream.run([photo("coffee")])).shape == (93, 117, 3)


def test_pictures_that_belong_together_share_their_statistics(stylizer):
    still = waves(60, 80)
    moved = still.copy()
    moved[:, 70:] = 0
    frames = [Picture(still), Picture(moved), Picture(still)]
    results = stylizer.restyle_all(frames, Look("scream"))
    assert len(results) == 3
    np.testing.assert_array_equal(results[0].pixels, results[2].pixels)
    alone = [stylizer.restyle(frame, Look("scream")).pixels[:, :6] for frame in frames[:2]]
    assert largest(results[0].pixels[:, :6], results[1].pixels[:, :6]) < largest(*alone)
    alike = stylizer.restyle_all([Picture(still)] * 2, Look("scream"))
    assert largest(alike[1].pixels, stylizer.stylize(still, "scream")) <= 1
    with pytest.raises(PictureError, match="a frame has 160 x 120 pixels, the first one 80 x 60; bring them to one"):
        stylizer.restyle_all([Picture(still), Picture(photo())], Look("scream"))


def test_what_is_transparent_counts_for_nothing(stylizer):
    """Whatever colours are stored there; the network sees white at the edges."""
    content, alpha = photo(), np.zeros(photo().shape[:2], np.uint8)
    alpha[:, :40] = alpha[-1, -1] = 255
    holed = Picture(np.where(alpha[..., None] > 0, content, 255), alpha)
    result = stylizer.restyle(holed, Look("scream")).pixels[:80, :8]
    alone = stylizer.stylize(np.ascontiguousarray(content[:, :40]), "scream")[:80, :8]
    assert psnr(result, alone) > 24
    assert psnr(stylizer.stylize(holed.pixels, "scream")[:80, :8], alone) < psnr(result, alone) - 3
