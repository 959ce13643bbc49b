"""Adaptive instance normalisation, and the network around it (Huang and Belongie, arXiv 1703.06868)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .decoder import Decoder
from .vgg import CHANNELS, Encoder

EPSILON = 1e-5
# Of the content's own colours, when they get the style's: a photograph that is almost grey has noise for
# colours, and dividing by its tiny deviation would blow that up to blotches. 1e-3 is a deviation of 0.03.
PIXEL_EPSILON = 1e-3


def statistics(features: Tensor, epsilon: float = EPSILON) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per picture and channel, in float32.

    Biased variance as a mean of squares with kept dimensions: every ONNX runtime that we know takes it.

    Args:
        features: [N,C,H,W], any float type.
        epsilon: added to the variance.

    Returns:
        mean [N,C,1,1] and sqrt(variance + epsilon) [N,C,1,1].
    """
    x = features.float()
    mean = x.mean((2, 3), keepdim=True)
    centred = x - mean
    variance = (centred * centred).mean((2, 3), keepdim=True)
    return mean, (variance + epsilon).sqrt()


def adain(content: Tensor, style_mean: Tensor, style_std: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Give content features the style's statistics: equation 8 of the paper.

    Args:
        content: [N,C,H,W].
        style_mean, style_std: [N or 1,C,1,1], from `statistics` of the style's features.
        epsilon: added to the content's variance.

    Returns:
        std_s * (x - mean_c) / std_c + mean_s, [N,C,H,W], in the type of `content`.
    """
    mean, std = statistics(content, epsilon)
    normalised = (content.float() - mean) / std
    return (normalised * style_std + style_mean).to(content.dtype)


def opponent_colours(picture: Tensor) -> Tensor:
    """RGB [N,3,H,W] to brightness, red against blue, and green against both: orthonormal, [N,3,H,W].

    Natural pictures vary almost independently along these axes (Ohta, Kanade and Sakai 1980), so that means
    and deviations say most of their colours, as in Reinhard et al., "Color Transfer between Images" (2001).
    """
    return functional.conv2d(picture, _opponent_axes(picture)[:, :, None, None])


def from_opponent_colours(colours: Tensor) -> Tensor:
    """The inverse of `opponent_colours`."""
    return functional.conv2d(colours, _opponent_axes(colours).T[:, :, None, None])


def _opponent_axes(like: Tensor) -> Tensor:
    axes = like.new_tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]])
    return functional.normalize(axes, dim=1)


class StyleTransfer(nn.Module):
    """Encoder, AdaIN at one or more layers, decoder.

    A style code is float32 [N,S]: for each of `layers`, shallow to deep, the means, then the standard
    deviations. Codes are linear in the statistics, so a weighted mean of codes is the paper's interpolation.

    Args:
        encoder: "vgg16" or "vgg19".
        layers: where AdaIN happens, shallow to deep, ending in "relu4_1"; see `adain.network.ARCHITECTURES`.
            "pixels" gives the content the style's opponent colours before it is encoded.
    """

    def __init__(self, encoder: str = "vgg16", layers: Sequence[str] = ("relu4_1",)) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self.recolours = self.layers[0] == "pixels"
        self.encoded = self.layers[self.recolours :]  # the layers of the encoder among them
        self.encoder = Encoder(encoder)
        self.decoder = Decoder(encoder, self.encoded)

    @property
    def style_size(self) -> int:
        """S, the length of a style code."""
        return 2 * sum(self._channels())

    def _channels(self) -> list[int]:
        return [3] * self.recolours + [CHANNELS[layer] for layer in self.encoded]

    def style_code(self, picture: Tensor, features: Sequence[Tensor]) -> Tensor:
        """The code of a style.

        Args:
            picture: RGB [N,3,H,W] in 0..1.
            features: its features of the encoded `layers`.

        Returns:
            float32 [N,S].
        """
        normalised = [opponent_colours(picture.float()), *features] if self.recolours else features
        return torch.cat([part.flatten(1) for feature in normalised for part in statistics(feature)], dim=1)

    def encode_style(self, picture: Tensor) -> Tensor:
        """RGB [N,3,H,W] in 0..1 -> style code [N,S]."""
        return self.style_code(picture, self.encoder(picture, self.encoded))

    def styled_features(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> list[Tensor]:
        """AdaIN at every layer, each blended with what it started from.

        Args:
            content: RGB [N,3,H,W] in 0..1, H and W multiples of 8.
            code: [N or 1,S].
            alpha: 0 keeps the content, 1 is full style; a number or a tensor that broadcasts to [N,1,1,1].

        Returns:
            The encoded `layers` for the decoder, [N,C,H/s,W/s] each.
        """

        def blend(x: Tensor, mean: Tensor, std: Tensor, epsilon: float = EPSILON) -> Tensor:
            return (x + alpha * (adain(x, mean, std, epsilon) - x)).to(x.dtype)

        sizes = [channels for channels in self._channels() for _ in range(2)]
        parts = torch.split(code[:, :, None, None], sizes, dim=1)
        means, stds = list(parts[0::2]), list(parts[1::2])
        if self.recolours:
            colours = blend(opponent_colours(content), means.pop(0), stds.pop(0), PIXEL_EPSILON)
            content = from_opponent_colours(colours).clamp(0, 1)
        features = self.encoder(content, self.encoded)
        return [blend(*layer) for layer in zip(features, means, stds, strict=True)]

    def stylize(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """RGB [N,3,H,W] in 0..1, H and W multiples of 8, and a code [N or 1,S] -> RGB, about 0..1."""
        picture: Tensor = self.decoder(self.styled_features(content, code, alpha))
        return picture

    def forward(self, content: Tensor, style: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """Content and style pictures, each [N,3,H,W] in 0..1 -> the stylised picture, about 0..1."""
        return self.stylize(content, self.encode_style(style), alpha)
