import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adain.errors import OptionError, StyleError
from adain.styles import MAX_VALUES, Style, blend


def test_save_and_load(tmp_path: Path) -> None:
    code = np.array([1.5, -2, 0.25], np.float32)
    Style(code, "waves").save(tmp_path / "big waves.npy")
    back = Style.load(str(tmp_path / "big waves.npy"))
    assert back.name == "big waves"
    assert back.code.dtype == np.float32
    np.testing.assert_array_equal(back.code, code)
    np.testing.assert_array_equal(np.load(tmp_path / "big waves.npy"), code)
    assert [path.name for path in tmp_path.iterdir()] == ["big waves.npy"]


def test_a_code_belongs_to_its_style() -> None:
    code = np.ones(3, np.float32)
    style = Style(code, "a")
    code[0] = 7
    assert style.code[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        style.code[0] = 2


def test_other_floats_become_float32(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([0.5, 1], np.float64))
    assert Style.load(tmp_path / "a.npy").code.dtype == np.float32


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3), np.float32), r"the style a is float32 \[2, 3\]; float32 \[S\] was expected"),
        (np.zeros(3, np.int64), r"the style a is int64 \[3\]"),
        (np.zeros(MAX_VALUES + 1, np.float32), r"the style a is float32 \[65537\]"),
        (np.array([1, np.nan], np.float32), "the style a has values that are not finite"),
        (np.array([1e300]), "the style a has values that are not finite"),
        (np.array(["x", None], object), "cannot be read as a style"),
    ],
)
def test_arrays_that_are_no_style(array: np.ndarray, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(StyleError, match=message):
        Style.load(tmp_path / "a.npy")


def huge_header() -> bytes:
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "data",
    [b"", b"\x93NUMPY", b"PK\x03\x04 a zip", b"text", pickle.dumps([1.0]), huge_header(), huge_header()[:40]],
)
def test_files_that_are_no_style(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(data)
    with pytest.raises(StyleError, match=r"cannot be read as a style .*; give a .npy file") as error:
        Style.load(path)
    assert "\n" not in str(error.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="No such file"):
        Style.load(tmp_path / "a.npy")
    with pytest.raises(StyleError, match="Is a directory"):
        Style.load(tmp_path)
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(StyleError, match="cannot be written"):
        Style(np.ones(3, np.float32), "a").save(tmp_path / "a.npy")


def style(*values: float, name: str = "s") -> Style:
    return Style(np.array(values, np.float32), name)


def test_blend_is_the_weighted_mean() -> None:
    mixed = blend([style(0, 4, name="a"), style(8, 0, name="b")], [3, 1])
    np.testing.assert_array_equal(mixed.code, np.array([2, 3], np.float32))
    assert mixed.name == "a + b"
    np.testing.assert_array_equal(blend([style(5)], [0.1]).code, [5])
    np.testing.assert_array_equal(blend([style(5), style(7)], [0, 2]).code, [7])


@pytest.mark.parametrize("shares", [[1, -1], [0, 0], [1, float("nan")], [1, float("inf")], [1], [1, 2, 3], []])
def test_shares_that_do_not_fit(shares: list[float]) -> None:
    with pytest.raises(OptionError, match="shares"):
        blend([style(1), style(2)], shares)


def test_styles_that_do_not_fit_together() -> None:
    with pytest.raises(StyleError, match="a has 1, b has 2 values"):
        blend([style(1, name="a"), style(1, 2, name="b")], [1, 1])
    with pytest.raises(StyleError, match="the styles a, b are of different models; encode them with one model"):
        blend([replace(style(1, name="a"), model="x"), replace(style(1, name="b"), model="y")], [1, 1])
    with pytest.raises(OptionError, match="there is no style; give one or more"):
        blend([], [])


def test_a_blend_is_of_the_model_of_its_styles() -> None:
    assert blend([style(1), style(2)], [1, 1]).model is None
    assert blend([style(1), replace(style(2), model="x")], [1, 1]).model == "x"
