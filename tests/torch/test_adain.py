"""Statistics, plain and weighted, and AdaIN."""

import pytest
import torch

from adain.network.adain import Given, Sums, adain, statistics


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
    new_mean, new_std = statistics(adain(content, statistics(content), (mean, std)))
    torch.testing.assert_close(new_mean, mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(new_std, std, rtol=1e-4, atol=1e-4)


def test_adain_with_its_own_statistics_is_the_identity():
    content = torch.randn(1, 4, 9, 7)
    torch.testing.assert_close(adain(content, statistics(content), statistics(content)), content)


def test_adain_of_a_flat_channel_is_the_style_mean():
    content = torch.full((1, 1, 4, 4), 7.0)
    out = adain(content, statistics(content), (torch.full((1, 1, 1, 1), 2.0), torch.ones(1, 1, 1, 1)))
    torch.testing.assert_close(out, torch.full_like(out, 2.0))


def test_weighted_statistics_leave_out_what_weighs_nothing():
    features, weight = torch.randn(2, 3, 4, 6), torch.ones(2, 16, 24)
    features[:, :, :, 4:], weight[:, :, 16:] = 1000.0, 0.0
    for got, expected in zip(statistics(features, 4, Sums(weight)), statistics(features[:, :, :, :4]), strict=True):
        torch.testing.assert_close(got, expected)


def test_a_position_weighs_as_much_as_its_pixels():
    weight = torch.zeros(1, 2, 4)
    weight[0, 0, :] = torch.tensor([1.0, 0.5, 0.25, 0.0])
    mean = Sums(weight)(torch.tensor([[[[10.0, 20.0]]]]), 2)
    assert mean.item() == pytest.approx((1.5 * 10 + 0.25 * 20) / 1.75)


def test_sums_of_parts_add_up():
    features, weight = torch.randn(1, 3, 8, 8), torch.rand(1, 16, 16)
    whole = Sums(weight)
    expected = statistics(features, 2, whole)
    parts = []
    for side in (slice(0, 4), slice(4, 8)):
        part = Sums(weight[:, 2 * side.start : 2 * side.stop])
        statistics(features[:, :, side], 2, part)
        parts.append(part.statistics)
    torch.testing.assert_close(sum(parts), whole.statistics)
    for got, wanted in zip(statistics(features, 2, Given(sum(parts), [1, 3, 3])), expected, strict=True):
        torch.testing.assert_close(got, wanted)


def test_statistics_of_nothing_are_numbers():
    mean, std = statistics(torch.randn(1, 3, 4, 4), 1, Sums(torch.zeros(1, 4, 4)))
    assert mean.abs().max() == 0
    assert torch.isfinite(std).all()


def test_a_narrow_channel_is_not_stretched_to_the_style():
    content = torch.tensor([[[[0.0, 0.02]], [[0.0, 2.0]], [[0.0, 0.02]]]])
    own = statistics(content)
    style = (torch.zeros(1, 3, 1, 1), torch.tensor([3.0, 3.0, 0.01]).view(1, 3, 1, 1))
    got = adain(content, own, style, 1.0, narrowest=0.5)
    spread = (got[..., 1] - got[..., 0]).flatten()
    # narrow: as if it were 0.5; wide: as the formula; narrow in the style too: as the formula
    expected = torch.tensor([0.02 * 3.0 / 0.5, 2.0 * 3.0 / float(own[1][0, 1]), 0.02 * 0.01 / float(own[1][0, 2])])
    torch.testing.assert_close(spread, expected)
    torch.testing.assert_close(adain(content, own, style, 0.0, narrowest=0.5), content, atol=1e-6, rtol=0)
