"""The networks: what holds for each kind, and what is special in some."""

import pytest
import torch
from networks import build, picture

from adain.network import ARCHITECTURES
from adain.network.adain import average, statistics
from adain.network.architecture import STRIDES
from adain.network.colour import colour_statistics
from adain.network.model import StyleTransfer


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def model(request) -> StyleTransfer:
    return build(ARCHITECTURES[request.param])


def test_shapes(model):
    architecture = model.architecture
    code = model.encode_style(torch.rand(2, 3, 24, 40))
    assert code.shape == (2, model.style_size)
    content = torch.rand(2, 3, 32, 48)
    sums = model.measure(content, code)
    assert sums.shape == (2, sum(length for _, length in architecture.statistics))
    assert sums.dtype == torch.float32
    assert sums[:, 0].tolist() == [32 * 48, 32 * 48]
    assert model.stylize(content, code).shape == (2, 3, 32, 48)
    side = architecture.smallest_side
    assert model.stylize(torch.rand(1, 3, side, side), code[:1]).shape == (1, 3, side, side)


@pytest.mark.parametrize(("batch", "codes"), [(1, 1), (2, 2), (3, 1)])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_paint_after_measure_is_stylize(model, batch, codes, alpha):
    content, code = picture(batch, 3, 48, 96), model.encode_style(picture(codes, 3, 32, 56, generator=1))
    expected = model.stylize(content, code, alpha)
    got = model.paint(content, code, alpha, model.measure(content, code, alpha))
    assert expected.std() > 0.01
    torch.testing.assert_close(got.clamp(0, 1), expected.clamp(0, 1), rtol=0, atol=0.5 / 255)


def test_what_weighs_nothing_does_not_count(model):
    """Another picture beside the content changes the statistics by no more than what its border shows of it."""
    content, code = picture(1, 3, 64, 240), model.encode_style(picture(1, 3, 64, 64, generator=1))
    other, weight = content.clone(), torch.ones(1, 64, 240)
    other[..., 160:] = picture(1, 3, 64, 80, generator=2)
    weight[..., 80:] = 0  # 80 px between what counts and what differs: more than VGG sees
    if model.architecture.parts_add_up:
        got, expected = (model.measure(each, code, 1.0, weight) for each in (other, content))
        torch.testing.assert_close(got, expected)
        assert expected[0, 0] == 64 * 80
    got, expected = (model.encode_style(each, weight) for each in (other, content))
    torch.testing.assert_close(got, expected)
    assert not torch.allclose(model.encode_style(other), model.encode_style(content), rtol=1e-3)


def parts(height: int, width: int, side: int, halo: int):
    """The parts of a picture, each with its halo: [(rows, columns, weight [1,h,w])]."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            rows = slice(max(0, top - halo), min(height, top + side + halo))
            columns = slice(max(0, left - halo), min(width, left + side + halo))
            weight = torch.zeros(1, height, width)
            weight[:, top : top + side, left : left + side] = 1
            yield rows, columns, weight[:, rows, columns]


def test_parts_with_halos_are_the_whole(model):
    architecture = model.architecture
    if not architecture.parts_add_up:
        pytest.skip("this kind takes statistics of what it has made itself")
    side = 2 * architecture.halo + 128  # so that no part sees the whole
    content, code = picture(1, 3, side, side), model.encode_style(picture(1, 3, 64, 64, generator=1))
    whole, sums = model.measure(content, code), 0
    picture_of_parts = torch.zeros_like(content)
    for rows, columns, weight in parts(side, side, side // 2, architecture.halo):
        sums = sums + model.measure(content[..., rows, columns], code, 1.0, weight)
    torch.testing.assert_close(sums, whole, rtol=1e-4, atol=1e-4 * float(whole.abs().mean()))
    for rows, columns, weight in parts(side, side, side // 2, architecture.halo):
        painted = model.paint(content[..., rows, columns], code, 1.0, sums)
        picture_of_parts[..., rows, columns] += painted * weight
    torch.testing.assert_close(picture_of_parts, model.stylize(content, code), rtol=0, atol=0.5 / 255)


def test_one_code_serves_a_batch(model):
    content, code = torch.rand(2, 3, 16, 32), model.encode_style(torch.rand(1, 3, 24, 24))
    torch.testing.assert_close(model.stylize(content, code), model.stylize(content, code.expand(2, -1)))


def test_a_code_is_means_then_spreads_by_layer(model):
    style = torch.rand(1, 3, 24, 24)
    code, at = model.encode_style(style)[0], 0
    expected = []
    for layer in model.architecture.layers:
        expected += colour_statistics(style) if layer == "colours" else statistics(*model.encoder(style, [layer]))
    for (_, length), part in zip(model.architecture.code, expected, strict=True):
        torch.testing.assert_close(code[at : at + length], part.flatten())
        at += length
    assert at == model.style_size


# --- the kinds of `layered` -------------------------------------------------------------------------------


def test_classic_decoder_is_the_encoder_mirrored():
    model = ARCHITECTURES["classic"].build("vgg19")
    shapes = [tuple(conv.weight.shape[:2]) for conv in model.decoder.children()]
    assert shapes == [tuple(reversed(conv.weight.shape[:2])) for _, conv in reversed(model.encoder.convolutions())]


@pytest.mark.parametrize("name", ["classic", "multi"])
def test_alpha_blends_in_feature_space(name):
    model = build(ARCHITECTURES[name])
    content, code = picture(1, 3, 16, 24), model.encode_style(picture(1, 3, 24, 24, generator=1))
    plain = model.encoder(content, model.encoded)
    half, full = (model.styled(content, code, alpha, average) for alpha in (0.5, 1.0))
    for layer, middle, styled, feature in zip(model.encoded, half, full, plain, strict=True):
        torch.testing.assert_close(middle, (styled + feature) / 2)
        assert feature.shape[2] * STRIDES[layer] == 16
    for same, feature in zip(model.styled(content, code, 0.0, average), plain, strict=True):
        torch.testing.assert_close(same, feature, rtol=1e-4, atol=1e-4)


class Vivid(torch.nn.Module):
    """Stands for a decoder that makes too much of colours."""

    def forward(self, features):
        return 2 * torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0)) - 0.5


def test_the_output_has_the_colours_of_the_style():
    model = build(ARCHITECTURES["multi"])
    model.decoder = Vivid()
    style, content = 0.25 + picture(1, 3, 24, 24) / 2, picture(1, 3, 48, 48, generator=1)
    wanted, own = colour_statistics(style), colour_statistics(content)
    half = [(one + other) / 2 for one, other in zip(wanted, own, strict=True)]
    code = model.encode_style(style)
    for alpha, expected in ((1.0, wanted), (0.5, half), (0.0, own)):
        got = colour_statistics(model.stylize(content, code, alpha))
        for mine, theirs in zip(got, expected, strict=True):
            torch.testing.assert_close(mine, theirs, atol=3e-3, rtol=0)  # the square root of EPSILON


def test_finishing_makes_up_for_what_is_cut_off():
    model = build(ARCHITECTURES["multi"])
    wanted = colour_statistics((3 * picture(1, 3, 24, 24, generator=1) - 1).clamp(0, 1))
    made = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0)) ** 3
    twice, once = model.finish(made, wanted, average), model.train().finish(made, wanted, average)
    errors = [(colour_statistics(x.clamp(0, 1))[1] - wanted[1]).abs().sum() for x in (once, twice)]
    assert 0 < errors[1] < 0.7 * errors[0]
