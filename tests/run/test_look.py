from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adain.bank import bank
from adain.colours import Colours
from adain.errors import OptionError, PictureError, StyleError
from adain.look import Look
from adain.pictures import load
from adain.styles import Style

SEA = Style(np.array([0, 4], np.float32), "sea")
SUN = Style(np.array([8, 0], np.float32), "sun")


def test_shares_are_of_the_whole() -> None:
    look = Look((SEA, SUN), (3, 1), 0.5)
    assert look.shares == (0.75, 0.25)
    inputs = look.inputs()
    np.testing.assert_array_equal(inputs["style"], np.array([[2, 3]], np.float32))
    np.testing.assert_array_equal(inputs["alpha"], np.array([0.5], np.float32))
    assert Look((SEA, SUN)).shares == (0.5, 0.5)
    assert look.name == "sea + sun"


def test_names_and_files_are_styles_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SEA.save("sea.npy")
    Image.new("RGB", (20, 20)).save("wall.png")
    look = Look(("Scream", "sea.npy", "wall.png", np.zeros((20, 20, 3), np.uint8)))
    scream, sea, wall, picture = look.styles
    assert isinstance(scream, Style)
    assert isinstance(sea, Style)
    assert (scream.name, scream.model, sea.name, sea.model) == ("scream", bank().model, "sea", None)
    assert wall == "wall.png"
    assert isinstance(picture, np.ndarray)
    assert look.name == "scream + sea + wall + picture"


def test_a_single_style_needs_no_tuple() -> None:
    assert Look(SEA).styles == (SEA,)
    assert Look("scream").name == "scream"
    look = Look.of("scream", 0.5)
    assert (look.name, look.alpha) == ("scream", 0.5)
    assert Look.of(look) is look
    assert Look.of(look, 0.25).alpha == 0.25


def test_a_pattern_for_others() -> None:
    pattern = Look((SEA, SUN), (2, 1), alpha=0.5, style_size=256)
    look = pattern.after(SUN)
    assert (look.styles, look.shares, look.alpha, look.style_size) == ((SUN,), (1.0,), 0.5, 256)
    with pytest.raises(OptionError, match="there is no style"):
        Look(alpha=0.5).inputs()


@pytest.mark.parametrize("alpha", [-0.01, 1.01, float("nan"), float("inf")])
def test_alpha_out_of_range(alpha: float) -> None:
    with pytest.raises(OptionError, match=r"alpha is .*; give a number from 0 \(content\) to 1 \(full style\)"):
        Look("scream", alpha=alpha)


def test_what_is_no_look() -> None:
    with pytest.raises(OptionError, match="1 shares for 2 styles; give one share for each style"):
        Look((SEA, SUN), (1,))
    with pytest.raises(OptionError, match="1 shares for 0 styles"):
        Look(shares=(1,))
    with pytest.raises(OptionError, match="the size is 0"):
        Look(SEA, style_size=0)
    with pytest.raises(StyleError, match="did you mean starry-night"):
        Look("stary-nigt")


def test_colours_of_the_content_take_the_place_of_the_style() -> None:
    code = (("colours.mean", 3), ("colours.factor", 6), ("relu1_1.mean", 1))
    style, content = Style(np.zeros(10, np.float32), "zero"), Colours(np.array([1.0, 2, 3]), 4 * np.eye(3))
    for color, strength, first in (("style", 1.0, 0), ("content", 1.0, 1), ("content", 0.5, 0.5), ("luminance", 1, 1)):
        look = Look(style, color=color, color_strength=strength)
        assert look.keeps_colours == (color != "style")
        assert look.inputs(code, content)["style"][0, [0, 9]].tolist() == [first, 0]
    assert not Look(style, color="content", color_strength=0).keeps_colours
    painted, photo = np.full((2, 2, 3), (0, 0, 90), np.uint8), np.full((2, 2, 3), (60, 30, 0), np.uint8)
    assert Look(style, color="luminance").finish(photo, painted)[0, 0].tolist() == [60, 30, 0]
    assert Look(style, color="luminance", color_strength=0.5).finish(photo, painted)[0, 0].tolist() == [30, 15, 45]
    assert Look(style, color="content").finish(photo, painted) is painted
    with pytest.raises(OptionError, match="the color is 'red'; give one of style, content, luminance"):
        Look(style, color="red")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="the color strength is 2; give a number from 0 to 1"):
        Look(style, color_strength=2)


def test_a_folder_or_pipe_is_no_unknown_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scream").mkdir()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    (named,) = Look(("scream",)).styles
    assert isinstance(named, Style)  # before a folder of that name
    assert Look(("other",)).styles == ("other",)
    with pytest.raises(PictureError, match="other is a folder; one picture file was expected"):
        load("other")
    with pytest.raises(StyleError, match="no style or file named 'another'"):
        Look(("another",))
