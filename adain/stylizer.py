"""Stylizer: the ONNX models, run by an engine.

    Look of pictures  ->  encode  ->  Look of Styles
    content, Look     ->  stylize, restyle, stream  ->  picture

A style costs one run of the encoder and can be kept; after that each picture or video frame costs one run
of the stylizer.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import shipped
from .colours import Colours, colour_sums, has_colours, recolour
from .composing import Layers, compose
from .contract import Contract, Graph
from .engines import Compute, Device
from .errors import ModelError, OptionError, PictureError, StyleError
from .look import Look, StyleSource, style_name
from .masks import Weight
from .painter import Painter, Tell, Tile, quiet
from .pictures import FileSource, Picture, Pixels, Source, load, resize_to_side
from .session import Session, stylizer_file
from .stream import Stream
from .strokes import inner_size
from .styles import Style

LONGEST = 8  # a painting's longer side in shorter ones, up to which it is encoded in the usual size


class Stylizer:
    """Restyles pictures with a trained model. Safe to share between threads.

    Args:
        model: "large", which is taken if none is given, or "fast", which takes a twentieth of the time and paints less
            well; or a folder with stylizer.onnx, or such a file. So that pictures can be styles, style_encoder.onnx is
            beside it, unless the package's is the right one.
        device: "auto" takes the GPU where there is a usable one, and says in the log `adain` where it
            runs instead: on the CPU, with OpenVINO where it is installed ("openvino"), or onnxruntime ("cpu").
        threads: of the CPU; None takes one for each core.
        precision: of the convolutions, see `adain.engines.open_engine`.
        tile: px a side of the tiles in which a picture is painted, with the result of the whole; "auto" takes tiles
            where the whole does not fit the memory, "off" never. They need measure.onnx and paint.onnx beside it.

    Raises:
        ModelError: no such file, or not one of ours.
        DeviceError: the device was asked for and cannot start; the message says why.
        OptionError: an unknown device or precision, threads below 1, or a tile below 64.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        device: Device = "auto",
        *,
        threads: int | None = None,
        precision: Compute = "auto",
        tile: Tile = "auto",
    ) -> None:
        self._stylizer = Session(stylizer_file(model), "stylizer", device, threads, precision)
        self._threads, self._precision = threads, precision
        self._others: dict[Graph, Session] = {}
        self._opening = RLock()
        self._painter = Painter(self._stylizer, self._other, tile)

    @property
    def contract(self) -> Contract:
        """What the model says of itself."""
        return self._stylizer.contract

    @property
    def device(self) -> Device:
        """Where the model runs: "cpu", "openvino", "cuda" or "tensorrt"."""
        return self._stylizer.device

    @overload
    def stylize(
        self, content: Pixels, style: Look | StyleSource, alpha: float | None = None, size: int | None = None
    ) -> Pixels: ...

    @overload
    def stylize(
        self, content: FileSource, style: Look | StyleSource, alpha: float | None = None, size: int | None = None
    ) -> Image.Image: ...

    def stylize(
        self, content: Source, style: Look | StyleSource, alpha: float | None = None, size: int | None = None
    ) -> Image.Image | Pixels:
        """Give a picture the style of another.

        Args:
            content: path, PIL image, bytes or stream of a picture file; or a uint8 array [H,W,3] or
                [N,H,W,3], sRGB. At least 16 pixels a side, after `size`.
            style: a Look; or a single style, whatever `Look.styles` may hold. For many pictures pass what `encode` or
                `encode_style` gave, which is not encoded again.
            alpha: strength, from 0 (the content, rebuilt) to 1 (the full style). None takes the look's own, or 1.
            size: shrink the content first so that its longer side has at most so many pixels.

        Returns:
            For an array an array of the same layout; otherwise a PIL image, RGB, or RGBA where the content
            has an alpha channel. Height and width of the content.

        Raises:
            PictureError: the content is no picture, too small, or too large for the memory.
            StyleError, ModelError: see `encode`.
            OptionError: see `Look`; or size below 1.
        """
        look = Look.of(style, alpha)
        if isinstance(content, np.ndarray) and content.ndim == 4 and len(content):
            return self._batch([_shrunk(Picture(frame), size) for frame in content], look)
        result = self.restyle(_shrunk(load(content), size), look)
        return result.pixels if isinstance(content, np.ndarray) else result.to_pil()

    def restyle(self, picture: Picture, look: Look, tell: Tell = quiet) -> Picture:
        """The same for a `Picture`, which gives a `Picture`. Its alpha channel is kept; a transparent margin counts for
        nothing, and stays white.

        Args:
            picture: the content.
            look: what is wanted.
            tell: called as the work on a picture goes on in tiles, with how many steps are done, and of how many.
        """
        return self.restyle_all([picture], look, tell)[0]

    def restyle_all(self, frames: Sequence[Picture], look: Look, tell: Tell = quiet) -> list[Picture]:
        """The same for pictures of one size that belong together, such as the frames of an animation.

        They have their statistics in common, and so what does not move does not flicker.

        Raises:
            PictureError: see `stylize`; or frames of different sizes.
        """
        return self._compose(frames, self.encode(look), tell)

    def _compose(
        self, frames: Sequence[Picture], look: Look, tell: Tell, layers: Layers | None = None
    ) -> list[Picture]:
        return compose(frames, look, self._paint, self.contract.smallest_side, self._painter.weighs, tell, layers)

    def _paint(
        self, contents: Sequence[Picture], look: Look, weights: Sequence[Weight] | None, tell: Tell, last: bool
    ) -> list[Pixels]:
        pixels = [content.pixels for content in contents]
        return self._painter.paint(pixels, self._inputs(look, pixels, weights), weights, tell, last)

    def _batch(self, frames: Sequence[Picture], look: Look) -> Pixels:
        look = self.encode(look)
        size = frames[0].width, frames[0].height
        if look.needs_whole or inner_size(*size, look.stroke_size, self.contract.smallest_side) != size:
            return np.stack([self.restyle(frame, look).pixels for frame in frames])
        contents = np.stack([frame.pixels for frame in frames])
        each = [self._inputs(look, [frame]) for frame in contents] if look.keeps_colours else [look.inputs()]
        styles = np.concatenate([inputs["style"] for inputs in each])
        painted: Pixels = self._stylizer.run(contents, each[0] | {"style": styles})
        return np.stack([look.finish(*pair) for pair in zip(contents, painted, strict=True)])

    def _inputs(
        self, look: Look, contents: Sequence[Pixels], weights: Sequence[Weight] | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """What the graph takes beside pictures, after a look as `encode` gives it."""
        if not look.keeps_colours:
            return look.inputs()
        counted: Sequence[Weight | None] = weights or [None] * len(contents)
        sums = [colour_sums(*each) for each in zip(contents, counted, strict=True)]
        colours = Colours.of(np.sum(sums, axis=0))
        if not has_colours(self.contract.code):
            styles = (self._style_in(colours, style, look) for style in look.styles)
            look = replace(look, styles=tuple(styles))
        return look.inputs(self.contract.code, colours)

    def _style_in(self, colours: Colours, painting: StyleSource, look: Look) -> Style:
        """The style of a painting that is brought to other colours first."""
        if isinstance(painting, Style):
            raise StyleError(
                f"codes of the model {self.contract.model} hold no colours that could be exchanged; give the painting "
                f"itself instead of the style {painting.name}, or leave --color"
            )
        picture = load(painting)
        own = Colours.of(colour_sums(picture.pixels, picture.alpha))
        pixels = recolour(picture.pixels, own, colours, look.color_strength)
        return self.encode_style(Picture(pixels, picture.alpha).to_pil(), look.style_size)

    def stream(
        self,
        size: tuple[int, int],
        style: Look | StyleSource,
        alpha: float | None = None,
        *,
        depth: int | None = None,
    ) -> Stream:
        """Stylise frames of one size, several of them on their way at once: video, cameras.

        The network is that of the Stylizer, whether or not it keeps up, so that a frame becomes the picture that
        `stylize` makes of it; `Stylizer(real_time_model())` keeps up with a camera.

            with stylizer.stream((1280, 720), "starry-night") as stream:
                for frame in stream.run(camera):
                    show(frame)

        Args:
            size: (width, height) of the frames, at least 16 each.
            style, alpha: of the first frames, as for `stylize`; set `stream.look` for others. Masks and regions are as
                large as the frames, and the same for all of them.
            depth: how many frames can be in the stream. None takes one more than the device works on at once;
                more evens out frames that take long to read or write, and adds to the latency.

        Raises:
            PictureError: frames too small, or too large for the memory; a mask or regions that do not fit them.
            StyleError, ModelError: see `encode`.
            OptionError: see `Look`; or a depth that is too small.
        """

        layers = Layers(size)

        def encode(look: Look) -> Look:
            if look.keeps_colours and not has_colours(self.contract.code):
                raise OptionError(f"the model {self.contract.model} cannot keep colours in a stream; leave color")
            look = self.encode(look)
            layers.of(look)
            return look

        def restyle(frame: Pixels, look: Look) -> Pixels:
            return self._compose([Picture(frame)], look, quiet, layers)[0].pixels

        return Stream(self._stylizer, size, encode, restyle, Look.of(style, alpha), depth)

    def encode(self, look: Look) -> Look:
        """The same look with a Style for every painting in it, and with masks that are read; free where that is done.

        With a model whose codes have no part for colours, a look that keeps the content's keeps its paintings too: they
        are matched to each content.

        Raises:
            PictureError, ModelError: see `encode_style`.
            StyleError: a style of another model.
        """
        if look.mask is not None or look.regions is not None:
            look = replace(look, mask=_as_read(look.mask), regions=_as_read(look.regions))
        if look.keeps_colours and not has_colours(self.contract.code):
            return look
        return replace(look, styles=tuple(self.find_style(style, look.style_size) for style in look.styles))

    def find_style(self, spec: StyleSource, size: int | None = None) -> Style:
        """The style that `spec` stands for, whatever `Look.styles` may hold.

        Args:
            spec: Style, name, path, or picture.
            size: of a picture, see `encode_style`.

        Raises:
            StyleError: an unknown name, a broken .npy file, or a style of another model.
            PictureError, ModelError: see `encode_style`.
        """
        (found,) = Look((spec,)).styles
        style = found if isinstance(found, Style) else self.encode_style(found, size)
        contract = self.contract
        if style.code.size != contract.style_size:
            raise StyleError(
                f"the style {style.name} has {style.code.size} values, the model {contract.model} takes "
                f"{contract.style_size}; encode it with this model"
            )
        if style.model not in (None, contract.checkpoint_sha256):
            raise StyleError(
                f"the style {style.name} is not for the model {contract.model}; "
                "give the picture itself, or use the model that encoded it"
            )
        return style

    def encode_style(self, picture: Source, size: int | None = None) -> Style:
        """Encode a picture as a style, named after its file.

        Args:
            picture: path, PIL image, bytes or stream of a picture file, or uint8 array [H,W,3], sRGB. At
                least 16 pixels a side. A transparent margin counts for nothing.
            size: see `Look.style_size`. None takes the model's own, or so much less that a scroll or a frieze has no
                more pixels than a painting LONGEST times as long as wide.

        Raises:
            PictureError: no picture, too small, or too large for the memory.
            ModelError: there is no style_encoder.onnx beside the stylizer, or it is of another model.
        """
        painting = load(picture)
        painting = painting.part(*painting.visible(self.contract.smallest_side))
        if size is None:
            longer, shorter = sorted((painting.width, painting.height), reverse=True)
            size = round(self.contract.painting * min(1, LONGEST * shorter / longer) ** 0.5)
            size = max(size, self.contract.smallest_side)
        painting = resize_to_side(painting, size, "shorter")
        name = style_name(picture)
        try:
            code = self._other("style_encoder").run(painting.pixels[None], {})[0]
        except PictureError as error:
            raise type(error)(f"the style {name}: {error}") from error
        return Style(code, name, self.contract.checkpoint_sha256)

    def _other(self, graph: Graph) -> Session:
        """Another graph of the model, opened when it is needed first."""
        with self._opening:
            if graph not in self._others:
                file = self._stylizer.file.with_name(f"{graph}.onnx")
                if graph == "style_encoder" and file.parent in shipped.MODELS.values():
                    file = shipped.ONNX / file.name
                other = Session(file, graph, self.device, self._threads, self._precision)
                mine, its = self.contract, other.contract
                if (mine.style_size, mine.checkpoint_sha256) != (its.style_size, its.checkpoint_sha256):
                    raise ModelError(
                        f"{file} and {self._stylizer.file.name} are of different models "
                        f"({its.model}, {mine.model}); export both from one checkpoint"
                    )
                self._others[graph] = other
            return self._others[graph]


def _as_read(mask: Source | None) -> Source | None:
    return mask if mask is None or isinstance(mask, Image.Image) else load(mask).to_pil()


def _shrunk(picture: Picture, size: int | None) -> Picture:
    return picture if size is None else resize_to_side(picture, size)
