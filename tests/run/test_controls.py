"""What the controls of a look do to pictures of the shipped model."""

import numpy as np
import pytest
from checks import photo, psnr
from PIL import Image

from adain import Look, Stylizer
from adain.colours import Colours, colour_sums


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
    result = stylizer.stylize(Image.fromarray(holed), look)
    seen = holed[..., 3] > 0
    assert np.abs(np.asarray(result)[seen][:, :3].mean(0) - content[seen].mean(0)).max() < 5


def test_color_in_batches_and_streams(stylizer):
    frames = np.stack([photo("chelsea"), photo("coffee")])
    for color in ("content", "luminance"):
        look = Look("scream", color=color)
        alone = [stylizer.stylize(frame, look) for frame in frames]
        assert np.abs(stylizer.stylize(frames, look) - np.int16(alone)).max() <= 1
        with stylizer.stream((117, 93), look) as stream:
            for got, expected in zip(stream.run(frames), alone, strict=True):
                assert psnr(got, expected) > 30  # fewer pixels tell its colours
