import numpy as np
import pytest
from checks import photo, psnr
from PIL import Image

from adain.pictures import Picture, resize
from adain.strokes import Lift, inner_size


def test_large_pictures_are_painted_small() -> None:
    assert inner_size(1000, 1000, 1, 16) == (1000, 1000)
    assert inner_size(640, 480, 1, 16) == (640, 480)
    assert inner_size(6000, 4000, 1, 16) == (1225, 816)  # as a copy of 1 megapixel
    assert inner_size(6000, 4000, 2, 16) == (612, 408)
    assert inner_size(6000, 4000, 0.5, 16) == (2449, 1633)
    assert inner_size(6000, 4000, None, 16) == (6000, 4000)
    assert inner_size(640, 480, 0.5, 16) == (1280, 960)  # finer than its pixels allow
    assert inner_size(100, 40, 10, 16) == (40, 16)  # not too small for the network
    assert inner_size(4, 4, 10, 16) == (4, 4)  # is refused elsewhere


def lifted(content: np.ndarray, factor: float, paint) -> tuple[np.ndarray, np.ndarray]:
    height, width = (round(side / factor) for side in content.shape[:2])
    small = resize(Picture(content), width, height).pixels
    return Lift(content, small, paint(small)).rows(0, len(content)), paint(small)


@pytest.mark.parametrize(
    "paint", [lambda x: x, lambda x: x // 2 + 60, lambda x: 255 - x], ids=["as it is", "pale", "negative"]
)
def test_the_detail_of_the_content_comes_back(paint) -> None:
    """Also upside down, where the painting is a negative."""
    content = photo()
    result, small = lifted(content, 3, paint)
    plain = np.asarray(Image.fromarray(small).resize(content.shape[1::-1], Image.Resampling.LANCZOS))
    assert psnr(result, paint(content)) > psnr(plain, paint(content)) + 3
    back = resize(Picture(result), *small.shape[1::-1]).pixels
    assert psnr(back, small) > 27  # from afar, it is what was painted


def test_flat_painting_stays_flat() -> None:
    result, _ = lifted(photo(), 3, lambda x: np.full_like(x, 77))
    np.testing.assert_array_equal(result, np.full_like(result, 77))


def test_rows_are_those_of_the_whole() -> None:
    content = photo()
    small = resize(Picture(content), 50, 37).pixels
    lift = Lift(content, small, 255 - small)
    parts = [lift.rows(start, min(start + 23, len(content))) for start in range(0, len(content), 23)]
    assert np.abs(np.concatenate(parts) - np.int16(lift.rows(0, len(content)))).max() <= 2  # roundings
    same = Lift(content, content, 255 - content)
    np.testing.assert_array_equal(same.rows(3, 9), 255 - content[3:9])
    finer = resize(Picture(content), 2 * content.shape[1], 2 * content.shape[0]).pixels
    assert psnr(Lift(content, finer, finer).rows(0, len(content)), content) > 35
