"""Plain ground, with known answers: noise, waves, spikes."""

import numpy as np
import pytest
from scipy import stats

from adain.evaluation import plain

FLAT = np.full((256, 256), 0.5, np.float32)
ALL = np.ones((7, 7), bool)  # tiles of 256 x 256


def noise(seed: int = 0, spread: float = 0.05) -> np.ndarray:
    return (0.5 + spread * np.random.default_rng(seed).standard_normal((256, 256))).astype(np.float32)


def wave(period: float, contrast: float = 0.1) -> np.ndarray:
    """Along x."""
    return np.broadcast_to(0.5 + contrast * np.cos(2 * np.pi * np.arange(256) / period), (256, 256)).astype(np.float32)


def test_ground_is_plain_where_the_content_hardly_varies():
    content = noise(spread=0.1)
    content[:128, :128] = 0.5  # nine tiles
    plain_tiles = plain.plain_ground(content)
    assert plain_tiles.sum() == 9
    assert plain_tiles[:3, :3].all()
    assert plain.plain_ground(noise(spread=0.1)) is None
    content[64:] = noise(spread=0.1)[64:]  # three tiles are left
    assert plain.plain_ground(content) is None


def test_power_is_the_variance_in_all():
    assert plain.power(plain.tiles(noise())).sum() / 64**2 == pytest.approx(0.05**2, rel=0.05)
    of_wave = plain.power(plain.tiles(wave(8)))
    assert np.unravel_index(of_wave.argmax(), of_wave.shape) in ((0, 8), (0, 56))


def test_kurtosis_of_noise_of_a_wave_and_of_stains():
    assert plain.spots(noise(), ALL)["plain_kurtosis"] == pytest.approx(0, abs=0.1)
    assert plain.spots(wave(8), ALL)["plain_kurtosis"] == pytest.approx(-1.5, abs=0.02)
    assert plain.spots(FLAT, ALL)["plain_kurtosis"] == pytest.approx(-3, abs=0.1)  # nothing but rounding
    stained = noise(spread=0.01)
    stained[::32, ::32] -= 0.3
    assert plain.spots(stained, ALL)["plain_kurtosis"] > 100


def test_kurtosis_is_that_of_scipy():
    grey = np.random.default_rng(1).gamma(2, 0.05, (256, 256)).astype(np.float32)
    ground = plain.tiles(grey - plain.gaussian(grey.astype(np.float64), plain.LOCAL, mode="reflect"))
    expected = stats.kurtosis(ground.ravel())
    assert plain.spots(grey, ALL)["plain_kurtosis"] == pytest.approx(expected, rel=0.01)


def test_dark_spots_are_counted():
    assert plain.spots(noise(), ALL)["plain_dark"] == pytest.approx(0.0032, abs=0.006)  # of a normal distribution
    stained = noise(spread=0.01)
    stained[16::32, 16::32] = 0.2  # 64 of 65,536 pixels: in every tile 4 of 4,096
    assert plain.spots(stained, ALL)["plain_dark"] == pytest.approx(100 * 4 / 4096, rel=0.05)
    bright = noise(spread=0.01)
    bright[16::32, 16::32] = 0.8
    assert plain.spots(bright, ALL)["plain_dark"] < 0.01
    faint = FLAT.copy()
    faint[::8, ::8] -= 4 / 255  # nobody sees them
    assert plain.spots(faint, ALL)["plain_dark"] == 0


def test_marks_are_alike_whatever_their_place_and_contrast():
    one, other = (plain.marks(plain.tiles(grey)) for grey in (noise(1, 0.02), noise(2, 0.1)))
    weave = plain.marks(plain.tiles(noise(3, 0.02) + wave(8)))
    assert plain.spectrum_distance(one, one) == 0
    near, far = plain.spectrum_distance(one, other), plain.spectrum_distance(one, weave)
    assert near == pytest.approx(1, abs=0.5)  # of 49 tiles, half overlapping
    assert far > 2 * near
    assert one[:2, :2] == pytest.approx(0)


def test_the_distance_of_two_spectra_is_in_db():
    one = np.zeros((64, 64))
    other = one.copy()
    other[:, 32:] = 6
    assert plain.spectrum_distance(one, other) == pytest.approx(6 / np.sqrt(2))
