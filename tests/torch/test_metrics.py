"""The metrics: known answers, and the losses written down a second time in numpy."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from safetensors.torch import save_file

from adain.errors import DeviceError, ModelError
from adain.evaluation import metrics
from adain.evaluation.vgg import load_vgg, torch_device
from adain.network import ARCHITECTURES
from adain.network.adain import statistics
from adain.network.model_file import save_model
from adain.network.scale import filter_norms, original_norms, restore_scale
from adain.network.vgg import Encoder, mean_activations, normalise


def photo(seed: int, size: int = 256, contrast: float = 0.15) -> metrics.Grey:
    """Noise with the spectrum of natural pictures (amplitude 1/f), about 0..1, float32 [size,size]."""
    white = np.fft.rfft2(np.random.default_rng(seed).standard_normal((size, size)))
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    pink = np.fft.irfft2(white / np.maximum(frequency, 1 / size), (size, size))
    return np.clip(0.5 + contrast * (pink - pink.mean()) / pink.std(), 0, 1).astype(np.float32)


def waves(period: int, size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Cosines along y [size,1] and along x [1,size]."""
    wave = np.cos(2 * np.pi * np.arange(size) / period).astype(np.float32)
    return wave[:, None], wave[None]


# --- losses ---------------------------------------------------------------------------------------------


def numpy_statistics(feature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flat = feature.reshape(feature.shape[1], -1).astype(np.float64)
    return flat.mean(1), np.sqrt(flat.var(1) + 1e-5)


def test_content_terms():
    output, content = (torch.rand(1, 512, 6, 5) * 300 for _ in range(2))
    got = metrics.content_terms(output, content, statistics(output), statistics(content))
    a, b = (x.numpy().reshape(512, -1).astype(np.float64) for x in (output, content))
    (mean_a, std_a), (mean_b, std_b) = numpy_statistics(output.numpy()), numpy_statistics(content.numpy())
    distance = (a - mean_a[:, None]) / std_a[:, None] - (b - mean_b[:, None]) / std_b[:, None]
    assert_allclose(got["content_in"], (distance**2).mean(), rtol=1e-5)
    assert_allclose(got["content_n"], ((a - b) ** 2).mean() / 127.9**2, rtol=1e-5)


def test_content_in_is_blind_to_the_statistics_of_channels():
    content = torch.rand(1, 512, 6, 5) * 100
    output = content * (1 + torch.rand(1, 512, 1, 1)) + torch.rand(1, 512, 1, 1)
    terms = metrics.content_terms(output, content, statistics(output), statistics(content))
    assert terms["content_in"] < 1e-6 < terms["content_n"]


def test_frechet_of_known_distributions():
    def normal(mean, covariance):
        return torch.tensor(mean).double(), torch.tensor(covariance).double()

    one = normal([0.0, 0.0], [[4.0, 0.0], [0.0, 9.0]])
    other = normal([3.0, 4.0], [[1.0, 0.0], [0.0, 16.0]])
    assert metrics.frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert metrics.frechet(one, other) == pytest.approx(25 + (2 - 1) ** 2 + (3 - 4) ** 2)
    turned = normal([0.0, 0.0], [[1.0, 0.9], [0.9, 1.0]])  # the same means and deviations; what goes together differs
    assert metrics.frechet(turned, normal([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])) == pytest.approx(
        2 + 2 - 2 * (np.sqrt(1.9) + np.sqrt(0.1))
    )


def test_gaussian_is_that_of_all_places():
    feature = torch.rand(1, 5, 7, 9) * 300
    mean, covariance = metrics.gaussian(feature)
    flat = feature.numpy()[0].reshape(5, -1).astype(np.float64) / 252.5
    assert_allclose(mean, flat.mean(1))
    assert_allclose(covariance, np.cov(flat))


def test_style_terms():
    output, style = ([torch.rand(1, channels, 5, 7) * 200 for channels in (64, 128, 256, 512)] for _ in range(2))
    got = metrics.style_terms([statistics(x) for x in output], [statistics(x) for x in style])
    for layer, scale in enumerate((23.65, 192.3, 252.5, 127.9)):
        mine, its = numpy_statistics(output[layer].numpy()), numpy_statistics(style[layer].numpy())
        expected = sum(((a - b) ** 2).mean() for a, b in zip(mine, its, strict=True)) / scale**2
        assert_allclose(got[f"style_n_{layer + 1}"], expected, rtol=1e-5)
    assert_allclose(got["style_n"], sum(got[f"style_n_{layer}"] for layer in (1, 2, 3, 4)))


def test_embedding_match():
    mean, output = np.array([5.0, 5.0]), np.array([6.0, 5.0])
    for style, cosine in (([8, 5], 1), ([6, 6], 0.5**0.5), ([3, 5], -1)):
        assert_allclose(metrics.embedding_match(output, np.array(style), mean), cosine)


# --- structure ------------------------------------------------------------------------------------------


def test_luminance():
    picture = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [51, 51, 51]]], np.uint8)
    assert_allclose(metrics.luminance(picture), [[0.299, 0.587, 0.114, 0.2]], rtol=1e-6)
    assert metrics.luminance(picture).dtype == np.float32


