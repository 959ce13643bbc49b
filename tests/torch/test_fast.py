"""What is special in the small network."""

import pytest
import torch
from networks import build, picture
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from adain.network import ARCHITECTURES
from adain.network.colour import colour_statistics
from adain.network.fast import Enlarge, Pixels
from adain.network.model_file import codes_sha256


@pytest.fixture(scope="module")
def model():
    return build(ARCHITECTURES["fast"])


def test_alpha_0_is_the_content(model):
    content, code = picture(1, 3, 64, 80), model.encode_style(picture(1, 3, 64, 64, generator=1))
    torch.testing.assert_close(model.stylize(content, code, 0.0), content, atol=1e-5, rtol=0)


def test_what_it_keeps_is_the_content_in_the_colours_of_the_style():
    model = ARCHITECTURES["fast"].build().eval()
    torch.nn.init.zeros_(model.decoder.pixels.weight)  # it adds nothing
    content = picture(1, 3, 64, 64)
    code = model.encode_style(0.25 + picture(1, 3, 64, 64, generator=1) / 2)
    with torch.no_grad():
        painted = model.stylize(content, code)
    torch.testing.assert_close(colour_statistics(painted)[0], code[:, :3, None, None], atol=0.05, rtol=0)
    assert torch.corrcoef(torch.stack([content.mean(1).flatten(), painted.mean(1).flatten()]))[0, 1] > 0.95


def test_pixels_are_those_of_doubled_features():
    """The one convolution against what it stands for, edges included; and its folded form."""
    torch.manual_seed(0)
    pixels, features = Pixels(5), torch.randn(2, 5, 7, 9)
    torch.nn.init.normal_(pixels.bias)
    doubled = functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
    doubled = functional.pad(doubled, (1,) * 4, "replicate")
    expected = functional.pixel_shuffle(functional.conv2d(doubled, pixels.weight, pixels.bias), 2)
    torch.testing.assert_close(pixels(features), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(pixels.folded()(features), expected, atol=1e-5, rtol=0)


def test_enlarging_is_bilinear():
    torch.manual_seed(0)
    enlarge, features = Enlarge(5, 3), torch.randn(2, 5, 7, 1)
    plain = functional.conv2d(features, enlarge.weight, enlarge.bias)
    expected = functional.interpolate(plain, scale_factor=2.0, mode="bilinear", align_corners=False)
    torch.testing.assert_close(enlarge(features), expected, atol=1e-6, rtol=0)


def test_its_codes_are_those_of_the_large_network(model):
    large = ARCHITECTURES["modulated"].build().eval()
    assert codes_sha256(large) != codes_sha256(model)  # other random weights
    large.encoder.load_state_dict(model.encoder.state_dict())
    assert codes_sha256(large) == codes_sha256(model)
    painting = picture(1, 3, 64, 64)
    assert torch.equal(large.encode_style(painting), model.encode_style(painting))


def test_arithmetic_of_a_frame(model):
    content = torch.zeros(1, 3, 64, 64)
    with FlopCounterMode(display=False) as counter:
        model.stylize(content, torch.zeros(1, model.style_size))
    assert counter.get_total_flops() * 64 < 5e9  # of 512 x 512
