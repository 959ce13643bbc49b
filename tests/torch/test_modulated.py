"""What is special in the network whose decoder knows the style."""

import pytest
import torch
from networks import build, picture
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from adain.network import ARCHITECTURES
from adain.network.colour import colour_statistics
from adain.network.modulation import FURTHEST, Modulation


@pytest.fixture(scope="module")
def model():
    return build(ARCHITECTURES["modulated"])


def test_before_training_it_paints_a_soft_picture_in_the_colours_of_the_style():
    model = ARCHITECTURES["modulated"].build().eval()
    flat = functional.interpolate(picture(1, 3, 8, 8), scale_factor=8.0, mode="nearest")
    code = model.encode_style(0.25 + picture(1, 3, 64, 64, generator=1) / 2)
    with torch.no_grad():
        same, painted = model.stylize(flat, code, 0.0), model.stylize(flat, code, 1.0)
    soft = functional.interpolate(functional.avg_pool2d(flat, 4), scale_factor=4.0, mode="bilinear")
    torch.testing.assert_close(same, soft, atol=1e-4, rtol=0)
    torch.testing.assert_close(colour_statistics(painted)[0], code[:, :3, None, None], atol=1e-3, rtol=0)


def test_modulation_hears_no_more_than_three_deviations():
    torch.manual_seed(0)
    modulation = Modulation(5, [2, 3])
    torch.nn.init.normal_(modulation.last.weight)
    codes = torch.randn(100, 5)
    modulation.learn_codes(codes)
    mean, deviation = codes.mean(0), codes.std(0, correction=0) + 1e-4
    far, further = (list(modulation((mean + times * deviation)[None])) for times in (FURTHEST, 10))
    assert [tuple(scale.shape) for scale, _ in far] == [(1, 2, 1, 1), (1, 3, 1, 1)]
    for mine, theirs in zip(far, further, strict=True):
        torch.testing.assert_close(mine, theirs)
    assert not torch.equal(far[0][1], next(modulation(mean[None]))[1])


def test_arithmetic_of_a_frame(model):
    content = torch.zeros(1, 3, 64, 64)
    with FlopCounterMode(display=False) as counter:
        model.stylize(content, torch.zeros(1, model.style_size))
    assert 0.13e12 < counter.get_total_flops() * 64 < 0.15e12  # of 512 x 512
