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


def adain(content: Tensor, style_mean: Tensor, style_std: Tensor) -> Tensor:
    """Give content features the style's statistics: equation 8 of the paper.

    Args:
        content: [N,C,H,W].
        style_mean, style_std: [N or 1,C,1,1], from `statistics` of the style's features.

    Returns:
        std_s * (x - mean_c) / std_c + mean_s, [N,C,H,W], in the type of `content`.
    """
    mean, std = statistics(content)
    normalised = (content.float() - mean) / std
    return (normalised * style_std + style_mean).to(content.dtype)


def opponent_colours(picture: Tensor) -> Tensor:
    """RGB [N,3,H,W] to its amounts of the OPPONENT_AXES, [N,3,H,W].

    By plain arithmetic, since autocast would round a matrix product to bfloat16.
    """
    red, green, blue = torch.split(picture, 1, dim=1)
    return torch.cat([r * red + g * green + b * blue for r, g, b in OPPONENT_AXES], dim=1)


def from_opponent_colours(colours: Tensor) -> Tensor:
    """The inverse of `opponent_colours`."""
    x, y, z = torch.split(colours, 1, dim=1)
    return torch.cat([a * x + b * y + c * z for a, b, c in zip(*OPPONENT_AXES, strict=True)], dim=1)


def colour_statistics(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance of the opponent colours of a picture, the latter as its Cholesky factor, in float32.

    The factor generalises the standard deviation: brightness is spread by its own deviation, and each further
    axis by how it follows the axes before it, and by what deviation remains.

    Args:
        picture: RGB [N,3,H,W] in 0..1.

    Returns:
        mean [N,3,1,1] and factor [N,6,1,1]: the lower triangle, row by row.
    """
    mean, centred = _centred(picture.float())
    return opponent_colours(mean), torch.cat(_cholesky(opponent_colours(centred)), dim=1)


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
    a, b, c, d, e, f = _cholesky(opponent_colours(centred))
    style_a, style_b, style_c, style_d, style_e, style_f = torch.split(factor, 1, dim=1)

    def deviation(content: Tensor, style: Tensor) -> Tensor:
        return torch.maximum(content, style.clamp(max=NARROWEST))

    # Forward substitution makes the colours uncorrelated, with deviation 1; then the style's factor is applied.
    # All of it is linear: done to pure red, green and blue alone, it gives the matrix for every pixel.
    x, y, z = (mean.new_tensor(axis).view(1, 1, 1, 3) for axis in OPPONENT_AXES)
    y = y - b / a * x
    z = z - d / a * x - e / c * y
    p, q, r = x / deviation(a, style_a), y / deviation(c, style_c), z / deviation(f, style_f)
    mixed = torch.cat([style_a * p, style_b * p + style_c * q, style_d * p + style_e * q + style_f * r], dim=1)
    columns = torch.split(from_opponent_colours(mixed), 1, dim=3)
    red, green, blue = (column * plane for column, plane in zip(columns, torch.split(centred, 1, dim=1), strict=True))
    recoloured: Tensor = red + green + blue + from_opponent_colours(mean)
    return recoloured.to(picture.dtype)


def _centred(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Means [N,C,1,1], and the picture [N,C,H,W] without them."""
    mean = picture.mean((2, 3), keepdim=True)
    return mean, picture - mean


def _cholesky(centred: Tensor) -> tuple[Tensor, ...]:
    """Lower triangle, row by row, of the Cholesky factor of the covariance of centred [N,3,H,W]: [N,1,1,1] each."""
    x, y, z = torch.split(centred, 1, dim=1)

    def covariance(one: Tensor, other: Tensor) -> Tensor:
        return (one * other).mean((2, 3), keepdim=True)

    a = (covariance(x, x) + EPSILON).sqrt()
    b, d = covariance(y, x) / a, covariance(z, x) / a
    c = (covariance(y, y) - b * b + EPSILON).sqrt()
    e = (covariance(z, y) - d * b) / c
    f = (covariance(z, z) - d * d - e * e + EPSILON).sqrt()
    return a, b, c, d, e, f


Colours = tuple[Tensor, Tensor]  # `colour_statistics`


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
        return [
            _blend(x, adain(x, mean, std), alpha)
            for x, mean, std in zip(features, parts[0::2], parts[1::2], strict=True)
        ]

    def stylize(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """RGB [N,3,H,W] in 0..1, H and W multiples of 8, and a code [N or 1,S] -> RGB, about 0..1."""
        colours = self.colours(content, code, alpha)
        features = self.styled_features(self.recolour(content, colours).clamp(0, 1), code, alpha)
        return self.finish(self.decoder(features), colours)

    def forward(self, content: Tensor, style: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """Content and style pictures, each [N,3,H,W] in 0..1 -> the stylised picture, about 0..1."""
        return self.stylize(content, self.encode_style(style), alpha)


def _blend(content: Tensor, styled: Tensor, alpha: Tensor | float) -> Tensor:
    return (content + alpha * (styled - content)).to(content.dtype)
