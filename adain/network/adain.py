"""Adaptive instance normalisation, and the network around it (Huang and Belongie, arXiv 1703.06868)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .decoder import Decoder
from .vgg import CHANNELS, Encoder

EPSILON = 1e-5
# A photograph that is almost grey has noise for colours, and a flat one has noise for everything: stretching
# that to the style's spread would make blotches of it.
NARROWEST = 0.05  # no colour axis is stretched as if the content's deviation along it were less than this


# Brightness, red against blue, green against both: the axes of Ohta, Kanade and Sakai, "Color information for
# region segmentation" (1980), orthonormal.
OPPONENT_AXES = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (2**-0.5, 0.0, -(2**-0.5)),
    (-(6**-0.5), 2 * 6**-0.5, -(6**-0.5)),
)
Matrix = Sequence[Sequence[float]]
Colours = tuple[Tensor, Tensor]  # `colour_statistics`

_LOWER = [(row, column) for row in range(3) for column in range(row + 1)]
# The covariances of the opponent colours (_LOWER) from those of RGB: rr, gg, bb, rg, gb, br.
_RGB_TO_COVARIANCE: Matrix = [
    [p[i] * q[i] for i in range(3)] + [p[i] * q[j] + p[j] * q[i] for i, j in ((0, 1), (1, 2), (2, 0))]
    for p, q in ((OPPONENT_AXES[row], OPPONENT_AXES[column]) for row, column in _LOWER)
]
# The matrix on RGB, column by column, from a lower triangle (_LOWER) on opponent colours.
_TRIANGLE_TO_RGB: Matrix = [
    [OPPONENT_AXES[row][out] * OPPONENT_AXES[column][into] for row, column in _LOWER]
    for into in range(3)
    for out in range(3)
]


def statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per picture and channel, in float32.

    Biased variance as a mean of squares with kept dimensions: every ONNX runtime that we know takes it.

    Args:
        features: [N,C,H,W], any float type.

    Returns:
        mean [N,C,1,1] and sqrt(variance + EPSILON) [N,C,1,1].
    """
    mean, centred = _centred(features.float())
    variance = (centred * centred).mean((2, 3), keepdim=True)
    return mean, (variance + EPSILON).sqrt()


