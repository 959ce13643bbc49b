"""The losses on inputs with known answers."""

import math

import pytest
import torch
from skimage.metrics import structural_similarity
from torch.nn import functional

from adain.network import adain
from adain.network.constants import constant
from adain.training import losses, moments
from adain.training.losses import (
    balanced_style_loss,
    content_loss,
    contrast_loss,
    distribution_loss,
    grid_loss,
    identity_features_loss,
    identity_loss,
    imitation_features_loss,
    imitation_loss,
    likeness_loss,
    overlap,
    palette_loss,
    shift_loss,
    structure_loss,
    style_loss,
)

NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


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


def test_balanced_style_loss_is_relative():
    """Means 1 and 3, no spread: (3 - 1)^2 over 3^2 + 1^2, and the same at ten times the size."""
    mine, theirs = torch.full((2, 4, 4, 4), 1.0), torch.full((2, 4, 6, 6), 3.0)
    for factor in (1, 10):
        loss = balanced_style_loss({"relu1_1": factor * mine}, {"relu1_1": factor * theirs})
        assert loss.item() == pytest.approx(4 / 10, rel=1e-4)
    both = balanced_style_loss({"a": mine, "b": 0 * mine}, {"a": mine, "b": theirs})
    assert both.item() == pytest.approx(1, rel=1e-3)  # its bound, for one layer


def test_pairs_count_alike_in_the_balanced_style_loss():
    mine, theirs = torch.ones(2, 1, 4, 4), torch.ones(2, 1, 4, 4)
    theirs[0] *= 3
    theirs[1] *= 1000
    loss = balanced_style_loss({"a": mine}, {"a": theirs})
    assert loss.item() == pytest.approx((0.4 + 999**2 / (1000**2 + 1)) / 2, rel=1e-4)


def test_distribution_loss_sees_what_mean_and_deviation_do_not():
    axes = {"a": torch.eye(1)}
    few, many = torch.full((1, 1, 2, 8), 0.0), torch.full((1, 1, 2, 8), -1.0)
    few[..., 0, 0], many[..., :4] = 15**0.5, 1.0  # a spike; half and half
    few = (few - few.mean()) / few.std(correction=0)
    assert style_loss({"a": few}, {"a": many}).item() == pytest.approx(0, abs=1e-6)
    sorted_few = few.flatten().sort().values
    expected = (sorted_few - torch.tensor([-1.0] * 8 + [1.0] * 8)).square().sum() / 32
    assert distribution_loss({"a": few}, {"a": many}, axes).item() == pytest.approx(expected.item(), rel=1e-4)
    assert expected > 0.3
    shuffled = many.flatten()[torch.randperm(16)].view_as(many)
    assert distribution_loss({"a": shuffled}, {"a": many}, axes).item() == 0


def test_distribution_loss_of_a_shift_along_a_direction():
    features, directions = torch.randn(2, 3, 4, 4), torch.tensor([[0.6, 0.8, 0.0]])
    moved = features + torch.tensor([3.0, 4.0, 9.0]).view(1, 3, 1, 1)  # by 5 along it
    projected = [torch.einsum("c,nchw->nhw", directions[0], x) for x in (features, moved)]
    size = sum(x.square().sum((1, 2)) for x in projected)
    expected = (25 * 16 / size).mean()
    got = distribution_loss({"a": features}, {"a": moved}, {"a": directions})
    assert got.item() == pytest.approx(expected.item(), rel=1e-4)


def test_palette_loss_of_a_shift_and_of_a_shuffle():
    style = torch.rand(2, 3, 8, 8)
    red, along = torch.tensor([[1.0, 0.0, 0.0]]), style[:, 0]
    spreads = [each.flatten(1).std(1, correction=0) + 0.03 for each in (along, functional.avg_pool2d(along, 4))]
    expected = sum((0.1 / spread).mean() for spread in spreads)
    assert palette_loss(style + 0.1, style, red).item() == pytest.approx(expected.item(), rel=1e-4)
    blocks = style.unflatten(2, (2, 4)).flip(2).flatten(2, 3)  # its halves exchanged: the same colours at both scales
    assert palette_loss(blocks, style, torch.randn(5, 3)).item() == pytest.approx(0, abs=1e-5)


def test_contrast_loss_of_differences_at_right_angles():
    """One position with eight neighbours whose differences are eight axes: only the right one is alike."""
    features = torch.zeros(1, 8, 3, 3)
    for axis, place in enumerate((0, 1, 2, 3, 5, 6, 7, 8)):
        features[0, axis].view(-1)[place] = 2.0
    anchors = {"a": torch.tensor([[1], [1]])}
    right = contrast_loss({"a": 3 * features + 1}, {"a": features}, anchors, temperature=0.5)
    assert right.item() == pytest.approx(math.log(1 + 7 * math.exp(-2)), rel=1e-5)
    turned = features.flip(1)
    wrong = contrast_loss({"a": turned}, {"a": features}, anchors, temperature=0.5)
    assert wrong.item() == pytest.approx(2 + math.log(1 + 7 * math.exp(-2)), rel=1e-5)


def test_likeness_loss_ignores_statistics():
    features = torch.randn(2, 3, 8, 8)
    assert likeness_loss(5 * features - 2, features).item() == pytest.approx(0, abs=1e-6)
    assert likeness_loss(-features, features).item() == pytest.approx(4, rel=1e-3)


