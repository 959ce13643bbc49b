"""A look on pictures: everything that a look wants, around the painting itself.

content  ->  its size for painting  ->  painted, once for each region  ->  its own size  ->  put together
         strokes.inner_size          `paint`                            strokes.Lift     Look.finish, masks
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import masks
from .errors import PictureError
from .look import Look
from .masks import Weight
from .painter import Tell
from .pictures import Picture, Pixels, resize
from .strokes import Lift, inner_size

# Paints contents after a look, given what their pixels count, or None where all count; for the last one see `Engine`.
Paint = Callable[[Sequence[Picture], Look, Sequence[Weight] | None, Tell, bool], list[Pixels]]

ROWS = 1 << 20  # pixels that are put together at once
BEYOND = 8  # times what is painted: a picture for which the network's memory is wanted once that is done


@dataclass(frozen=True, eq=False)
class Layer:
    """A look for a part of a picture: uint8 [H,W], 255 where it holds; None stands for the whole."""

    look: Look
    mask: Pixels | None


class Layers:
    """The layers of looks on pictures of one size; masks that stay from one look to the next are read once.

    Args:
        size: (width, height).
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._last: tuple[Look, list[Pixels | None]] | None = None

    def of(self, look: Look) -> list[Layer]:
        """The parts of a picture that get a style of their own.

        Raises:
            PictureError: see `masks.load_mask` and `masks.load_regions`.
        """
        last = self._last  # once, since threads share it
        if last is None or not _same_masks(look, last[0]):
            last = self._last = look, self._masks(look)
        looks = [look] if look.regions is None else [look.after(style) for style in look.styles]
        return [Layer(*each) for each in zip(looks, last[1], strict=True)]

    def _masks(self, look: Look) -> list[Pixels | None]:
        size = self._size
        mask = None if look.mask is None else masks.soften(masks.load_mask(look.mask, size, look.fit), look.feather)
        if look.regions is None:
            return [mask]
        regions = masks.load_regions(look.regions, size, len(look.styles), look.fit)
        parts = [masks.soften(region, look.feather) for region in regions]
        return [part if mask is None else masks.combine([part, mask]) for part in parts]


def _same_masks(one: Look, other: Look) -> bool:
    same = one.mask is other.mask and one.regions is other.regions and len(one.styles) == len(other.styles)
    return same and (one.feather, one.fit) == (other.feather, other.fit)


def compose(
    frames: Sequence[Picture],
    look: Look,
    paint: Paint,
    least: int,
    weighs: Callable[[], bool],
    tell: Tell,
    layers_of: Layers | None = None,
) -> list[Picture]:
    """Restyle pictures of one size that belong together, such as the frames of an animation.

    Args:
        frames: the contents, at least one.
        look: what is wanted.
        paint: see `Paint`.
        least: px of the shorter side that `paint` takes.
        weighs: whether `paint` can leave out what is transparent.
        tell: called as the work goes on.
        layers_of: of pictures of this size, where more will come.

    Raises:
        PictureError: frames of different sizes; see `Layers.of`, and what `paint` raises.
    """
    size = frames[0].width, frames[0].height
    if other := next((frame for frame in frames if (frame.width, frame.height) != size), None):
        came = f"{other.width} x {other.height} pixels"
        raise PictureError(f"a frame has {came}, the first one {size[0]} x {size[1]}; bring them to one size")
    layers = (layers_of or Layers(size)).of(look)
    seen = frames[0].visible(least) if len(frames) == 1 else (slice(None), slice(None))
    layers = [replace(layer, mask=None if layer.mask is None else layer.mask[seen]) for layer in layers]
    parts = [frame.part(*seen) for frame in frames]
    inner = inner_size(parts[0].width, parts[0].height, look.stroke_size, least)
    small = [resize(part, *inner) for part in parts]
    large = frames[0].width * frames[0].height > BEYOND * inner[0] * inner[1]
    painted: list[list[Pixels]] = []
    for number, layer in enumerate(layers):
        weights = _weights(layer, small, weighs)
        if weights is not None and not any(weight.any() for weight in weights):
            raise PictureError(f"nothing is left of region {number + 1}, for {layer.look.name}, behind mask and alpha")

        def tell_all(done: int, total: int, before: int = number) -> None:
            tell(before * total + done, len(layers) * total)

        painted.append(paint(small, layer.look, weights, tell_all, large and layer is layers[-1]))
    results = []
    for frame, part, each, *of_layers in zip(frames, parts, small, *painted, strict=True):
        pixels = np.full_like(frame.pixels, 255)
        lifts = [Lift(part.pixels, each.pixels, one) for one in of_layers]
        _put_together(pixels[seen], part.pixels, layers, lifts)
        results.append(replace(frame, pixels=pixels))
    return results


def _weights(layer: Layer, small: Sequence[Picture], weighs: Callable[[], bool]) -> list[Weight] | None:
    size = small[0].width, small[0].height
    weights = None if layer.mask is None else [masks.weight_of(layer.mask, size)] * len(small)
    # Where nothing at all is seen, everything counts.
    if any(f.alpha is not None and not f.alpha.all() and f.alpha.any() for f in small) and weighs():
        seen = [np.ones(size[::-1], np.float32) if f.alpha is None else masks.weight_of(f.alpha, size) for f in small]
        weights = seen if weights is None else [a * b for a, b in zip(weights, seen, strict=True)]
    return weights


def _put_together(result: Pixels, content: Pixels, layers: Sequence[Layer], lifts: Sequence[Lift]) -> None:
    """All layers over the content into `result`, some rows after the other, which keeps memory small."""
    step = max(1, ROWS // content.shape[1])
    for start in range(0, len(content), step):
        rows = content[start : start + step]
        result[start : start + step] = rows
        together = np.zeros(rows.shape, np.float32)
        for layer, lift in zip(layers, lifts, strict=True):
            finished = layer.look.finish(rows, lift.rows(start, start + len(rows)))
            if layer.mask is None:
                result[start : start + step] = finished
            else:
                share = layer.mask[start : start + step, :, None] / np.float32(255)
                together += share * (finished - rows.astype(np.float32))
        if layers[0].mask is not None:
            result[start : start + step] = np.rint((rows + together).clip(0, 255))
