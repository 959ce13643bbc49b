"""Stylizer: the ONNX models, run by an engine.

    Look of pictures  ->  encode  ->  Look of Styles
    content, Look     ->  stylize, restyle, stream  ->  picture

A style costs one run of the encoder and can be kept; after that each picture or video frame costs one run
of the stylizer.
"""

from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import overload

import numpy as np
from PIL import Image

from .contract import Contract
from .engines import Compute, Device
from .errors import ModelError, StyleError
from .look import Look, StyleSource, style_name
from .pictures import FileSource, Picture, Pixels, Source, load, resize_to_side
from .session import Session, stylizer_file
from .stream import Stream
from .styles import Style


class Stylizer:
    """Restyles pictures with a trained model. Safe to share between threads.

    Args:
        model: a folder with stylizer.onnx and, so that pictures can be styles, style_encoder.onnx; or a
            stylizer file, with style_encoder.onnx beside it. None takes the model of the package.
        device: "auto" takes the GPU where there is a usable one, and says in the log `adain` where it
            runs instead: on the CPU, with OpenVINO where it is installed ("openvino"), or onnxruntime ("cpu").
        threads: of the CPU; None takes one for each core.
        precision: of the convolutions, see `adain.engines.open_engine`.

    Raises:
        ModelError: no such file, or not one of ours.
        DeviceError: the device was asked for and cannot start; the message says why.
        OptionError: an unknown device or precision, or threads below 1.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        device: Device = "auto",
        *,
        threads: int | None = None,
        precision: Compute = "auto",
    ) -> None:
        self._stylizer = Session(stylizer_file(model), "stylizer", device, threads, precision)
        self._threads, self._precision = threads, precision
        self._encoder: Session | None = None
        self._encoder_lock = Lock()

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
            frames: Pixels = np.stack([_shrunk(Picture(frame), size).pixels for frame in content])
            results: Pixels = self._stylizer.run(frames, self.encode(look).inputs())
            return results
        result = self.restyle(_shrunk(load(content), size), look)
        return result.pixels if isinstance(content, np.ndarray) else result.to_pil()

    def restyle(self, picture: Picture, look: Look) -> Picture:
        """The same for a `Picture`, which gives a `Picture`. Its alpha channel is kept; a transparent margin counts for
        nothing, and stays white.
        """
        visible = picture.visible(self.contract.smallest_side)
        pixels = np.full_like(picture.pixels, 255)
        pixels[visible] = self._stylizer.run(picture.part(*visible).pixels[None], self.encode(look).inputs())[0]
        return Picture(pixels, picture.alpha)

    def stream(
        self,
        size: tuple[int, int],
        style: Look | StyleSource,
        alpha: float | None = None,
        *,
        depth: int | None = None,
    ) -> Stream:
        """Stylise frames of one size, several of them on their way at once: video, cameras.

            with stylizer.stream((1280, 720), "starry-night") as stream:
                for frame in stream.run(camera):
                    show(frame)

        Args:
            size: (width, height) of the frames, at least 16 each.
            style, alpha: of the first frames, as for `stylize`; set `stream.look` for others.
            depth: how many frames can be in the stream. None takes one more than the device works on at once;
                more evens out frames that take long to read or write, and adds to the latency.

        Raises:
            PictureError: frames too small, or too large for the memory.
            StyleError, ModelError: see `encode`.
            OptionError: see `Look`; or a depth that is too small.
        """
        return Stream(self._stylizer, size, self.encode, Look.of(style, alpha), depth)

    def encode(self, look: Look) -> Look:
        """The same look with a Style for every picture in it, which costs nothing where there is none.

        Raises:
            PictureError, ModelError: see `encode_style`.
            StyleError: a style of another model.
        """
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
            size: see `Look.style_size`.

        Raises:
            PictureError: no picture, too small, or too large for the memory.
            ModelError: there is no style_encoder.onnx beside the stylizer, or it is of another model.
        """
        painting = load(picture)
        visible = painting.visible(self.contract.smallest_side)
        painting = resize_to_side(painting.part(*visible), size or self.contract.painting, "shorter")
        code = self._style_encoder().run(painting.pixels[None], {})[0]
        return Style(code, style_name(picture), self.contract.checkpoint_sha256)

    def _style_encoder(self) -> Session:
        with self._encoder_lock:
            if self._encoder is None:
                file = self._stylizer.file.with_name("style_encoder.onnx")
                encoder = Session(file, "style_encoder", self.device, self._threads, self._precision)
                mine, its = self.contract, encoder.contract
                if (mine.style_size, mine.checkpoint_sha256) != (its.style_size, its.checkpoint_sha256):
                    raise ModelError(
                        f"{file} and {self._stylizer.file.name} are of different models "
                        f"({its.model}, {mine.model}); export both from one checkpoint"
                    )
                self._encoder = encoder
            return self._encoder


def _shrunk(picture: Picture, size: int | None) -> Picture:
    return picture if size is None else resize_to_side(picture, size)
