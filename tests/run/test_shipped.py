"""The files that ship: they belong together, and they make the pictures that we looked at."""

from itertools import pairwise

import numpy as np
import pytest
from checks import photo, psnr
from PIL import Image
from replay import Conformance

from adain import Stylizer, shipped
from adain.bank import bank
from adain.styles import Style


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return Stylizer(device="cpu")


def test_files_belong_together(stylizer):
    assert stylizer.contract.checkpoint_sha256 == bank().model
    assert "CC BY 4.0" in stylizer.contract.license


def test_files_are_small():
    assert sum(file.stat().st_size for file in shipped.ONNX.iterdir()) < 25e6
    assert sum(file.stat().st_size for file in shipped.STYLES.iterdir()) < 1e6


def test_bank(stylizer):
    paintings = bank().paintings
    assert len(paintings) >= 12
    codes = np.stack([bank().style(name).code for name in paintings])
    assert codes.shape[1] == stylizer.contract.style_size
    distances = np.linalg.norm(codes[:, None] - codes[None], axis=2)
    assert distances[~np.eye(len(codes), dtype=bool)].min() > 1  # no style is there twice
    assert sorted(file.stem for file in shipped.STYLES.glob("*.npy")) == sorted(paintings)


def test_pictures_of_the_conformance_set(stylizer):
    def stylize(contents: np.ndarray, codes: np.ndarray, alpha: float) -> np.ndarray:
        styles = [Style(code, "case") for code in codes] * (len(contents) // len(codes))
        return np.stack([stylizer.stylize(*pair, alpha) for pair in zip(contents, styles, strict=True)])

    results = Conformance().replay(
        stylize, lambda images: np.stack([stylizer.encode_style(image).code for image in images])
    )
    assert len(results) > 10
    assert not [result for result in results if not result.passed]


def test_alpha_goes_from_the_content_to_the_style(stylizer):
    content = photo("coffee")
    pictures = [stylizer.stylize(content, "scream", alpha) for alpha in np.linspace(0, 1, 11)]
    assert psnr(content, pictures[0]) > 18  # recognisable; 20 dB on average over photographs
    away = [np.abs(picture.astype(float) - content).mean() for picture in pictures]
    assert away == sorted(away)
    steps = [np.abs(b.astype(float) - a).mean() for a, b in pairwise(pictures)]
    assert max(steps) < 3 * np.median(steps)  # nothing jumps


def test_alpha_0_adds_no_colour_to_grey(stylizer):
    grey = np.repeat(photo()[..., 1:2], 3, axis=2)
    result = stylizer.stylize(grey, "scream", alpha=0.0).astype(float)
    assert np.abs(result - result.mean(axis=2, keepdims=True)).mean() < 4


def test_an_array_and_a_file_give_the_same(stylizer, tmp_path):
    Image.fromarray(photo()).save(tmp_path / "photo.png")
    of_file = np.asarray(stylizer.stylize(tmp_path / "photo.png", "udnie"))
    assert np.array_equal(of_file, stylizer.stylize(photo(), "udnie"))


def test_frames_are_painted_by_the_network_that_paints_pictures(stylizer):
    content = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    with stylizer.stream((64, 48), "scream") as stream:
        (frame,) = stream.run([content])
    np.testing.assert_array_equal(frame, stylizer.stylize(content, "scream"))