def test_structure():
    content = photo(0)
    assert_allclose(list(metrics.structure(content, content).values()), 1)
    brighter = metrics.structure(content * 0.5 + 0.3, content)
    assert_allclose(brighter["edge_corr"], 1, atol=1e-5)
    assert 0.5 < brighter["ssim"] < 0.95
    other = metrics.structure(photo(1), content)
    assert abs(other["edge_corr"]) < 0.1
    assert other["ssim"] < 0.2
    assert metrics.structure(np.full_like(content, 0.5), content)["edge_corr"] == 0
    negative = metrics.structure(1 - content, content)
    assert negative["ssim"] < 0 < 0.99 < negative["edge_ssim"]


# --- artefacts ------------------------------------------------------------------------------------------


def test_clean_pictures_have_no_artefacts():
    content, flat = photo(0), np.full((256, 256), 0.4, np.float32)
    for same in (content, flat):
        assert_allclose([metrics.border(same, same), *metrics.grid(same, same).values()], 1)
    for seed in range(1, 6):  # other pictures, with another contrast
        output = photo(seed, contrast=0.05 * seed)
        assert_allclose(list(metrics.grid(output, content).values()), 1, atol=0.3)
        assert_allclose(metrics.border(output, content), 1, atol=0.15)


@pytest.mark.parametrize("period", metrics.GRID_PERIODS)
@pytest.mark.parametrize("kind", ["stripes", "sum", "checkerboard"])
def test_faint_grids_are_found_at_their_period_only(period, kind):
    content, (y, x) = photo(0), waves(period)
    wave = {"stripes": x + 0 * y, "sum": x + y, "checkerboard": x * y}[kind]
    scores = metrics.grid(photo(1) + wave * (1.5 * period / 255), content)
    assert scores.pop(f"grid_{period}") > 2
    assert_allclose(list(scores.values()), 1, atol=0.3)


def test_the_grid_score_is_the_energy():
    flat, (y, x) = np.full((256, 256), 0.5, np.float32), waves(4)
    # On flat ground the reference is rounding noise, 1 / (12 * 255^2); a cosine of amplitude a along x has
    # a^2 / 4 * (sum w)^2 / sum w^2 = a^2 / 4 * 1024^2 / 576 in its bin, and one direction of four has it.
    amplitude = 0.01
    expected = (1 + amplitude**2 / 4 * 1024**2 / 576 * 12 * 255**2 + 3) / 4
    assert_allclose(metrics.grid(flat + amplitude * x + 0 * y, flat)["grid_4"], expected, rtol=1e-3)


