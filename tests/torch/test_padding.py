"""Padding in channels last gives what PyTorch's gives."""

import copy

import pytest
import torch
from torch.nn.functional import pad

from adain.network import ARCHITECTURES
from adain.training.padding import Pad, keep_channels_last

NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.mark.parametrize(("mode", "inner"), [("reflect", 1), ("replicate", 0)])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_GPU])])
@pytest.mark.parametrize("size", [(2, 2), (2, 3), (3, 2), (5, 8)])
def test_values_and_gradients_are_pytorchs(mode, inner, size, device):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, *size, generator=random, dtype=torch.float64).to(device)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    mine, theirs = Pad.apply(x, inner), pad(x, (1,) * 4, mode)
    assert mine.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(mine, theirs)
    slope = torch.randn(theirs.shape, generator=random, dtype=torch.float64).to(device)
    kept = slope.clone()
    torch.testing.assert_close(*(torch.autograd.grad(each, x, slope)[0] for each in (mine, theirs)))
    assert torch.equal(slope, kept)


@pytest.mark.parametrize("arch", ["modulated", "fast"])
def test_a_network_computes_and_learns_the_same(arch):
    torch.manual_seed(0)
    network = ARCHITECTURES[arch].build("vgg16").to(memory_format=torch.channels_last)
    other = copy.deepcopy(network)
    keep_channels_last(other)
    assert network.state_dict().keys() == other.state_dict().keys()
    picture, code = torch.rand(1, 3, 32, 48), torch.randn(1, network.style_size)
    painted = [each(picture, code) for each in (network, other)]
    torch.testing.assert_close(*painted)
    for each in painted:
        each.square().mean().backward()
    for mine, theirs in zip(other.parameters(), network.parameters(), strict=True):
        if theirs.grad is None:  # of the encoder, which paints nothing in the small network
            assert mine.grad is None
            continue
        # where gradients of many positions cancel out, the order of the sums shows
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-3, atol=1e-3 * theirs.grad.abs().max().item())
