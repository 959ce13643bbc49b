"""The losses on inputs with known answers."""

import pytest
import torch

from adain.training.losses import content_loss, identity_loss, style_loss


def test_content_loss_is_the_mean_square():
    assert content_loss(torch.full((2, 3, 4, 4), 3.0), torch.ones(2, 3, 4, 4)).item() == 4.0


def test_style_loss_sums_mean_and_deviation_over_layers():
    # Layer 1: means 1 and 3, no spread. Layer 2: means 0 and 0, deviations 2 and 1.
    flat = (torch.full((1, 2, 4, 4), 1.0), torch.full((1, 2, 6, 6), 3.0))
    signs = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).expand(1, 5, 2, 2)
    loss = style_loss([flat[0], 2 * signs], [flat[1], signs])
    assert loss.item() == pytest.approx(4.0 + 1.0, rel=1e-4)


def test_style_loss_ignores_position():
    feature = torch.randn(1, 4, 6, 6)
    shuffled = feature.flatten(2)[:, :, torch.randperm(36)].view_as(feature)
    assert style_loss([feature], [shuffled]).item() == pytest.approx(0, abs=1e-10)


def test_identity_loss():
    assert identity_loss(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5)).item() == 0.25
