"""Adaptive instance normalisation, and the network around it (Huang and Belongie, arXiv 1703.06868)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .decoder import Decoder
from .vgg import CHANNELS, Encoder

EPSILON = 1e-5


def statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per picture and channel, in float32.

    Biased variance as a mean of squares with kept dimensions: every ONNX runtime that we know takes it.

    Args:
        features: [N,C,H,W], any float type.

    Returns:
        mean [N,C,1,1] and sqrt(variance + 1e-5) [N,C,1,1].
    """
    x = features.float()
    mean = x.mean((2, 3), keepdim=True)
    centred = x - mean
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


class StyleTransfer(nn.Module):
    """Encoder, AdaIN at one or more layers, decoder.

    A style code is float32 [N,S]: for each of `layers`, shallow to deep, the means, then the standard
    deviations. Codes are linear in the statistics, so a weighted mean of codes is the paper's interpolation.

    Args:
        encoder: "vgg16" or "vgg19".
        layers: where AdaIN happens, shallow to deep, ending in "relu4_1"; see `adain.network.ARCHITECTURES`.
    """

    def __init__(self, encoder: str = "vgg16", layers: Sequence[str] = ("relu4_1",)) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self.encoder = Encoder(encoder)
        self.decoder = Decoder(encoder, layers)

    @property
    def style_size(self) -> int:
        """S, the length of a style code."""
        return 2 * sum(CHANNELS[layer] for layer in self.layers)

    def style_code(self, features: Sequence[Tensor]) -> Tensor:
        """Features of `layers` -> float32 [N,S]."""
        return torch.cat([part.flatten(1) for feature in features for part in statistics(feature)], dim=1)

    def encode_style(self, picture: Tensor) -> Tensor:
        """RGB [N,3,H,W] in 0..1 -> style code [N,S]."""
        return self.style_code(self.encoder(picture, self.layers))

    def blend(self, content: Sequence[Tensor], code: Tensor, alpha: Tensor | float = 1.0) -> list[Tensor]:
        """AdaIN of every feature of the content, blended with the feature itself.

        Args:
            content: features of `layers`.
            code: [N or 1,S].
            alpha: 0 keeps the content, 1 is full style; a number or a tensor that broadcasts to [N,1,1,1].

        Returns:
            Features for the decoder, shapes as `content`.
        """
        sizes = [CHANNELS[layer] for layer in self.layers for _ in range(2)]
        parts = torch.split(code[:, :, None, None], sizes, dim=1)
        blended = []
        for feature, mean, std in zip(content, parts[0::2], parts[1::2], strict=True):
            styled = adain(feature, mean, std)
            blended.append((feature + alpha * (styled - feature)).to(feature.dtype))
        return blended

    def stylize(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """RGB [N,3,H,W] in 0..1, H and W multiples of 8, and a code [N or 1,S] -> RGB, about 0..1."""
        picture: Tensor = self.decoder(self.blend(self.encoder(content, self.layers), code, alpha))
        return picture

    def forward(self, content: Tensor, style: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """Content and style pictures, each [N,3,H,W] in 0..1 -> the stylised picture, about 0..1."""
        return self.stylize(content, self.encode_style(style), alpha)
