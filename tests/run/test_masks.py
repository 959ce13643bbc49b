import numpy as np
import pytest
from PIL import Image

from adain.errors import OptionError, PictureError
from adain.masks import check_feather, combine, load_mask, load_regions, soften, weight_of


def grey(values: list[list[int]]) -> np.ndarray:
    return np.repeat(np.array(values, np.uint8)[..., None], 3, axis=2)


def test_a_mask_is_brightness_or_what_is_opaque() -> None:
    np.testing.assert_array_equal(load_mask(grey([[0, 128, 255]]), (3, 1)), [[0, 128, 255]])
    holed = Image.fromarray(np.dstack([grey([[0, 0, 0]]), np.array([[0, 100, 255]], np.uint8)]))
    np.testing.assert_array_equal(load_mask(holed, (3, 1)), [[0, 100, 255]])
    with pytest.raises(PictureError, match="the mask selects nothing: it is black or transparent throughout"):
        load_mask(grey([[0, 0]]), (2, 1))
    with pytest.raises(PictureError, match=r"the mask has 2 x 1 pixels, the content 3 x 4; .* or --fit to stretch it"):
        load_mask(grey([[255, 255]]), (3, 4))
    assert load_mask(grey([[255, 255]]), (3, 4), fit=True).tolist() == [[255] * 3] * 4


def test_regions_are_colours_from_dark_to_bright() -> None:
    blue, red, green = (0, 0, 255), (255, 0, 0), (0, 255, 0)
    picture = np.array([[green, (0, 0, 0), blue], [red, red, green]], np.uint8)
    regions = load_regions(picture, (3, 2), 3)
    assert [(region > 0).astype(int).tolist() for region in regions] == [
        [[0, 0, 1], [0, 0, 0]],
        [[0, 0, 0], [1, 1, 0]],
        [[1, 0, 0], [0, 0, 1]],
    ]
    assert load_regions(grey([[1, 2]]), (4, 2), 2, fit=True)[1].tolist() == [[0, 0, 255, 255]] * 2
    with pytest.raises(PictureError, match="has 3 colours beside black, and there are 2 styles; .* for --feather"):
        load_regions(picture, (3, 2), 2)
    with pytest.raises(PictureError, match="has 3 colours beside black, and there are 4 styles; give one colour for"):
        load_regions(picture, (3, 2), 4)
    with pytest.raises(PictureError, match="the picture of the regions has 3 x 2 pixels, the content 6 x 4"):
        load_regions(picture, (6, 4), 3)


def test_soft_edges_are_as_wide_as_they_are_said_to_be() -> None:
    hard = np.repeat([0, 255], 50).astype(np.uint8)[None].repeat(4, 0)
    np.testing.assert_array_equal(soften(hard, 0), hard)
    soft = soften(hard, 20)[0].astype(int)
    between = np.flatnonzero((soft > 0) & (soft < 255))
    assert between[0] == pytest.approx(40, abs=1)
    assert between[-1] == pytest.approx(59, abs=1)
    assert np.ptp(np.diff(soft)[between[0] : between[-1]]) <= 1  # a straight slope
    np.testing.assert_allclose(soft + soften(255 - hard, 20)[0], 255, atol=1)  # neighbours fill each other up
    for wrong in (-1, float("nan"), 1e9):
        with pytest.raises(OptionError, match="the feather is"):
            check_feather(wrong)


def test_masks_multiply_and_shrink_to_weights() -> None:
    one, other = np.array([[255, 128, 0]], np.uint8), np.array([[128, 128, 255]], np.uint8)
    assert combine([one, other]).tolist() == [[128, 64, 0]]
    assert combine([one]) is one
    mask = np.zeros((100, 100), np.uint8)
    mask[50, 50] = 255  # does not vanish
    np.testing.assert_allclose(weight_of(mask, (10, 10)).sum(), 0.01, rtol=1e-3)
    assert weight_of(mask, (100, 100)).max() == 1
