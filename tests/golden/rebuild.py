"""Rebuild the golden pictures from the shipped weights: python tests/golden/rebuild.py

Look at them before you commit them.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from adain import Stylizer

HERE = Path(__file__).parent
CASES = {  # name -> style, alpha
    "great-wave": ("great-wave", 1.0),
    "scream-half": ("scream", 0.5),
    "alpha-0": ("scream", 0.0),
}


def content() -> np.ndarray:
    """A photograph in the public domain (NASA), of an odd size: uint8 [171,125,3]."""
    return np.asarray(Image.fromarray(data.astronaut()[:342, 90:340]).resize((125, 171), Image.Resampling.BOX))


def stylized(name: str) -> np.ndarray:
    """One case, on the CPU: uint8 [171,125,3]."""
    style, alpha = CASES[name]
    return Stylizer(device="cpu").stylize(content(), style, alpha)


if __name__ == "__main__":
    for case in CASES:
        Image.fromarray(stylized(case)).save(HERE / f"{case}.png")
