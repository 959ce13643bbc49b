"""Where results come from: a model, or a folder that another tool filled; and the style predictor."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..engines import open_engine
from ..errors import ModelError, PictureError, first_line
from ..look import Look
from ..onnx_file import parse
from ..pictures import Picture, Pixels, load, resize
from ..styles import Style
from ..stylizer import Stylizer
from . import metrics
from .pairs import Pair

Scores = dict[str, float]  # by the names of `metrics.METRICS`


class Results(Protocol):
    """Where results come from."""

    label: str

    def facts(self) -> dict[str, Any]:
        """What scores.json says of it."""

    def __call__(self, pair: Pair, content: Pixels, style: Pixels) -> Pixels | None:
        """The result for two crops, uint8 [S,S,3] each and itself; None where there is none."""

    def more(self, pair: Pair, content: Pixels, style: Pixels) -> Scores:
        """Scores that need other runs of the network."""


class FromModel:
    """Results of a model.

    Args:
        stylizer: the model.
        look: what the results shall look like, without styles.
    """

    def __init__(self, stylizer: Stylizer, look: Look) -> None:
        self.label = stylizer.contract.model
        self._stylizer, self._look = stylizer, look
        self._encoded: dict[tuple[Path, bool], Style] = {}

    def facts(self) -> dict[str, Any]:
        """Where it ran, how strongly, and which checkpoint it is of."""
        model = self._stylizer.contract.model_sha256
        return {"alpha": self._look.alpha, "device": self._stylizer.device, "model_sha256": model}

    def __call__(self, pair: Pair, content: Pixels, style: Pixels) -> Pixels:
        """Stylise a crop after a crop."""
        return self._stylizer.stylize(content, self._look.after(self._encode(pair, style)))

    def more(self, pair: Pair, content: Pixels, style: Pixels) -> Scores:
        """cast: see `metrics.chroma`."""
        output = self._stylizer.stylize(_grey(content), self._look.after(self._encode(pair, _grey(style), grey=True)))
        return {"cast": metrics.chroma(output)}

    def _encode(self, pair: Pair, style: Pixels, grey: bool = False) -> Style:
        key = (pair.style, grey)
        if key not in self._encoded:
            self._encoded[key] = self._stylizer.encode_style(style, size=min(style.shape[:2]))
        return self._encoded[key]


class FromFolder:
    """Results of another tool: CONTENT__STYLE.png; those of another size are resized (Lanczos) and counted.

    Args:
        folder: where they are.

    Raises:
        PictureError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise PictureError(f"{folder} is no folder; give the folder of the CONTENT__STYLE.png to score")
        self.label, self._resized = folder.resolve().name, 0
        self._folder = folder

    def facts(self) -> dict[str, Any]:
        """How many results had another size."""
        return {"resized": self._resized}

    def __call__(self, pair: Pair, content: Pixels, style: Pixels) -> Pixels | None:
        """Read a result."""
        file = self._folder / f"{pair.name}.png"
        if not file.exists():
            return None
        pixels = load(file).pixels
        if pixels.shape == content.shape:
            return pixels
        self._resized += 1
        return resize(Picture(pixels), content.shape[1], content.shape[0]).pixels

    def more(self, pair: Pair, content: Pixels, style: Pixels) -> Scores:
        """None: there is no network to run."""
        return {}


class Predictor:
    """Magenta's style predictor (Ghiasi et al., arXiv 1705.06830) as ONNX: float32 [1,256,256,3] 0..1 -> [D].

    Raises:
        ModelError: no such file, or no such network.
    """

    def __init__(self, file: Path) -> None:
        try:
            model = file.read_bytes()
            (self._input,) = (entry.name for entry in parse(model).inputs)
            self._engine = open_engine(model, "cpu")
            self(np.zeros((16, 16, 3), np.uint8))
        except Exception as error:  # onnxruntime's errors share no base class
            reason = first_line(error)
            raise ModelError(
                f"{file} is no style predictor ({reason}); expected an ONNX file that takes float32 [1,256,256,3]"
            ) from error

    def __call__(self, picture: Pixels) -> NDArray[np.float64]:
        """uint8 [H,W,3] -> the embedding [D]."""
        values = resize(Picture(picture), 256, 256).pixels[None].astype(np.float32) / 255
        embedding: NDArray[np.float64] = self._engine.run({self._input: values}).ravel().astype(np.float64)
        return embedding


def _grey(picture: Pixels) -> Pixels:
    grey = np.rint(metrics.luminance(picture) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
