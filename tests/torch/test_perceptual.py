"""ST-LPIPS: its parts with known answers, and the whole against the package that it is from."""

from importlib import util

import numpy as np
import pytest
import torch
from checks import one_line, photo
from PIL import Image
from scipy import ndimage

from adain.errors import ModelError, how_to_install
from adain.evaluation import perceptual
from adain.evaluation.perceptual import Perceptual, find_weights


def test_blur_and_stride():
    x = torch.rand(1, 2, 8, 10)
    halved = perceptual._halve(x)[0].numpy()
    padded = np.pad(x[0].numpy(), ((0, 0), (2, 2), (2, 2)), mode="reflect")
    blurred = ndimage.convolve(padded, np.outer([1, 2, 1], [1, 2, 1])[None] / 16)
    np.testing.assert_allclose(halved, blurred[:, 1:-1:2, 1:-1:2], rtol=1e-5)


def test_a_layer_that_is_worked_out_by_hand(tmp_path, monkeypatch):
    """Two channels, red and minus red: features are (1, 0) where red is above the middle, (0, 1) below."""
    kernel = torch.zeros(2, 3, 11, 11)
    kernel[0, 0, 5, 5], kernel[1, 0, 5, 5] = 1, -1
    weights = {
        "scaling_layer.shift": torch.zeros(1, 3, 1, 1),
        "scaling_layer.scale": torch.ones(1, 3, 1, 1),
        "net.slice1.0.weight": kernel,
        "net.slice1.0.bias": torch.zeros(2),
        "lin0.model.1.weight": torch.tensor([0.25, 0.5]).view(1, 2, 1, 1),
    }
    torch.save(weights, tmp_path / "weights.pth")
    monkeypatch.setattr(perceptual, "LAYERS", (("slice1.0", 5),))
    distance = Perceptual(tmp_path / "weights.pth")
    white, black = (np.full((20, 30, 3), value, np.uint8) for value in (255, 0))
    assert distance(white, black) == pytest.approx(0.25 + 0.5)
    assert distance(white, white) == 0


@pytest.mark.skipif(util.find_spec("stlpips_pytorch") is None, reason="stlpips_pytorch is not installed")
def test_it_is_what_the_package_computes():
    distance = Perceptual(find_weights())
    one, other = (
        np.asarray(Image.fromarray(photo(name)).resize((256, 256), Image.Resampling.LANCZOS))
        for name in ("astronaut", "chelsea")
    )
    assert distance(one, other) == pytest.approx(0.648695, abs=1e-4)  # stlpips_pytorch 0.0.2, alex, shift_tolerant
    assert distance(one, one) == 0


def test_a_package_that_is_not_installed(run, monkeypatch):
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "stlpips_pytorch" else object())
    with pytest.raises(ModelError, match="stlpips_pytorch is missing"):
        find_weights()
    code, _, err = run("evaluate", "--content", "photos", "--style", "paintings", "--perceptual")
    assert code == 2
    assert how_to_install("perceptual") in one_line(err)
