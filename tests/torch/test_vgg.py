"""The encoder: folding and normalising change nothing but the scale of channels."""

import pytest
import torch
from torch.nn import functional

from adain.network.vgg import (
    CHANNELS,
    CONVS,
    LAYERS,
    Encoder,
    channels,
    fold_input,
    mean_activations,
    normalise,
)


def plain_vgg(encoder: Encoder, picture: torch.Tensor) -> dict[str, torch.Tensor]:
    """VGG written down a second time, straight from the paper's table, with reflection padding."""
    state, x, found = encoder.state_dict(), picture, {}
    for name in CONVS[encoder.name]:
        if name in ("2_1", "3_1", "4_1"):
            x = functional.max_pool2d(x, 2)
        x = functional.pad(x, (1, 1, 1, 1), mode="reflect")
        x = functional.relu(functional.conv2d(x, state[f"conv{name}.weight"], state[f"conv{name}.bias"]))
        found[f"relu{name}"] = x
    return found


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_layers_by_name(name):
    encoder, picture = Encoder(name), torch.rand(2, 3, 40, 24)
    expected = plain_vgg(encoder, picture)
    for layer, feature, stride in zip(LAYERS, encoder(picture), (1, 2, 4, 8), strict=True):
        assert feature.shape == (2, CHANNELS[layer], 40 // stride, 24 // stride)
        torch.testing.assert_close(feature, expected[layer])
    (only,) = encoder(picture, ["relu3_1"])
    torch.testing.assert_close(only, expected["relu3_1"])


def test_plan_counts_the_parameters_of_vgg16():
    assert sum((9 * before + 1) * after for _, before, after in channels("vgg16")) == 2_915_648


def test_fold_input_equals_the_original_convention():
    encoder = Encoder("vgg16")
    weight, bias = encoder.conv1_1.weight.detach().clone(), encoder.conv1_1.bias.detach().clone()
    mean, std = (103.939, 116.779, 123.68), (1.0, 2.0, 3.0)
    rgb = torch.rand(1, 3, 9, 11)
    original = (rgb.flip(1) * 255 - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)
    expected = functional.conv2d(functional.pad(original, (1, 1, 1, 1), mode="reflect"), weight, bias)
    fold_input(encoder, scale=255.0, mean=mean, std=std, bgr=True)
    got = encoder.conv1_1(rgb)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-3)


def test_normalise_only_scales_channels():
    torch.manual_seed(0)
    encoder = Encoder("vgg16").double()
    pictures = [torch.rand(1, 3, 32, 48, dtype=torch.float64), torch.rand(2, 3, 24, 24, dtype=torch.float64)]
    before = plain_vgg(encoder, pictures[0])
    means = mean_activations(encoder, pictures)
    normalise(encoder, means)
    after = plain_vgg(encoder, pictures[0])
    for layer in LAYERS:
        mean = means[layer.replace("relu", "conv")]
        alive = mean > 1e-3 * mean.mean()
        factor = torch.where(alive, mean, torch.ones_like(mean)).view(1, -1, 1, 1)
        torch.testing.assert_close(after[layer] * factor, before[layer])
        new = mean_activations(encoder, pictures)[layer.replace("relu", "conv")]
        torch.testing.assert_close(new[alive], torch.ones_like(new[alive]))
        assert alive.float().mean() > 0.3  # the test means something
