"""AdaIN, the decoder, and the network around them."""

import pytest
import torch

from adain.network import ARCHITECTURES
from adain.network.adain import (
    StyleTransfer,
    adain,
    from_opponent_colours,
    opponent_colours,
    statistics,
)


@pytest.fixture(params=list(ARCHITECTURES))
def model(request) -> StyleTransfer:
    torch.manual_seed(0)
    return StyleTransfer("vgg16", ARCHITECTURES[request.param]).eval()


def test_statistics_of_known_values():
    x = torch.tensor([[[[1.0, 3.0], [1.0, 3.0]], [[5.0, 5.0], [5.0, 5.0]]]])
    mean, std = statistics(x)
    assert mean.flatten().tolist() == [2.0, 5.0]
    assert std.flatten().tolist() == pytest.approx([(1 + 1e-5) ** 0.5, 1e-5**0.5])


def test_statistics_are_float32_of_half():
    # 300 squared is over the largest float16
    mean, std = statistics(torch.tensor([[[[-300.0, 300.0]]]], dtype=torch.float16))
    assert mean.dtype == std.dtype == torch.float32
    assert std.item() == pytest.approx(300.0)


def test_adain_gives_the_style_its_statistics():
    content, style = torch.randn(2, 4, 9, 7) * 3 + 1, torch.randn(2, 4, 5, 8) * 0.5 - 2
    mean, std = statistics(style)
    new_mean, new_std = statistics(adain(content, mean, std))
    torch.testing.assert_close(new_mean, mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(new_std, std, rtol=1e-4, atol=1e-4)


def test_adain_with_its_own_statistics_is_the_identity():
    content = torch.randn(1, 4, 9, 7)
    torch.testing.assert_close(adain(content, *statistics(content)), content)


def test_adain_of_a_flat_channel_is_the_style_mean():
    out = adain(torch.full((1, 1, 4, 4), 7.0), torch.full((1, 1, 1, 1), 2.0), torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(out, torch.full_like(out, 2.0))


def test_shapes(model):
    code = model.encode_style(torch.rand(2, 3, 24, 40))
    assert code.shape == (2, model.style_size)
    assert model.stylize(torch.rand(2, 3, 32, 48), code).shape == (2, 3, 32, 48)
    assert model(torch.rand(1, 3, 32, 48), torch.rand(1, 3, 16, 16)).shape == (1, 3, 32, 48)


def test_one_code_serves_a_batch(model):
    content, code = torch.rand(2, 3, 16, 24), model.encode_style(torch.rand(1, 3, 24, 24))
    torch.testing.assert_close(model.stylize(content, code), model.stylize(content, code.expand(2, -1)))


def test_alpha_blends_in_feature_space(model):
    content, code = torch.rand(1, 3, 16, 24), model.encode_style(torch.rand(1, 3, 24, 24))
    plain = model.encoder(content, model.encoded)
    torch.testing.assert_close(model.stylize(content, code, 0.0), model.decoder(plain), rtol=1e-4, atol=1e-5)
    if model.recolours:
        return  # then it blends in the picture first
    half, full = model.styled_features(content, code, 0.5), model.styled_features(content, code, 1.0)
    for middle, styled, feature in zip(half, full, plain, strict=True):
        torch.testing.assert_close(middle, (styled + feature) / 2)


def test_a_code_is_means_then_deviations_by_layer(model):
    picture = torch.rand(1, 3, 24, 24)
    code, at = model.encode_style(picture)[0], 0
    colours = [opponent_colours(picture)] if model.recolours else []
    for feature in [*colours, *model.encoder(picture, model.encoded)]:
        for part in statistics(feature):
            torch.testing.assert_close(code[at : at + part.numel()], part.flatten())
            at += part.numel()
    assert at == model.style_size


def test_classic_decoder_is_the_encoder_mirrored():
    model = StyleTransfer("vgg19", ARCHITECTURES["classic"])
    shapes = [tuple(conv.weight.shape[:2]) for conv in model.decoder.children()]
    assert shapes == [tuple(reversed(conv.weight.shape[:2])) for _, conv in reversed(model.encoder.convolutions())]


def test_opponent_colours_of_known_colours():
    def of(*rgb):
        return opponent_colours(torch.tensor(rgb).view(1, 3, 1, 1)).flatten().tolist()

    assert of(0.5, 0.5, 0.5) == pytest.approx([0.5 * 3**0.5, 0, 0], abs=1e-6)  # grey has no colour
    assert of(1.0, 0.0, 0.0) == pytest.approx([3**-0.5, 2**-0.5, -(6**-0.5)], abs=1e-6)
    picture = torch.rand(1, 3, 5, 7)
    torch.testing.assert_close(from_opponent_colours(opponent_colours(picture)), picture)


def test_a_grey_style_takes_the_colour_out():
    model = StyleTransfer("vgg16", ARCHITECTURES["multi"])
    seen = {}
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.update(picture=inputs[0]))
    grey = torch.rand(1, 1, 24, 24).expand(1, 3, 24, 24)
    code = model.encode_style(grey)
    model.stylize(torch.rand(1, 3, 16, 16), code)
    spread = seen["picture"].amax(1) - seen["picture"].amin(1)
    assert spread.max() < 0.02  # of the square root of epsilon


def test_noise_in_an_almost_grey_picture_stays_small():
    model = StyleTransfer("vgg16", ARCHITECTURES["multi"])
    seen = {}
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.update(picture=inputs[0]))
    content = torch.rand(1, 1, 32, 32) * torch.ones(1, 3, 1, 1) + 0.005 * torch.randn(1, 3, 32, 32)
    model.stylize(content, model.encode_style(torch.rand(1, 3, 24, 24)))  # full of colour
    recoloured = opponent_colours(seen["picture"])[:, 1:]
    assert recoloured.std() < 10 * opponent_colours(content)[:, 1:].std()
