"""How far a picture changes where the photograph moves: what is locked to a network's grid stays, and is seen here.

    python tests/shifted.py PHOTO... --model fast --styles scream,mosaic

Of each photograph two squares are painted, of which one begins some pixels further on; told is the mean difference
of what both have, without a border, in steps of 255. It is 0 for a network without a grid.
"""

import argparse
from pathlib import Path

import numpy as np

from adain import Stylizer
from adain.pictures import load, resize

SIDE, BORDER = 512, 64  # px
SHIFTS = (2, 4, 8, 16)  # px, to the right and down


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--model", default="large")
    parser.add_argument("--styles", default="scream,mosaic,starry-night")
    given = parser.parse_args()
    stylizer, side = Stylizer(given.model, "cpu"), SIDE + max(SHIFTS)
    print("photo, style:", *(f"{shift} px" for shift in SHIFTS))
    every = []
    for photo in given.photos:
        whole = resize(load(photo), side, side).pixels
        for style in given.styles.split(","):
            first = _painted(stylizer, whole, style, 0)
            differences = []
            for shift in SHIFTS:
                further = _painted(stylizer, whole, style, shift)
                both = first[BORDER + shift :, BORDER + shift :], further[BORDER:, BORDER:]
                one, other = (each[: SIDE - 2 * BORDER - shift, : SIDE - 2 * BORDER - shift] for each in both)
                differences.append(float(np.abs(one - other).mean()))
            every.append(differences)
            print(f"{photo.name}, {style}:", *(f"{each:.1f}" for each in differences))
    print("mean:", *(f"{each:.1f}" for each in np.mean(every, axis=0)))


def _painted(stylizer: Stylizer, whole: np.ndarray, style: str, shift: int) -> np.ndarray:
    part = np.ascontiguousarray(whole[shift : shift + SIDE, shift : shift + SIDE])
    return stylizer.stylize(part, style).astype(np.float32)


if __name__ == "__main__":
    main()
