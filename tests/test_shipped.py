"""The files that ship: they belong together, and they make the pictures that we looked at."""

from itertools import pairwise

import numpy as np
import onnx
import pytest
import torch
from golden import rebuild
from PIL import Image
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from adain import Stylizer, shipped
from adain.bank import bank
from adain.network.model_file import load_model


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return Stylizer(device="cpu")


@pytest.fixture(scope="module")
def source():
    return load_model(shipped.CHECKPOINT)


def test_files_belong_together(stylizer, source):
    assert stylizer.contract.checkpoint_sha256 == source.sha256 == bank().model
    for graph in ("stylizer", "style_encoder"):
        model = onnx.load(shipped.ONNX / f"{graph}.onnx")
        metadata = {prop.key: prop.value for prop in model.metadata_props}
        assert metadata["adain.checkpoint_sha256"] == source.sha256
        assert "CC BY 4.0" in metadata["adain.license"]


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


@pytest.mark.parametrize("case", rebuild.CASES)
def test_golden_pictures(case, tmp_path):
    with Image.open(rebuild.HERE / f"{case}.png") as image:
        expected = np.asarray(image).astype(int)
    got = rebuild.stylized(case)
    difference = np.abs(got - expected)
    if difference.max() > 2 or difference.mean() > 0.1:
        Image.fromarray(got).save(tmp_path / f"{case}.png")
        pytest.fail(f"differs by up to {difference.max()}, {difference.mean():.3f} on average; see {tmp_path}")


def test_onnx_equals_pytorch(stylizer, source):
    photo = np.ascontiguousarray(data.astronaut()[100:300, 100:300])
    style = bank().style("starry-night")
    with torch.no_grad():
        pixels = torch.from_numpy(photo).permute(2, 0, 1)[None] / 255
        picture = source.model.stylize(pixels, torch.from_numpy(style.code.copy())[None])
        expected = (picture[0].clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    difference = np.abs(stylizer.stylize(photo, style) - expected)
    assert difference.max() <= 1


def test_alpha_goes_from_the_content_to_the_style(stylizer):
    photo = np.ascontiguousarray(data.astronaut()[:256, 100:356])
    pictures = [stylizer.stylize(photo, "scream", alpha) for alpha in np.linspace(0, 1, 11)]
    assert peak_signal_noise_ratio(photo, pictures[0]) > 18  # recognisable; 20 dB on average over photographs
    away = [np.abs(picture.astype(float) - photo).mean() for picture in pictures]
    assert away == sorted(away)
    steps = [np.abs(b.astype(float) - a).mean() for a, b in pairwise(pictures)]
    assert max(steps) < 3 * np.median(steps)  # nothing jumps


def test_alpha_0_adds_no_colour_to_grey(stylizer):
    grey = np.repeat(data.camera()[:256, :256, None], 3, axis=2)
    result = stylizer.stylize(grey, "scream", alpha=0.0).astype(float)
    assert np.abs(result - result.mean(axis=2, keepdims=True)).mean() < 4


def test_an_array_and_a_file_give_the_same(stylizer, tmp_path):
    photo = np.ascontiguousarray(data.astronaut()[:100, :80])
    Image.fromarray(photo).save(tmp_path / "photo.png")
    assert np.array_equal(
        np.asarray(stylizer.stylize(tmp_path / "photo.png", "udnie")), stylizer.stylize(photo, "udnie")
    )
