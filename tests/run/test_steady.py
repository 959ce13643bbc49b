from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("cv2")

from adain.errors import OptionError
from adain.pictures import Pixels
from adain.video.steady import Steady


def texture(seed: int, height: int = 96, width: int = 128) -> Pixels:
    """Blobs of 8 px in random greys, as strokes are."""
    small = np.random.default_rng(seed).integers(40, 216, (height // 8, width // 8, 3))
    return np.kron(small, np.ones((8, 8, 1))).astype(np.uint8)


def noisy(picture: Pixels, seed: int, sigma: float) -> Pixels:
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.rint((picture + noise).clip(0, 255)).astype(np.uint8)


def flicker(frames: list[Pixels]) -> float:
    return float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairwise(frames)]))


def test_a_still_scene_stands_still() -> None:
    scene, painting = texture(1), texture(2)
    contents = [noisy(scene, number, 4) for number in range(12)]
    painted = [noisy(painting, number + 100, 12) for number in range(12)]
    steady = Steady(0.9)
    results = [steady.take(*pair) for pair in zip(contents, painted, strict=True)]
    assert flicker(results[4:]) < 0.4 * flicker(painted[4:])
    assert np.abs(results[-1].astype(int) - painting).mean() < np.abs(painted[-1].astype(int) - painting).mean()
    assert steady.cuts == 0


@pytest.mark.parametrize("quick", [False, True])
def test_strokes_move_with_what_they_are_on(quick: bool) -> None:
    """The content goes right by 2 px a frame, with strokes of which a third are new in every frame."""
    scene, strokes = texture(1, 96, 192), texture(2, 96, 192)
    steady, painted, results = Steady(0.9, quick=quick), [], []
    for number in range(8):
        part = slice(40 - 2 * number, 168 - 2 * number)
        painted.append(strokes[:, part] // 3 * 2 + texture(100 + number) // 3)
        results.append(steady.take(np.ascontiguousarray(scene[:, part]), painted[-1]))

    def changes(frames: list[Pixels]) -> float:
        return float(np.mean([np.abs(b[:, 18:-16].astype(int) - a[:, 16:-18]).mean() for a, b in pairwise(frames[3:])]))

    assert changes(results) < 0.6 * changes(painted)


def test_what_only_looks_alike_is_not_found_again() -> None:
    """Pale contents that have nothing to do with each other: no motion leads from one to the other and back."""
    pale = [100 + texture(number) // 24 for number in (1, 2)]
    painted = [texture(3), texture(4)]
    steady = Steady(0.9)
    _, result = (steady.take(*pair) for pair in zip(pale, painted, strict=True))
    apart = np.abs(painted[1].astype(int) - painted[0]).mean()
    assert np.abs(result.astype(int) - painted[1]).mean() < 0.5 * apart


def test_a_cut_ends_the_memory() -> None:
    steady = Steady(0.9)
    steady.take(texture(1), texture(2))
    after = steady.take(texture(3), texture(4))
    np.testing.assert_array_equal(after, texture(4))
    assert steady.cuts == 1
    steady.forget()
    np.testing.assert_array_equal(steady.take(texture(3), texture(5)), texture(5))


def test_none_is_none_and_the_state_goes_on() -> None:
    contents, painted = [noisy(texture(1), n, 3) for n in range(4)], [noisy(texture(2), n, 20) for n in range(4)]
    off, on = Steady(0), Steady(0.8)
    for pair in zip(contents[:3], painted[:3], strict=True):
        np.testing.assert_array_equal(off.take(*pair), pair[1])
        on.take(*pair)
    other = Steady(0.8, on.state)
    np.testing.assert_array_equal(on.take(contents[3], painted[3]), other.take(contents[3], painted[3]))
    assert off.state == {}
    for wrong in (-0.1, 1, float("nan")):
        with pytest.raises(OptionError, match="the smoothing is"):
            Steady(wrong)
