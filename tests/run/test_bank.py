import json
from pathlib import Path

import numpy as np
import pytest

from adain.bank import Bank, Painting, bank
from adain.errors import StyleError
from adain.styles import Style


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    styles = {
        "starry-night": {"title": "The Starry Night", "artist": "Vincent van Gogh", "year": "1889", "movement": "x"},
        "great-wave": {"title": "The Great Wave", "artist": "Hokusai", "year": "about 1831", "movement": "y"},
    }
    (tmp_path / "index.json").write_text(json.dumps({"model": "abc", "styles": styles}), "utf-8")
    Style(np.array([1, 2], np.float32), "").save(tmp_path / "starry-night.npy")
    Style(np.array([3, 4], np.float32), "").save(tmp_path / "great-wave.npy")
    Style(np.array([5, 6], np.float32), "").save(tmp_path / "unlisted.npy")
    return tmp_path


def test_the_bank(folder: Path) -> None:
    assert Bank(folder).model == "abc"
    assert list(Bank(folder).paintings) == ["great-wave", "starry-night"]
    assert Bank(folder).paintings["starry-night"] == Painting("The Starry Night", "Vincent van Gogh", "1889", "x")


@pytest.mark.parametrize("name", ["starry-night", "Starry-Night", "starry_night", "STARRY NIGHT"])
def test_a_style_by_its_name(name: str, folder: Path) -> None:
    found = Bank(folder).style(name)
    assert found.name == "starry-night"
    np.testing.assert_array_equal(found.code, [1, 2])


def test_unknown_names(folder: Path) -> None:
    with pytest.raises(StyleError) as error:
        Bank(folder).style("stary-nigt")
    assert str(error.value) == (
        "there is no style or file named 'stary-nigt'; did you mean starry-night? `adain styles` lists all styles"
    )
    for name in ("unlisted", "../starry-night", ""):
        with pytest.raises(StyleError, match="no style or file named"):
            Bank(folder).style(name)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"model": "a"}', '{"model": "a", "styles": {"x": {"title": 1}}}'])
def test_a_broken_bank(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "index.json").write_text(text)
    with pytest.raises(StyleError, match=r"the built-in styles cannot be read .*; reinstall adain"):
        Bank(tmp_path)


def test_the_bank_of_the_package_is_read_once() -> None:
    assert bank() is bank()
