"""Plain ground: walls, skies, skin.

The content has nothing to show there, so what is seen is what the network paints by itself: stains, woven patterns, the
same dabs in every style.

Looked at in tiles of 64 px, half overlapping. All pictures are float32 [H,W] luminance in 0..1.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from skimage.filters import gaussian

from ..training.losses import GRID_TILE

Grey = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FLAT = 0.03  # a tile is plain where the standard deviation of the content's luminance is below this
FEWEST = 4  # plain tiles; with fewer, nothing is said
LOCAL = 16  # px, of the Gaussian that takes shades away, such as a sky's
DARK = 4.0  # robust standard deviations
VISIBLE = 8 / 255
ROUNDING = 1 / (12 * 255**2)  # variance of rounding to 8 bits: no energy is taken to be below it


def tiles(grey: Grey) -> Floats:
    """All tiles [rows,columns,64,64], half overlapping."""
    half = GRID_TILE // 2
    return sliding_window_view(grey.astype(np.float64), (GRID_TILE, GRID_TILE))[::half, ::half]


def plain_ground(content: Grey) -> Mask | None:
    """Which tiles are plain, bool [rows,columns]; None where fewer than FEWEST are."""
    plain: Mask = tiles(content).std((2, 3)) < FLAT
    return plain if plain.sum() >= FEWEST else None


def power(of_tiles: Floats) -> Floats:
    """Mean power spectrum of tiles [...,64,64] by Welch's method, [64,64]: squared 2-D FFT behind a Hann window."""
    hann = np.hanning(GRID_TILE + 1)[:-1]
    window = np.outer(hann, hann)
    waves = np.fft.fft2((of_tiles - of_tiles.mean((-2, -1), keepdims=True)) * window)
    mean: Floats = (np.abs(waves) ** 2).reshape(-1, GRID_TILE, GRID_TILE).mean(0) / (window**2).sum()
    return mean + ROUNDING


def marks(of_tiles: Floats) -> Floats:
    """What marks tiles hold, whatever their place, colour and contrast.

    Returns:
        [64,64]: log power in dB less its mean; 0 for the frequency 0 and its neighbours, which are shades.
    """
    level: Floats = 10 * np.log10(power(of_tiles))
    near = np.minimum(np.arange(GRID_TILE), GRID_TILE - np.arange(GRID_TILE))
    seen = np.maximum(near[:, None], near) > 1
    return np.where(seen, level - level[seen].mean(), 0.0)


def spectrum_distance(one: Floats, other: Floats) -> float:
    """Root mean square difference of two `marks` [64,64], dB; 0 for the same kind of marks."""
    return float(np.sqrt(np.mean((one - other) ** 2)))


def spots(output: Grey, plain: Mask) -> dict[str, float]:
    """Stains on plain ground, by the distribution of luminance less its local mean (Gaussian of LOCAL px).

    plain_kurtosis: fourth moment over the squared variance, less 3: 0 for a normal distribution, -1.5 for a wave, large
    for a few spikes on quiet ground. plain_dark: percentage of the ground that is darker than its surroundings by DARK
    robust standard deviations (1.4826 times the median absolute deviation) and by VISIBLE: 0.003 for normal noise.
    """
    local = output.astype(np.float64) - gaussian(output.astype(np.float64), LOCAL, mode="reflect")
    ground = tiles(local)[plain].ravel()  # where tiles overlap, pixels count more than once
    centred = ground - ground.mean()
    variance = np.mean(centred**2) + ROUNDING
    away = ground - np.median(ground)
    bound = max(DARK * 1.4826 * float(np.median(np.abs(away))), VISIBLE)
    return {
        "plain_kurtosis": float(np.mean(centred**4) / variance**2 - 3),
        "plain_dark": 100 * float(np.mean(away < -bound)),
    }