def test_identity_features_loss_is_relative_by_layer():
    a, b = torch.full((2, 3, 4, 4), 1.0), torch.full((2, 3, 4, 4), 3.0)
    assert identity_features_loss({"a": a, "b": a}, {"a": b, "b": a}).item() == pytest.approx(4 / 10)


def test_overlap_shows_the_same():
    photograph = torch.rand(2, 3, 60, 70)
    one, other = overlap(photograph[..., :50, :60], photograph[..., 3:53, 7:67], 3, 7)
    assert one.shape == (2, 3, 50 - 3 - 16, 60 - 7 - 16)
    torch.testing.assert_close(one, other, atol=0, rtol=0)


def test_imitation_of_features_is_in_deviations_of_the_teachers_picture():
    taught = torch.tensor((1.0, -1.0)).repeat(50).reshape(1, 4, 5, 5)
    taught = {"relu1_1": taught, "relu2_1": 100 * taught}
    assert imitation_features_loss(taught, taught).item() == 0
    off = {layer: features * 1.5 for layer, features in taught.items()}
    assert imitation_features_loss(off, taught).item() == pytest.approx(2 * 0.5, rel=0.04)


def test_imitation_loss_sees_four_scales_and_slopes():
    flat = torch.full((1, 3, 16, 16), 0.25)
    assert imitation_loss(flat, flat + 0.5).item() == pytest.approx(4 * 0.5)
    columns = flat + torch.tensor([0.1, -0.1]).repeat(8)  # gone at every coarser scale
    assert imitation_loss(columns, flat).item() == pytest.approx(0.1 + 0.2, rel=1e-4)


def test_shift_loss_is_of_what_does_not_move_with_the_photograph():
    random = torch.Generator().manual_seed(0)
    painting = torch.rand(2, 3, 80, 96, generator=random)
    here, moved = painting[..., :64, :80], painting[..., 5:69, 3:83]
    assert shift_loss(here, moved, 5, 3).item() == 0
    border = moved.clone()
    border[..., :8, :] = border[..., -8:] = 0  # where another border is seen
    assert shift_loss(here, border, 5, 3).item() == 0
    grid = 0.1 * (torch.arange(80) % 16 < 8)  # stands still
    assert shift_loss(here + grid, moved + grid, 5, 3).item() > 0.1
    assert shift_loss(here + grid, painting[..., 5:69, 16:] + grid, 5, 16).item() == pytest.approx(0, abs=1e-6)


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


def test_grid_loss_is_the_sum_of_its_peaks():
    picture = torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(0), requires_grad=True)
    windows = torch.hann_window(64)[:, None] * torch.hann_window(64)
    grey = torch.einsum("nchw,c->nhw", picture, torch.tensor([0.299, 0.587, 0.114]))
    tiles = torch.stack([grey[:, y : y + 64, x : x + 64] for y in (0, 32) for x in (0, 32, 64)])
    waves = torch.fft.fft2((tiles - tiles.mean((-2, -1), keepdim=True)) * windows)
    power = (waves.abs().square() / windows.square().sum() + 1 / (12 * 255**2)).log().mean((0, 1))
    expected = torch.zeros(())
    for period in (2, 4, 8):
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            at, *beside = (
                power[down * each % 64, right * each % 64] for each in (64 // period + n for n in (0, -3, -2, 2, 3))
            )
            expected = expected + (at - sum(beside) / 4).relu()
    torch.testing.assert_close(grid_loss(picture), expected, rtol=1e-5, atol=1e-5)
    slopes = [torch.autograd.grad(each, picture)[0] for each in (grid_loss(picture), expected)]
    torch.testing.assert_close(*slopes, rtol=1e-4, atol=1e-5 * slopes[1].abs().max().item())


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_GPU])])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_statistics_without_a_copy_are_the_networks(dtype, layout, device):
    features = torch.randn(2, 5, 24, 17, generator=torch.Generator().manual_seed(0))
    features[0, 1] = 3.0 + 0.1 * features[0, 1]  # rather flat
    features[0, 2] = 0.7
    features = features.to(device, dtype).contiguous(memory_format=layout)

    def of(function):
        leaf = features.clone().requires_grad_()
        mean, std = function(leaf)
        (mean.square().sum() + (1 + std).log().sum()).backward()
        return mean, std, leaf.grad

    mine, theirs = of(moments.statistics), of(adain.statistics)
    assert mine[0].dtype == mine[1].dtype == torch.float32
    assert mine[2].is_contiguous(memory_format=layout)
    torch.testing.assert_close(mine[0], theirs[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(mine[1], theirs[1], rtol=1e-5, atol=1e-5 if device == "cpu" else 1e-4)
    largest = theirs[2].abs().max().item()
    torch.testing.assert_close(mine[2], theirs[2], rtol=0, atol=largest * (1e-2 if dtype == torch.bfloat16 else 1e-4))


def test_constants_outlive_inference_mode():
    for make in (losses._peaks, losses._window, lambda device: constant(((1.0, 2.0),), torch.zeros((), device=device))):
        with torch.inference_mode():
            made = make(torch.device("cpu"))
        assert not made.is_inference()
        assert make(torch.device("cpu")) is made
