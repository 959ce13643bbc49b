import numpy as np
import pytest
from checks import photo

from adain.colours import AXES, Colours, colour_sums, has_colours, recolour, take_brightness, with_colours

CODE = (("relu1_1.mean", 2), ("colours.mean", 3), ("colours.factor", 6), ("relu1_1.deviation", 2))


def of(pixels: np.ndarray, weight: np.ndarray | None = None) -> Colours:
    return Colours.of(colour_sums(pixels, weight))


def test_colours_are_mean_and_covariance() -> None:
    pixels = photo()
    opponent = pixels.reshape(-1, 3) / 255 @ AXES.T
    colours = of(pixels)
    np.testing.assert_allclose(colours.mean, opponent.mean(0))
    np.testing.assert_allclose(
        colours.factor @ colours.factor.T, np.cov(opponent.T, bias=True) + 1e-5 * np.eye(3), atol=1e-9
    )
    assert (colours.factor == np.tril(colours.factor)).all()


def test_sums_of_parts_are_those_of_the_whole() -> None:
    pixels, weight = photo(), np.random.default_rng(0).random(photo().shape[:2])
    parts = colour_sums(pixels[:50], weight[:50]) + colour_sums(pixels[50:], weight[50:])
    np.testing.assert_allclose(parts, colour_sums(pixels, weight))


def test_what_weighs_nothing_has_no_colour() -> None:
    pixels = np.concatenate([photo(), np.full_like(photo(), 255)])
    weight = np.concatenate([np.full(photo().shape[:2], 255), np.zeros(photo().shape[:2])])
    inside, alone = of(pixels, weight), of(photo())
    np.testing.assert_allclose(inside.mean, alone.mean)
    np.testing.assert_allclose(inside.factor, alone.factor, atol=1e-9)
    assert np.isfinite(of(pixels, np.zeros_like(weight)).factor).all()


def test_a_code_takes_other_colours() -> None:
    assert has_colours(CODE)
    assert not has_colours(CODE[:2])
    code, wanted = np.arange(13, dtype=np.float32), Colours(np.array([20.0, 21, 22]), np.tril(np.full((3, 3), 30.0)))
    assert with_colours(code, CODE, wanted, 1).tolist() == [0, 1, 20, 21, 22, *[30] * 6, 11, 12]
    assert with_colours(code, CODE, wanted, 0.5)[2] == 11
    np.testing.assert_array_equal(with_colours(code, CODE, wanted, 0), code)
    assert code[2] == 2  # not written into


def test_a_painting_takes_the_colours_of_a_photograph() -> None:
    painting, wanted = photo("chelsea"), of(photo("coffee") // 2 + 64)  # not so strong that much is clipped
    result = of(recolour(painting, of(painting), wanted))
    np.testing.assert_allclose(result.mean, wanted.mean, atol=0.01)
    np.testing.assert_allclose(result.factor, wanted.factor, atol=0.01)
    assert np.abs(recolour(painting, of(painting), wanted, 0.0).astype(int) - painting).max() <= 1
    grey = np.full((16, 16, 3), 90, np.uint8)
    grey[3, 4, 1] += 1  # a step of noise is not stretched to the spread of a painting
    assert np.ptp(recolour(grey, of(grey), wanted).reshape(-1, 3), axis=0).max() < 20


def test_brightness_of_one_and_hue_of_the_other() -> None:
    content, painted = photo()[:93, :117], photo("chelsea")
    result = take_brightness(content, painted)
    np.testing.assert_allclose(result.mean(2), painted.mean(2), atol=1)
    hues = [each - each.mean(2, keepdims=True) for each in (content.astype(float), result.astype(float))]
    along = (hues[0] * hues[1]).sum(2)
    assert (np.linalg.norm(np.cross(*hues), axis=2) <= 3 * np.linalg.norm(hues[0], axis=2)).all()  # rounding
    assert along.min() > -60
    np.testing.assert_array_equal(take_brightness(content, painted, 0.0), painted)
    np.testing.assert_array_equal(take_brightness(content, content), content)
    grey, edge = np.full((2, 2, 3), 100, np.uint8), np.array([[[0, 0, 0], [255, 255, 255]]] * 2, np.uint8)
    np.testing.assert_array_equal(take_brightness(grey, edge), edge)
    red = np.zeros((2, 2, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    assert take_brightness(red, np.full_like(red, 200))[0, 0].tolist() == [255, 172, 172]  # paler, as bright


@pytest.mark.parametrize("scale", [0, 1])
def test_flat_pictures_have_colours(scale: int) -> None:
    colours = of(np.full((20, 20, 3), 255 * scale, np.uint8))
    np.testing.assert_allclose(colours.mean, [scale * 3**0.5, 0, 0], atol=1e-12)
    np.testing.assert_allclose(colours.factor, 1e-5**0.5 * np.eye(3), atol=1e-6)
