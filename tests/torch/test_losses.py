"""The losses on inputs with known answers."""

import pytest
import torch
from skimage.metrics import structural_similarity

from adain.training.losses import content_loss, grid_loss, identity_loss, structure_loss, style_loss


def test_content_loss_is_the_mean_square():
    assert content_loss(torch.full((2, 3, 4, 4), 3.0), torch.ones(2, 3, 4, 4)).item() == 4.0


def test_style_loss_sums_mean_and_deviation_over_layers():
    # Layer 1: means 1 and 3, no spread. Layer 2: means 0 and 0, deviations 2 and 1.
    flat = (torch.full((1, 2, 4, 4), 1.0), torch.full((1, 2, 6, 6), 3.0))
    signs = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).expand(1, 5, 2, 2)
    loss = style_loss({"relu1_1": flat[0], "relu2_1": 2 * signs}, {"relu1_1": flat[1], "relu2_1": signs})
    assert loss.item() == pytest.approx(4.0 + 1.0, rel=1e-4)


def test_style_loss_ignores_position():
    feature = torch.randn(1, 4, 6, 6)
    shuffled = feature.flatten(2)[:, :, torch.randperm(36)].view_as(feature)
    assert style_loss({"relu1_1": feature}, {"relu1_1": shuffled}).item() == pytest.approx(0, abs=1e-10)


def test_identity_loss():
    assert identity_loss(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5)).item() == 0.25


def test_structure_loss_is_one_minus_ssim():
    random = torch.Generator().manual_seed(0)
    content = torch.rand(2, 3, 24, 33, generator=random)
    output = (content + 0.3 * torch.rand(2, 3, 24, 33, generator=random)).clamp(0, 1)
    luminances = [
        (torch.einsum("nchw,c->nhw", x, torch.tensor([0.299, 0.587, 0.114]))).numpy() for x in (output, content)
    ]
    similarity = [
        structural_similarity(a, b, data_range=1.0, use_sample_covariance=False)
        for a, b in zip(*luminances, strict=True)
    ]
    assert structure_loss(output, content).item() == pytest.approx(1 - sum(similarity) / 2, abs=1e-5)
    assert structure_loss(content, content).item() == pytest.approx(0, abs=1e-6)


def test_grid_loss_sees_grids_and_nothing_else():
    noise = torch.rand(4, 1, 160, 160, generator=torch.Generator().manual_seed(0)).expand(-1, 3, -1, -1)
    x, flat = torch.arange(160), torch.full((1, 3, 160, 160), 0.5)
    assert grid_loss(flat).item() == pytest.approx(0, abs=1e-3)
    plain = grid_loss(noise).item()
    assert plain < 0.6
    for period in (2, 4, 8):
        wave = 0.01 * torch.cos(2 * torch.pi * x / period + 0.3)
        assert grid_loss(flat + wave) > 5
        assert grid_loss(flat + wave[:, None]) > 5
        assert grid_loss(noise + 5 * wave) > plain + 1
    assert grid_loss(noise + 0.05 * torch.cos(2 * torch.pi * x / 5)) < plain + 0.2  # a texture of its own
