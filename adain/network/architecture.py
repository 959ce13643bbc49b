"""What the rest of the package has to know of a network before it is built. No torch is loaded here."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from ..contract import Layout

if TYPE_CHECKING:
    from .model import StyleTransfer

CHANNELS = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512}  # of the layers of VGG
EYE = {"quarter": 32, "eighth": 48, "sixteenth": 96}  # of the small network's own encoder
COLOURS = ("colours", "decoded", "recoloured")  # stages that are pictures, with statistics of colours
STRIDES = {"relu1_1": 1, "relu2_1": 2, "relu3_1": 4, "relu4_1": 8}  # px of the picture for one of the layer


@dataclass(frozen=True)
class Architecture:
    """One kind of network.

    A new kind is a file in this folder with a class `Network(StyleTransfer)`, and an entry in `ARCHITECTURES`.
    """

    name: str
    module: str  # the file in this folder
    # What a style code holds, shallow to deep: "colours" (`colour.colour_statistics`) and layers of VGG
    # (`adain.statistics`).
    layers: tuple[str, ...]
    # What `measure` takes sums of, in order: as `layers`, and colours of pictures that the network itself has made.
    stages: tuple[str, ...]
    parts_add_up: bool  # the sums of the parts of a picture add up to those of the whole
    halo: int  # px around a part of a picture within which the rest of the picture has influence on it
    stride: int = 8  # sides must be multiples of this
    smallest_side: int = 16  # px; below, relu4_1 is one pixel wide and cannot be padded by reflection

    @property
    def code(self) -> Layout:
        """The layout of a style code [N,S]: means and spreads in turn."""
        return _layout(self.layers, ("mean", "factor"), ("mean", "deviation"))

    @property
    def statistics(self) -> Layout:
        """The layout of `StyleTransfer.measure`'s sums [N,T]: of the weights first."""
        return ("weight", 1), *_layout(self.stages, ("sum", "products"), ("sum", "squares"))

    def build(self, encoder: str = "vgg16") -> "StyleTransfer":
        """A network of this kind with random weights; `encoder` is "vgg16" or "vgg19"."""
        module = import_module(f".{self.module}", __package__)
        return cast("StyleTransfer", module.Network(self, encoder))


def _layout(names: tuple[str, ...], of_colours: tuple[str, str], of_features: tuple[str, str]) -> Layout:
    layout: list[tuple[str, int]] = []
    channels = CHANNELS | EYE
    for name in names:
        if name in COLOURS:
            layout += [(f"{name}.{part}", length) for part, length in zip(of_colours, (3, 6), strict=True)]
        else:
            layout += [(f"{name}.{part}", channels[name]) for part in of_features]
    return tuple(layout)


_MULTI = ("colours", "relu2_1", "relu3_1", "relu4_1")
ARCHITECTURES = {
    each.name: each
    for each in (
        # The paper's.
        Architecture("classic", "layered", layers=("relu4_1",), stages=("relu4_1",), parts_add_up=True, halo=64),
        # relu2_1 and relu3_1 carry detail past the bottleneck. They would carry the content's own colours too, so
        # these get the style's statistics before anything else.
        Architecture(
            "multi", "layered", layers=_MULTI, stages=(*_MULTI, "decoded", "recoloured"), parts_add_up=False, halo=64
        ),
        # A decoder that knows the style, and statistics of the content alone.
        Architecture("modulated", "modulated", layers=_MULTI, stages=_MULTI, parts_add_up=True, halo=64),
        # The same codes, without VGG for the content.
        Architecture("fast", "fast", layers=_MULTI, stages=(*EYE, "colours"), parts_add_up=True, halo=192, stride=16),
    )
}


def architecture_with(layers: tuple[str, ...]) -> Architecture | None:
    """The first kind with these layers in its code, for files that are older than the names of the kinds."""
    return next((each for each in ARCHITECTURES.values() if each.layers == layers), None)
