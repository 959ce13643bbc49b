"""Colours of pictures, and pictures given the colours of others."""

import pytest
import torch

from adain.colours import Colours, colour_sums
from adain.colours import recolour as running_recolour
from adain.network.adain import Sums
from adain.network.colour import (
    blend_colours,
    colour_statistics,
    from_opponent_colours,
    opponent_colours,
    recolour,
)


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


def to_colours_of(content, style):
    return recolour(content, colour_statistics(content), colour_statistics(style))


def test_colour_statistics_are_the_mean_and_the_cholesky_factor():
    picture = colourful(1, 3, 20, 30)
    mean, factor = colour_statistics(picture)
    colours = axes(picture)
    torch.testing.assert_close(mean.flatten(), colours.mean(1))
    covariance = torch.cov(colours, correction=0)
    torch.testing.assert_close(
        triangle(factor) @ triangle(factor).T, covariance + 1e-5 * torch.eye(3), atol=1e-6, rtol=0
    )


def test_colours_are_those_of_the_running_wing():
    picture = (colourful(1, 3, 20, 30) * 255).round()
    mean, factor = colour_statistics(picture / 255)
    pixels = picture[0].permute(1, 2, 0).byte().numpy()
    colours = Colours.of(colour_sums(pixels))
    assert mean.flatten().tolist() == pytest.approx(colours.mean.tolist(), abs=1e-5)
    torch.testing.assert_close(triangle(factor), torch.tensor(colours.factor).float(), atol=1e-5, rtol=0)
    wanted = Colours.of(colour_sums(pixels[:, :, ::-1] // 2))
    ours = running_recolour(pixels, colours, wanted)
    theirs = recolour(
        picture / 255, (mean, factor), colour_statistics(picture.flip(1).div(2, rounding_mode="floor") / 255)
    )
    assert abs((theirs[0].permute(1, 2, 0).numpy() * 255).clip(0, 255) - ours).max() < 0.6


def test_recolour_gives_the_style_its_colours():
    content, style = torch.rand(2, 3, 20, 30), colourful(2, 3, 17, 9)
    wanted = colour_statistics(style)
    for got, expected in zip(
        colour_statistics(recolour(content, colour_statistics(content), wanted)), wanted, strict=True
    ):
        torch.testing.assert_close(got, expected, atol=3e-3, rtol=0)  # the square root of EPSILON


def test_recolour_after_itself_is_the_identity():
    for picture in (colourful(1, 3, 20, 30), torch.full((1, 3, 8, 8), 0.3), 0.5 + 0.004 * torch.randn(1, 3, 20, 20)):
        torch.testing.assert_close(
            recolour(picture, colour_statistics(picture), colour_statistics(picture)), picture, atol=1e-6, rtol=0
        )


def test_recolour_keeps_the_order_of_brightness():
    content = colourful(1, 3, 20, 30)
    recoloured = to_colours_of(content, colourful(1, 3, 20, 30, generator=1))
    before, after = (axes(picture)[0] for picture in (content, recoloured))
    assert torch.corrcoef(torch.stack([before, after]))[0, 1] > 0.99999


def test_recolour_is_not_rounded_by_autocast():
    content, style = colourful(1, 3, 20, 30), colourful(1, 3, 20, 30, generator=1)
    expected = to_colours_of(content, style)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(to_colours_of(content, style), expected)


def test_a_grey_style_takes_the_colour_out():
    grey = torch.rand(1, 1, 24, 24).expand(1, 3, 24, 24)
    recoloured = to_colours_of(colourful(1, 3, 16, 16), grey)
    assert (recoloured.amax(1) - recoloured.amin(1)).max() < 0.02  # of the square root of EPSILON


def test_noise_in_an_almost_grey_picture_stays_small():
    content = torch.rand(1, 1, 32, 32) * torch.ones(1, 3, 1, 1) + 0.005 * torch.randn(1, 3, 32, 32)
    style = torch.rand(1, 3, 24, 24)  # full of colour
    noise = axes(to_colours_of(content, style))[2].std()
    assert noise < 10 * axes(content)[2].std()


def test_a_recoloured_picture_is_linear_in_alpha():
    content = torch.rand(1, 3, 20, 30)
    own, style = colour_statistics(content), colour_statistics(colourful(1, 3, 24, 24))
    none, half, full = (recolour(content, own, blend_colours(own, style, alpha)) for alpha in (0.0, 0.5, 1.0))
    torch.testing.assert_close(none, content, atol=1e-5, rtol=0)
    torch.testing.assert_close(half, (content + full) / 2, atol=1e-5, rtol=0)


def test_weights_choose_the_colours_that_count():
    picture, weight = colourful(1, 3, 16, 16), torch.ones(1, 16, 16)
    expected = colour_statistics(picture[:, :, :, :10])
    picture[:, :, :, 10:], weight[:, :, 10:] = 0.9, 0.0
    for got, wanted in zip(colour_statistics(picture, Sums(weight)), expected, strict=True):
        torch.testing.assert_close(got, wanted)
