"""AdaIN, the decoder, and the network around them."""

import pytest
import torch

from adain.network import ARCHITECTURES
from adain.network.adain import (
    StyleTransfer,
    adain,
    colour_statistics,
    from_opponent_colours,
    opponent_colours,
    recolour,
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
    expected = model.finish(model.decoder(plain), model.colours(content, code, 0.0))
    torch.testing.assert_close(model.stylize(content, code, 0.0), expected, rtol=1e-4, atol=1e-4)
    half, full = model.styled_features(content, code, 0.5), model.styled_features(content, code, 1.0)
    for middle, styled, feature in zip(half, full, plain, strict=True):
        torch.testing.assert_close(middle, (styled + feature) / 2)


def test_a_code_is_means_then_deviations_by_layer(model):
    picture = torch.rand(1, 3, 24, 24)
    code, at = model.encode_style(picture)[0], 0
    parts = [*colour_statistics(picture)] if model.recolours else []
    parts += [part for feature in model.encoder(picture, model.encoded) for part in statistics(feature)]
    for part in parts:
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
    colours = torch.rand(7, 3, 1, 1)
    torch.testing.assert_close(from_opponent_colours(opponent_colours(colours)), colours)


def axes(picture):
    """RGB [1,3,H,W] in opponent colours, [3,H*W]."""
    return opponent_colours(picture[0].flatten(1).T[:, :, None, None])[:, :, 0, 0].T


def triangle(factor):
    """The six numbers of `colour_statistics` as a matrix."""
    matrix = torch.zeros(3, 3)
    matrix[tuple(torch.tril_indices(3, 3))] = factor.flatten()
    return matrix


def colourful(*size: int, generator: int = 0) -> torch.Tensor:
    """Channels that follow each other, as in pictures."""
    random = torch.Generator().manual_seed(generator)
    mix = torch.rand(3, 3, generator=random)
    return torch.einsum("ij,njhw->nihw", mix / mix.sum(1, keepdim=True), torch.rand(*size, generator=random))


def test_colour_statistics_are_the_mean_and_the_cholesky_factor():
    picture = colourful(1, 3, 20, 30)
    mean, factor = colour_statistics(picture)
    colours = axes(picture)
    torch.testing.assert_close(mean.flatten(), colours.mean(1))
    covariance = torch.cov(colours, correction=0)
    torch.testing.assert_close(
        triangle(factor) @ triangle(factor).T, covariance + 1e-5 * torch.eye(3), atol=1e-6, rtol=0
    )


def test_recolour_gives_the_style_its_colours():
    content, style = torch.rand(2, 3, 20, 30), colourful(2, 3, 17, 9)
    wanted = colour_statistics(style)
    for got, expected in zip(colour_statistics(recolour(content, *wanted)), wanted, strict=True):
        torch.testing.assert_close(got, expected, atol=3e-3, rtol=0)  # the square root of EPSILON


def test_recolour_after_itself_is_the_identity():
    for picture in (colourful(1, 3, 20, 30), torch.full((1, 3, 8, 8), 0.3), 0.5 + 0.004 * torch.randn(1, 3, 20, 20)):
        torch.testing.assert_close(recolour(picture, *colour_statistics(picture)), picture, atol=1e-6, rtol=0)


def test_recolour_keeps_the_order_of_brightness():
    content = colourful(1, 3, 20, 30)
    recoloured = recolour(content, *colour_statistics(colourful(1, 3, 20, 30, generator=1)))
    before, after = (axes(picture)[0] for picture in (content, recoloured))
    assert torch.corrcoef(torch.stack([before, after]))[0, 1] > 0.99999


def test_recolour_is_not_rounded_by_autocast():
    content, style = colourful(1, 3, 20, 30), colour_statistics(colourful(1, 3, 20, 30, generator=1))
    expected = recolour(content, *style)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(recolour(content, *style), expected)


def test_a_grey_style_takes_the_colour_out():
    grey = torch.rand(1, 1, 24, 24).expand(1, 3, 24, 24)
    recoloured = recolour(colourful(1, 3, 16, 16), *colour_statistics(grey))
    assert (recoloured.amax(1) - recoloured.amin(1)).max() < 0.02  # of the square root of EPSILON


def test_noise_in_an_almost_grey_picture_stays_small():
    content = torch.rand(1, 1, 32, 32) * torch.ones(1, 3, 1, 1) + 0.005 * torch.randn(1, 3, 32, 32)
    style = torch.rand(1, 3, 24, 24)  # full of colour
    noise = axes(recolour(content, *colour_statistics(style)))[2].std()
    assert noise < 10 * axes(content)[2].std()


class Vivid(torch.nn.Module):
    """Stands for a decoder that makes too much of colours."""

    def forward(self, features):
        return 2 * torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0)) - 0.5


def test_the_output_has_the_colours_of_the_style():
    model = StyleTransfer("vgg16", ARCHITECTURES["multi"]).eval()
    model.decoder = Vivid()
    style, content = colourful(1, 3, 24, 24), colourful(1, 3, 48, 48, generator=1)
    wanted, own = colour_statistics(style), colour_statistics(content)
    half = [(one + other) / 2 for one, other in zip(wanted, own, strict=True)]
    for alpha, expected in ((1.0, wanted), (0.5, half), (0.0, own)):
        got = colour_statistics(model(content, style, alpha))
        for mine, theirs in zip(got, expected, strict=True):
            torch.testing.assert_close(mine, theirs, atol=3e-3, rtol=0)  # the square root of EPSILON


def test_finishing_makes_up_for_what_is_cut_off():
    model = StyleTransfer("vgg16", ARCHITECTURES["multi"]).eval()
    content, style = colourful(1, 3, 24, 24), (3 * colourful(1, 3, 24, 24, generator=1) - 1).clamp(0, 1)
    colours = model.colours(content, model.encode_style(style))
    made = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0)) ** 3
    once, twice = model.recolour(made, colours), model.finish(made, colours)
    errors = [(colour_statistics(x.clamp(0, 1))[1] - colours[1]).abs().sum() for x in (once, twice)]
    assert 0 < errors[1] < 0.7 * errors[0]


def test_a_recoloured_picture_is_linear_in_alpha():
    model = StyleTransfer("vgg16", ARCHITECTURES["multi"]).eval()
    content, code = torch.rand(1, 3, 20, 30), model.encode_style(colourful(1, 3, 24, 24))
    none, half, full = (model.recolour(content, model.colours(content, code, alpha)) for alpha in (0.0, 0.5, 1.0))
    torch.testing.assert_close(none, content, atol=1e-5, rtol=0)
    torch.testing.assert_close(half, (content + full) / 2, atol=1e-5, rtol=0)
