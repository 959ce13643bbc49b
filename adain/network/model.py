"""What every network is to the rest of the package: `measure`, `paint`, `stylize`, `encode_style`."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from .adain import Given, Mean, Sums, average, statistics
from .architecture import STRIDES, Architecture
from .colour import Colours, blend_colours, colour_statistics, recolour
from .vgg import LAYERS, Encoder


class StyleTransfer(nn.Module):
    """A VGG that reads styles, and a network that paints after them.

    A style code is float32 [N,S]: for each of the architecture's `layers` the means, then the spreads. Codes are
    linear in the statistics, so a weighted mean of codes is the paper's interpolation.

    A kind of network defines `render`, its one forward pass. All pictures are RGB float [N,3,H,W] in 0..1 with sides
    that `architecture.stride` divides; what is painted is about in 0..1, not clamped. `alpha` is a number or a tensor
    that broadcasts to [N,1,1,1]: 0 keeps the content, 1 is full style.

    Args:
        architecture: what it is.
        encoder: "vgg16" or "vgg19", the network that reads styles; it is not trained.
    """

    def __init__(self, architecture: Architecture, encoder: str) -> None:
        super().__init__()
        self.architecture = architecture
        self.encoder = Encoder(encoder)

    @abstractmethod
    def render(self, content: Tensor, code: Tensor, alpha: Tensor | float, mean: Mean) -> Tensor:
        """The forward pass, with statistics of the content from `mean`; see `paint` for the rest.

        `mean` is asked once for each part of `architecture.statistics` after the weight, in that order.
        """

    def measure(
        self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0, weight: Tensor | None = None
    ) -> Tensor:
        """The statistics that `paint` needs of a content.

        Args:
            content: [N,3,H,W].
            code: [N or 1,S].
            alpha: see the class.
            weight: [N,H,W] in 0..1, what each pixel counts; None counts all. 0 for the halo of a part of a picture,
                for what is outside a mask, and for what is transparent. A pixel that counts still sees its neighbours
                that do not (at relu4_1, up to 32 px away): crop a margin that is transparent throughout.

        Returns:
            float32 [N,T], laid out as `architecture.statistics` says: weighted sums, that of the weights first. Those
            of parts (with halos of `architecture.halo`) add up to the whole's if the architecture has `parts_add_up`.
        """
        sums = Sums(torch.ones_like(content[:, 0]) if weight is None else weight)
        self.render(content, code, alpha, sums)
        return sums.statistics

    def paint(self, content: Tensor, code: Tensor, alpha: Tensor | float, statistics: Tensor) -> Tensor:
        """A picture, or a part of one, after a style.

        Args:
            content: [N,3,H,W].
            code: [N or 1,S].
            alpha: see the class.
            statistics: [N or 1,T], from `measure` of the whole picture.

        Returns:
            [N,3,H,W].
        """
        lengths = [length for _, length in self.architecture.statistics]
        return self.render(content, code, alpha, Given(statistics, lengths))

    def stylize(self, content: Tensor, code: Tensor, alpha: Tensor | float = 1.0) -> Tensor:
        """`paint` with what `measure` finds, in one pass."""
        return self.render(content, code, alpha, average)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """`stylize`; in training, the picture that the losses see."""
        return self.stylize(content, code)

    def learn_codes(self, codes: Iterable[Tensor]) -> None:
        """Take from codes [1,S] of many paintings what the network has to know of them before it is trained."""

    def encode_style(self, picture: Tensor, weight: Tensor | None = None) -> Tensor:
        """The code of a painting: [N,3,H,W] -> [N,S]; `weight` as in `measure`."""
        return self.style_code(picture, dict(zip(LAYERS, self.encoder(picture), strict=True)), weight)

    def style_code(self, picture: Tensor, features: Mapping[str, Tensor], weight: Tensor | None = None) -> Tensor:
        """As `encode_style`, where the `encoder` has been run already: `features` by layer."""
        mean = average if weight is None else Sums(weight)
        parts: list[Tensor] = []
        for layer in self.architecture.layers:
            if layer == "colours":
                parts += colour_statistics(picture, mean)
            else:
                parts += statistics(features[layer], STRIDES[layer], mean)
        return torch.cat([part.flatten(1) for part in parts], dim=1)

    def parts(self, code: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """The parts of a code [N,S] by layer: means and spreads, [N,C,1,1] each."""
        lengths = [length for _, length in self.architecture.code]
        # reshaped, since OpenCV 4 does not read what indexing with None twice exports
        parts: Sequence[Tensor] = torch.split(code.reshape(-1, sum(lengths), 1, 1), lengths, dim=1)
        return dict(zip(self.architecture.layers, zip(parts[0::2], parts[1::2], strict=True), strict=True))

    def colours(self, content: Tensor, code: Tensor, alpha: Tensor | float, mean: Mean) -> tuple[Colours, Colours]:
        """`colour_statistics` of a content [N,3,H,W], and the result's: between those and the style's."""
        own = colour_statistics(content, mean)
        return own, blend_colours(own, self.parts(code)["colours"], alpha)

    def reference(self, content: Tensor, code: Tensor) -> Tensor:
        """What losses compare structure with: the content, RGB [N,3,H,W], in the style's colours if codes have any."""
        if "colours" not in self.architecture.layers:
            return content
        return recolour(content, *self.colours(content, code, 1.0, average)).clamp(0, 1)

    @property
    def style_size(self) -> int:
        """S, the length of a style code."""
        return sum(length for _, length in self.architecture.code)