def test_a_grid_of_the_content_is_no_artefact():
    (y, x) = waves(8)
    content = photo(0) + (x + y) * 0.1
    assert_allclose(metrics.grid(content, content)["grid_8"], 1)
    assert metrics.grid(photo(1), content)["grid_8"] < 0.6  # removed, from two of the four directions


def test_sharp_lines_show_at_their_harmonics_too():
    lined = photo(1)
    lined[::8] += 0.15
    assert all(score > 2 for score in metrics.grid(lined, photo(0)).values())


def test_border():
    content, output = photo(0), photo(0)
    output[:3], output[-3:], output[:, :3], output[:, -3:] = 0, 0, 0, 0  # a black frame
    assert metrics.border(output, content) > 1.5
    faded = np.full_like(content, 0.5)
    faded[8:-8, 8:-8] = photo(0)[8:-8, 8:-8] * 0.1 + 0.45
    assert metrics.border(faded, content) < 0.8
    strong = photo(0)
    strong[16:-16, 16:-16] = 0.5 + 2 * (strong[16:-16, 16:-16] - 0.5)
    assert metrics.border(strong, strong) == 1


def test_chroma():
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    assert metrics.chroma(grey) < 0.01
    red = np.full((8, 8, 3), (255, 0, 0), np.uint8)  # L*a*b* 53.24, 80.09, 67.20
    assert_allclose(metrics.chroma(red), np.hypot(80.09, 67.20), atol=0.05)
    red[:4] = 99
    assert_allclose(metrics.chroma(red), np.hypot(80.09, 67.20) / 2, atol=0.05)


# --- the network ----------------------------------------------------------------------------------------


def test_the_scale_of_a_normalised_encoder_is_restored():
    encoder, picture = Encoder("vgg16"), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        expected, norms = encoder(picture), filter_norms(encoder)
        normalise(encoder, mean_activations(encoder, [picture]))
        assert not torch.allclose(encoder(picture)[3], expected[3])
        restore_scale(encoder, norms)
        for restored, feature in zip(encoder(picture), expected, strict=True):
            torch.testing.assert_close(restored, feature)


def test_the_shipped_encoder_becomes_the_original():
    """Against the values that the Caffe weights are known by (BGR, 0..255)."""
    assert original_norms().shape == (1664,)
    encoder = load_vgg(None, "cpu")
    weight = encoder.get_submodule("conv1_1").weight[0, 2, 0].numpy() / 255
    assert_allclose(weight, [0.42947057, 0.373467, -0.06136011], rtol=0.01)
    assert_allclose(filter_norms(encoder), original_norms(), rtol=1e-5)


def test_original_weights_from_a_file(tmp_path):
    encoder = Encoder("vgg16")
    save_file(encoder.state_dict(), tmp_path / "vgg.safetensors")
    loaded = load_vgg(tmp_path / "vgg.safetensors", "cpu")
    rgb = torch.rand(1, 3, 16, 16)
    caffe = rgb.flip(1) * 255 - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
    with torch.no_grad():
        for got, expected in zip(loaded(rgb), encoder(caffe), strict=True):
            torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-3)


def test_other_networks_are_refused(tmp_path, monkeypatch):
    save_file(Encoder("vgg19").state_dict(), tmp_path / "vgg19.safetensors")
    save_model(tmp_path / "model.safetensors", ARCHITECTURES["classic"].build(), name="m", training={})
    for name in ("vgg19", "model"):
        with pytest.raises(ModelError, match="is not the original VGG-16; expected its Caffe weights"):
            load_vgg(tmp_path / f"{name}.safetensors")
    with pytest.raises(ModelError, match="does not exist"):
        load_vgg(tmp_path / "absent.safetensors")
    save_file(Encoder("vgg16").state_dict(), tmp_path / "vgg.safetensors")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceError, match="torch finds no GPU"):
        torch_device("tensorrt")
