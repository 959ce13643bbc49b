"""What the losses see with."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from adain.errors import ModelError, OptionError
from adain.network.pretrained import load_encoder
from adain.network.scale import original_norms, restore_scale
from adain.network.vgg import Encoder
from adain.training.perception import SHIFT, Deeper, Perception, Seen, jitter


def conv(x, state, name):
    x = functional.pad(x, (1, 1, 1, 1), mode="reflect")
    return functional.relu(functional.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"]))


@torch.no_grad()
def test_deeper_layers_see_the_original_scale(tmp_path):
    torch.manual_seed(0)
    state = {key: 0.1 * torch.randn_like(value) for key, value in Deeper().state_dict().items()}
    save_file(state, tmp_path / "deep.safetensors")
    encoder, _ = load_encoder("vgg16")
    original, _ = load_encoder("vgg16")
    restore_scale(original, original_norms())
    pictures = [torch.rand(1, 3, 64, 96) for _ in range(2)]
    perceive = Perception(encoder)
    assert list(perceive(pictures[0])) == ["relu1_1", "relu2_1", "relu3_1", "relu4_1"]
    perceive.deepen(tmp_path / "deep.safetensors", pictures)
    wanted = []
    for picture in pictures:
        x = conv(conv(original(picture)[-1], state, "conv4_2"), state, "conv4_3")
        wanted.append(conv(functional.max_pool2d(x, 2), state, "conv5_1"))
    means = torch.stack([x.mean((0, 2, 3)) for x in wanted]).mean(0).view(1, -1, 1, 1)
    alive = (means > 1e-3 * means.mean()).flatten()
    assert alive.float().mean() > 0.3
    got = perceive(pictures[1])["relu5_1"]
    assert got.shape == (1, 512, 4, 6)
    torch.testing.assert_close(got[:, alive], (wanted[1] / means)[:, alive], rtol=1e-2, atol=1e-2)


def test_deeper_files_that_do_not_fit(tmp_path):
    save_file({"conv4_2.weight": torch.zeros(1)}, tmp_path / "deep.safetensors")
    with pytest.raises(ModelError, match="does not fit"):
        Perception(Encoder("vgg16")).deepen(tmp_path / "deep.safetensors", [])
    with pytest.raises(OptionError, match="VGG-16"):
        Perception(Encoder("vgg19")).deepen(tmp_path / "deep.safetensors", [])


def test_jitter_is_the_same_for_all_pictures_of_a_step():
    picture = torch.rand(1, 3, 64, 80)
    change, again, other = (jitter(np.random.default_rng(seed)) for seed in (1, 1, 2))
    changed = change(picture)
    torch.testing.assert_close(change(picture), changed)
    torch.testing.assert_close(again(picture), changed)
    assert other(picture).shape != changed.shape
    ratio = changed.shape[3] / changed.shape[2]
    assert ratio == pytest.approx((80 - SHIFT) / (64 - SHIFT), rel=0.03)
    assert changed.mean().item() == pytest.approx(picture.mean().item(), abs=0.02)


def test_features_are_computed_once():
    calls = []

    def perceive(picture):
        calls.append(picture.shape[2])
        return {"a": picture}

    seen = Seen(torch.rand(1, 3, 32, 32), perceive)
    assert seen.features is seen.features
    assert seen.coarse["a"].shape == (1, 3, 16, 16)
    assert calls == [32, 16]
