from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adain.apps.sheet import draw_sheet
from adain.look import Look
from adain.pictures import Picture, contact_sheet
from adain.styles import Style
from adain.stylizer import Stylizer

RED, BLUE = (Style(np.array(code, np.float32), name) for name, code in (("red", [1, 0, 0]), ("blue", [0, 0, 1])))


def test_cells_stand_in_rows_with_text_below() -> None:
    red, wide = Picture(np.full((50, 50, 3), (255, 0, 0), np.uint8)), Picture(np.zeros((20, 200, 3), np.uint8))
    sheet = contact_sheet([("red", red), None, ("wide", wide)], columns=2, side=100).pixels
    assert sheet.shape == (2 * 112, 200, 3)
    assert sheet[50, 50].tolist() == [255, 0, 0]  # in the middle, not enlarged
    assert (sheet[20, 50], sheet[50, 150]) == pytest.approx(np.full((2, 3), 255))
    assert (sheet[112 + 50, 3:97] == 0).all()  # shrunk to the width
    assert (sheet[100:112, :100] < 100).any()  # text
    assert (sheet[100:112, 100:] == 255).all()
    holed = Picture(np.zeros((50, 50, 3), np.uint8), np.zeros((50, 50), np.uint8))
    assert (contact_sheet([("", holed)], 1, 100).pixels == 255).all()
    assert contact_sheet([("wide", wide)], 1, 100).height == 10 + 12


def test_a_sheet_of_styles_and_strengths(write_tiny: Callable[..., Path]) -> None:
    stylizer, photo, told = Stylizer(write_tiny(), "cpu"), Picture(np.full((64, 64, 3), 100, np.uint8)), []
    sheet = draw_sheet(stylizer, photo, [RED, BLUE], (0.5, 1), Look(), 64, lambda *step: told.append(step)).pixels
    assert sheet.shape == (3 * 76, 128, 3)
    middles = [sheet[row * 76 + 32, column * 64 + 32].tolist() for row in range(3) for column in range(2)]
    white = [255] * 3
    assert middles == [[100] * 3, white, [178, 50, 50], [255, 0, 0], [50, 50, 178], [0, 0, 255]]
    assert told == [(done, 4) for done in range(1, 5)]


def test_the_command(run: Callable[..., tuple[int, str, str]], write_tiny: Callable[..., Path]) -> None:
    folder = write_tiny()
    Image.new("RGB", (200, 100), (9, 9, 9)).save("photo.png")
    for style in (RED, BLUE):
        style.save(f"{style.name}.npy")
    call = ("sheet", "photo.png", "--styles", "red.npy, blue.npy", "--model", folder, "--side", "64")
    assert run(*call) == (0, "", "photo-sheet.jpg  128x88, 2 styles\n")
    with Image.open("photo-sheet.jpg") as image:
        assert image.size == (128, 2 * (32 + 12))
    code, _, error = run(*call, "--alpha", "0,2", "-o", "no.png")
    assert (code, "alpha is 2.0" in error, Path("no.png").exists()) == (2, True, False)
    for wrong, message in (
        (("--alpha", "x"), "--alpha 'x' is no list of numbers"),
        (("--styles", "reed"), "no style or file named 'reed'"),
        (("--side", "1"), "the side is 1; give 32 to 1024 px"),
        (("-o", "a.txt"), "the format '.txt' is unknown"),
    ):
        code, out, error = run(*call, *wrong)
        assert (code, out, error.count("\n")) == (2, "", 1)
        assert message in error