def adain(content: Tensor, style_mean: Tensor, style_std: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
    """Give content features the style's statistics: equation 8 of the paper, blended as in its equation 14.

    Args:
        content: [N,C,H,W].
        style_mean, style_std: [N or 1,C,1,1], from `statistics` of the style's features.
        alpha: 0 keeps the content, 1 is full style; a number or a tensor that broadcasts to [N,1,1,1].

    Returns:
        std * (x - mean_c) / std_c + mean, [N,C,H,W], in the type of `content`, where mean and std lie between the
        content's own and the style's. This equals the blend of the features, since they are linear in both.
    """
    mean, std = statistics(content)
    # One factor and one summand a channel: two passes over the features where the formula as it stands takes six.
    scale = _blend(std, style_std, alpha) / std
    shift = _blend(mean, style_mean, alpha) - mean * scale
    return (content.float() * scale + shift).to(content.dtype)


def opponent_colours(colours: Tensor) -> Tensor:
    """Colours, RGB [N,3,1,1], to their amounts of the OPPONENT_AXES, [N,3,1,1]."""
    return _linear(OPPONENT_AXES, colours)


def from_opponent_colours(colours: Tensor) -> Tensor:
    """The inverse of `opponent_colours`."""
    return _linear(tuple(zip(*OPPONENT_AXES, strict=True)), colours)


def colour_statistics(picture: Tensor) -> Colours:
    """Mean and covariance of the opponent colours of a picture, the latter as its Cholesky factor, in float32.

    The factor generalises the standard deviation: brightness is spread by its own deviation, and each further
    axis by how it follows the axes before it, and by what deviation remains.

    Args:
        picture: RGB [N,3,H,W] in 0..1.

    Returns:
        mean [N,3,1,1] and factor [N,6,1,1]: the lower triangle, row by row.
    """
    mean, centred = _centred(picture.float())
    return opponent_colours(mean), torch.cat(_cholesky(centred), dim=1)


def recolour(picture: Tensor, mean: Tensor, factor: Tensor) -> Tensor:
    """Give a picture the style's `colour_statistics`: AdaIN of the pixels, with the correlations of the colours.

    As Reinhard et al., "Color Transfer between Images" (2001), but with the whole covariance (Xiao and Ma 2006).
    Brightness stays a rising function of the content's brightness.

    Args:
        picture: RGB [N,3,H,W], about 0..1.
        mean, factor: [N or 1,3,1,1] and [N or 1,6,1,1].

    Returns:
        RGB [N,3,H,W], not clamped, in the type of `picture`.
    """
    _, centred = _centred(picture.float())
    a, b, c, d, e, f = _cholesky(centred)
    style_a, style_b, style_c, style_d, style_e, style_f = torch.split(factor, 1, dim=1)

    def deviation(content: Tensor, style: Tensor) -> Tensor:
        return torch.maximum(content, style.clamp(max=NARROWEST))

    # Three steps, each a lower triangle, multiplied out: the axes before are subtracted (forward substitution: 1;
    # -u, 1; u w - v, -w, 1), which makes the colours uncorrelated; each is divided by its deviation; the style's
    # factor is applied.
    u, v, w = b / a, d / a, e / c
    x, y, z = deviation(a, style_a), deviation(c, style_c), deviation(f, style_f)
    last, middle = style_f / z, style_e / y
    second = style_c / y
    triangle = torch.cat(
        [
            style_a / x,
            style_b / x - second * u,
            second,
            style_d / x - middle * u + last * (u * w - v),
            middle - last * w,
            last,
        ],
        dim=1,
    )
    # All of it is linear, so it is one matrix for every pixel: from RGB to opponent colours, the triangle, and back.
    reds, greens, blues = torch.split(_linear(_TRIANGLE_TO_RGB, triangle), 3, dim=1)
    red, green, blue = torch.split(centred, 1, dim=1)
    recoloured: Tensor = reds * red + greens * green + blues * blue + from_opponent_colours(mean)
    return recoloured.to(picture.dtype)


def _centred(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Means [N,C,1,1], and the picture [N,C,H,W] without them."""
    mean = picture.mean((2, 3), keepdim=True)
    return mean, picture - mean


def _cholesky(centred: Tensor) -> tuple[Tensor, ...]:
    """Of the covariance of the opponent colours of a centred RGB picture [N,3,H,W]: Cholesky's factor.

    Returns:
        Its lower triangle, row by row, [N,1,1,1] each.
    """
    red, green, blue = torch.split(centred, 1, dim=1)
    others = torch.cat([green, blue, red], dim=1)
    covariance = torch.cat([(centred * each).mean((2, 3), keepdim=True) for each in (centred, others)], dim=1)
    xx, yx, yy, zx, zy, zz = torch.split(_linear(_RGB_TO_COVARIANCE, covariance), 1, dim=1)
    a = (xx + EPSILON).sqrt()
    b, d = yx / a, zx / a
    c = (yy - b * b + EPSILON).sqrt()
    e = (zy - d * b) / c
    f = (zz - d * d - e * e + EPSILON).sqrt()
    return a, b, c, d, e, f


def _linear(matrix: Matrix, values: Tensor) -> Tensor:
    """The matrix [K,C] times [N,C,1,1]: [N,K,1,1].

    As a product and a sum, since GPUs round the factors of a matrix product (TF32), and autocast rounds them more.
    """
    constant = values.new_tensor(matrix, dtype=torch.float32)[None, :, :, None]
    # Over both last axes, though one is 1, since pnnx loses a single axis.
    product: Tensor = (constant * values.reshape(-1, 1, len(matrix[0]), 1)).sum((2, 3), keepdim=True)
    return product


def _blend(content: Tensor, styled: Tensor, alpha: Tensor | float) -> Tensor:
    return content + alpha * (styled - content)


class StyleTransfer(nn.Module):
    """Encoder, AdaIN at one or more layers, decoder.

    A style code is float32 [N,S]: for each of `layers`, shallow to deep, the means, then the standard
    deviations. Codes are linear in the statistics, so a weighted mean of codes is the paper's interpolation.

    Args:
        encoder: "vgg16" or "vgg19".
        layers: where AdaIN happens, shallow to deep, ending in "relu4_1"; see `adain.network.ARCHITECTURES`.
            "colours" gives the style's colours to the content before it is encoded, and again to what the
            decoder makes; its part of the code is `colour_statistics`.
    """

    def __init__(self, encoder: str = "vgg16", layers: Sequence[str] = ("relu4_1",)) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self.recolours = self.layers[0] == "colours"
        self.encoded = self.layers[self.recolours :]  # the layers of the encoder among them
        self.encoder = Encoder(encoder)
        self.decoder = Decoder(encoder, self.encoded)

    @property
    def style_size(self) -> int:
        """S, the length of a style code."""
        return sum(self._sizes())

    def _sizes(self) -> list[int]:
        """Lengths of the parts of a style code: means and deviations in turn."""
        channels = [CHANNELS[layer] for layer in self.encoded]
        return [3, 6] * self.recolours + [size for size in channels for _ in range(2)]

    def _parts(self, code: Tensor) -> Sequence[Tensor]:
        """The parts of a code [N,S], each [N,C,1,1]."""
        # reshaped, since OpenCV 4 does not read what indexing with None twice exports
        parts: Sequence[Tensor] = torch.split(code.reshape(-1, self.style_size, 1, 1), self._sizes(), dim=1)
        return parts

    def style_code(self, picture: Tensor, features: Sequence[Tensor]) -> Tensor:
        """The code of a style.

        Args:
            picture: RGB [N,3,H,W] in 0..1.
            features: its features of the encoded `layers`.

        Returns:
            float32 [N,S].
        """
        parts = [part for feature in features for part in statistics(feature)]
        if self.recolours:
            parts = [*colour_statistics(picture), *parts]
        return torch.cat([part.flatten(1) for part in parts], dim=1)

    def encode_style(self, picture: Tensor) -> Tensor:
        """RGB [N,3,H,W] in 0..1 -> style code [N,S]."""
        return self.style_code(picture, self.encoder(picture, self.encoded))

    def colours(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> Colours | None:
        """The colours of the result, if "colours" is among the layers: between the content's and the style's.

        Args:
            content: RGB [N,3,H,W] in 0..1.
            code: [N or 1,S].
            alpha: 0 keeps the content, 1 is full style; a number or a tensor that broadcasts to [N,1,1,1].

        Returns:
            `colour_statistics`; factors blend as pictures do, since a recoloured picture is linear in them.
        """
        if not self.recolours:
            return None
        mean, factor = colour_statistics(content)
        style_mean, style_factor = self._parts(code)[:2]
        return _blend(mean, style_mean, alpha), _blend(factor, style_factor, alpha)

    def recolour(self, picture: Tensor, colours: Colours | None) -> Tensor:
        """The picture [N,3,H,W] with these `colours`, not clamped; as it is, if there are none."""
        return picture if colours is None else recolour(picture, *colours)

    def finish(self, picture: Tensor, colours: Colours | None) -> Tensor:
        """What the decoder made, with these `colours` even after the clamping to 0..1 that takes some of them away.

        The second pass makes up for most of that: style loss 1.22 instead of 1.26, style match 0.849 for 0.843
        (16 evaluation pairs). Training does with one pass, through which gradients flow everywhere.
        """
        if colours is None:
            return picture
        return recolour(recolour(picture, *colours).clamp(0, 1), *colours)

    def styled_features(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> list[Tensor]:
        """AdaIN at every layer, each blended with what it started from.

        Args:
            content: RGB [N,3,H,W] in 0..1, H and W multiples of 8, already recoloured.
            code, alpha: as in `colours`.

        Returns:
            The encoded `layers` for the decoder, [N,C,H/s,W/s] each.
        """
        parts = self._parts(code)[2 * self.recolours :]
        features = self.encoder(content, self.encoded)
        return [adain(x, mean, std, alpha) for x, mean, std in zip(features, parts[0::2], parts[1::2], strict=True)]

    def stylize(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """RGB [N,3,H,W] in 0..1, H and W multiples of 8, and a code [N or 1,S] -> RGB, about 0..1."""
        colours = self.colours(content, code, alpha)
        features = self.styled_features(self.recolour(content, colours).clamp(0, 1), code, alpha)
        return self.finish(self.decoder(features), colours)

    def forward(self, content: Tensor, style: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """Content and style pictures, each [N,3,H,W] in 0..1 -> the stylised picture, about 0..1."""
        return self.stylize(content, self.encode_style(style), alpha)
