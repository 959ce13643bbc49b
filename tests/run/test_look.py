from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adain.bank import bank
from adain.errors import OptionError, StyleError
from adain.look import Look
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
