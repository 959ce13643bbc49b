"""Stylizer: the ONNX models, run by an engine.

    content, style picture  ->  encode_style  ->  Style  ->  stylize  ->  picture

A style costs one run of the encoder and can be kept; after that each picture or video frame costs one run
of the stylizer.
"""

from pathlib import Path
from threading import Lock
from typing import overload

import numpy as np
from PIL import Image

from . import shipped
from .bank import bank
from .contract import Contract
from .engines import Compute, Device
from .errors import ModelError, StyleError
from .pictures import FileSource, Picture, Pixels, Source, load, resize_to_side
from .session import Session, style_inputs
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
        file = shipped.ONNX if model is None else Path(model)
        if file.is_dir() or model is None:
            file = file / "stylizer.onnx"
        self._stylizer = Session(file, "stylizer", device, threads, precision)
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
        return self._stylizer.engine.device

    @overload
    def stylize(
        self, content: Pixels, style: Style | Source, alpha: float = 1.0, size: int | None = None
    ) -> Pixels: ...

    @overload
    def stylize(
        self, content: FileSource, style: Style | Source, alpha: float = 1.0, size: int | None = None
    ) -> Image.Image: ...

    def stylize(
        self, content: Source, style: Style | Source, alpha: float = 1.0, size: int | None = None
    ) -> Image.Image | Pixels:
        """Give a picture the style of another.

        Args:
            content: path, PIL image, bytes or stream of a picture file; or a uint8 array [H,W,3] or
                [N,H,W,3], sRGB. At least 16 pixels a side, after `size`.
            style: whatever `find_style` takes. For many pictures pass a Style, which is not encoded again.
            alpha: strength, from 0 (the content, rebuilt) to 1 (the full style).
            size: shrink the content first so that its longer side has at most so many pixels.

        Returns:
            For an array an array of the same layout; otherwise a PIL image, RGB, or RGBA where the content
            has an alpha channel. Height and width of the content.

        Raises:
            PictureError: the content is no picture, too small, or too large for the memory.
            StyleError: see `find_style`.
            OptionError: alpha outside 0 to 1, or size below 1.
        """
        if isinstance(content, np.ndarray) and content.ndim == 4 and len(content):
            inputs = style_inputs(self.find_style(style), alpha)
            frames: Pixels = np.stack([_shrunk(Picture(frame), size).pixels for frame in content])
            results: Pixels = self._stylizer.run(frames, inputs)
            return results
        result = self.restyle(load(content), style, alpha, size)
        return result.pixels if isinstance(content, np.ndarray) else result.to_pil()

    def restyle(self, picture: Picture, style: Style | Source, alpha: float = 1.0, size: int | None = None) -> Picture:
        """The same for a `Picture`, which gives a `Picture`: its alpha channel is kept."""
        inputs = style_inputs(self.find_style(style), alpha)
        picture = _shrunk(picture, size)
        return Picture(self._stylizer.run(picture.pixels[None], inputs)[0], picture.alpha)

    def stream(
        self, size: tuple[int, int], style: Style | Source, alpha: float = 1.0, *, depth: int | None = None
    ) -> Stream:
        """Stylise frames of one size, several of them on their way at once: video, cameras.

            with stylizer.stream((1280, 720), "starry-night") as stream:
                for frame in stream.run(camera):
                    show(frame)

        Args:
            size: (width, height) of the frames, at least 16 each.
            style, alpha: of the first frames, as for `stylize`; set `stream.style` and `stream.alpha` for others.
            depth: how many frames can be in the stream. None takes one more than the device works on at once;
                more evens out frames that take long to read or write, and adds to the latency.

        Raises:
            PictureError: frames too small, or too large for the memory.
            StyleError: see `find_style`.
            OptionError: alpha outside 0 to 1, or a depth that is too small.
        """
        return Stream(self._stylizer, size, self.find_style, style, alpha, depth)

    def find_style(self, spec: Style | Source, size: int = 512) -> Style:
        """The style that `spec` stands for.

        Args:
            spec: Style; path of a .npy style or of a picture; name of a built-in style (a str that names no
                file); PIL image; or uint8 array [H,W,3].
            size: of a picture, see `encode_style`.

        Raises:
            StyleError: an unknown name, a broken .npy file, or a style of another model.
            PictureError, ModelError: see `encode_style`.
        """
        style = spec if isinstance(spec, Style) else self._find(spec, size)
        if style.code.size != self.contract.style_size:
            raise StyleError(
                f"the style {style.name} has {style.code.size} values, the model {self.contract.model} takes "
                f"{self.contract.style_size}; encode it with this model"
            )
        return style

    def encode_style(self, picture: Source, size: int = 512) -> Style:
        """Encode a picture as a style, named after its file.

        Args:
            picture: path, PIL image, bytes or stream of a picture file, or uint8 array [H,W,3], sRGB. At
                least 16 pixels a side.
            size: a picture whose shorter side is longer is shrunk to this. Smaller values
                give finer strokes; larger ones take memory by their square.

        Raises:
            PictureError: no picture, too small, or too large for the memory.
            ModelError: there is no style_encoder.onnx beside the stylizer, or it is of another model.
        """
        name = Path(picture).stem if isinstance(picture, str | Path) else "picture"
        pixels = resize_to_side(load(picture), size, "shorter").pixels
        return Style(self._style_encoder().run(pixels[None], {})[0], name)

    def _find(self, spec: Source, size: int) -> Style:
        if isinstance(spec, str) and not _is_file(spec):
            style = bank().style(spec)
            if bank().model != self.contract.checkpoint_sha256:
                raise StyleError(
                    f"the built-in style {style.name} is not for the model {self.contract.model}; "
                    "give the picture itself, or use the model of the package"
                )
            return style
        if isinstance(spec, str | Path) and Path(spec).suffix.lower() == ".npy":
            return Style.load(spec)
        return self.encode_style(spec, size)

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


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than a path may be, or with a zero byte
        return False
