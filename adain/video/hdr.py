"""High dynamic range to standard: PQ and HLG in BT.2020 to 8 bits in BT.709.

Sources: SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG and its system gamma), BT.2087 (BT.2020 to BT.709), BT.2408 (white
of 203 cd/m2), BT.1886 (gamma 2.4).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..pictures import Pixels

Floats = NDArray[np.float32]

PQ, HLG = 16, 18  # transfer characteristics, by their numbers in ITU-T H.273
WHITE = 203.0  # cd/m2, which becomes the white of the result but for what the shoulder takes
PEAK = 1000.0  # cd/m2, which becomes the brightest
KNEE = 0.7  # of white; below it nothing is compressed
STEPS = 4096  # of the tables: 12 bits

BT2020_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)


def to_standard(frame: NDArray[np.uint16], transfer: int) -> Pixels:
    """A frame of PQ or HLG as a screen of standard range shows it.

    Args:
        frame: uint16 [H,W,3], RGB of BT.2020, non-linear, full range.
        transfer: PQ or HLG.

    Returns:
        uint8 [H,W,3], RGB of BT.709 with gamma 2.4.
    """
    light = _linear(transfer)[frame >> 4]
    if transfer == HLG:  # from the light of the scene to that of a screen of PEAK
        light *= (light @ BT2020_LUMA)[..., None].clip(1e-6) ** 0.2 * (PEAK / WHITE)
    light = (light @ BT2020_TO_709.T).clip(0)
    light *= _shoulder(light.max(axis=2, keepdims=True))
    result: Pixels = _encoded()[np.rint(light.clip(0, 1) * (STEPS - 1)).astype(np.uint16)]
    return result


@cache
def _linear(transfer: int) -> Floats:
    """Light for each of STEPS code values: of white for PQ, of the scene (0..1) for HLG."""
    code = np.linspace(0, 1, STEPS)
    if transfer == PQ:
        power = code ** (32 / 2523)
        light = 10_000 / WHITE * ((power - 0.8359375).clip(0) / (18.8515625 - 18.6875 * power)) ** (16384 / 2610)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return light.astype(np.float32)


def _shoulder(most: Floats) -> Floats:
    """What to multiply a colour by whose largest channel is `most` of white, so that hue stays: PEAK becomes 1."""
    over = (most - KNEE).clip(0) / (PEAK / WHITE - KNEE)
    slope = (PEAK / WHITE - KNEE) / (1 - KNEE)  # the curve leaves the knee as steep as it comes
    wanted = np.minimum(most, KNEE) + (1 - KNEE) * over * slope / (1 + over * (slope - 1))
    result: Floats = wanted / most.clip(1e-6)
    return result


@cache
def _encoded() -> Pixels:
    """8 bits for each of STEPS values of light; fine enough but for the darkest, where a step is 8 of 255."""
    result: Pixels = np.rint(255 * np.linspace(0, 1, STEPS) ** (1 / 2.4)).astype(np.uint8)
    return result
