"""One ONNX file of the contract in an engine, whichever door it has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .contract import GRAPHS, MIN_SIDE, Contract, Graph
from .engines import Compute, Device, Inputs, open_engine
from .errors import AdaINError, ModelError, PictureError, first_line, out_of_memory
from .onnx_file import read_bytes
from .pictures import Pixels

Floats = NDArray[np.float32]


class Session:
    """An ONNX file of the contract in an engine; pixels are uint8 whatever its io.

    Args:
        file: untrusted; read whole, at most 2 GB, and nothing beside it.
        graph: which one it has to be; None takes any.
        device, threads, precision: see `adain.engines.open_engine`.

    Raises:
        ModelError: no such file, or not one of ours.
        DeviceError, OptionError: see `adain.engines.open_engine`.
    """

    def __init__(
        self,
        file: Path,
        graph: Graph | None,
        device: Device = "auto",
        threads: int | None = None,
        precision: Compute = "auto",
    ) -> None:
        self.file = file
        model = read_bytes(file)
        self.contract = Contract.read(model, str(file), graph)
        stored = self.contract.precision
        try:
            self.engine = open_engine(model, device, threads=threads, precision=precision, stored=stored)
        except AdaINError:
            raise
        except Exception as error:  # the errors of the engines share no base class
            raise ModelError(
                f"{file} is no ONNX file that can be run here ({first_line(error)}); "
                "give a file or folder that `adain export` wrote"
            ) from error

    def run(self, pixels: Pixels, inputs: dict[str, Floats]) -> Any:
        """Run on uint8 [N,H,W,3]; gives uint8 [N,H,W,3], or float32 [N,S] of a style encoder."""
        height, width = pixels.shape[1:3]
        with self._explained(height, width):
            if self.contract.io == "bytes":
                return self.engine.run(self._feed(pixels, inputs))
            outputs = [self.engine.run(self._feed(frame[None], inputs)) for frame in pixels]
        if self.contract.graph == "style_encoder":
            return np.concatenate(outputs)
        return np.stack([from_portable(output, height, width) for output in outputs])

    def lane(self, height: int, width: int, inputs: dict[str, Floats]) -> Callable[[Pixels, dict[str, Floats]], Pixels]:
        """A lane of the engine for pictures of one size.

        Args:
            height, width: of the pictures.
            inputs: like those that will come; the values do not matter.

        Returns:
            A function for one thread at a time that does what `run` does, for one picture: uint8 [height,width,3]
            and the inputs in, uint8 [height,width,3] out. It refuses other pictures with a PictureError.
        """
        shape = (height, width, 3)
        with self._explained(height, width):
            lane = self.engine.lane(self._feed(np.zeros((1, *shape), np.uint8), inputs))

        def run(pixels: Pixels, inputs: dict[str, Floats]) -> Pixels:
            if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape != shape:
                raise PictureError(f"{_kind(pixels)} came, uint8 {list(shape)} was expected; convert or resize it")
            with self._explained(height, width):
                lane.upload(self._feed(np.ascontiguousarray(pixels)[None], inputs))
                lane.compute()
                output = lane.download()
            return output[0] if self.contract.io == "bytes" else from_portable(output, height, width)

        return run

    def _feed(self, pixels: Pixels, inputs: dict[str, Floats]) -> Inputs:
        first, *_ = GRAPHS[self.contract.graph][0]
        return {
            first: pixels if self.contract.io == "bytes" else to_portable(pixels[0], self.contract.stride),
            **inputs,
        }

    @contextmanager
    def _explained(self, height: int, width: int) -> Iterator[None]:
        """Refuse pictures that are too small or too large; tell the engine's errors as ours."""
        if min(height, width) < MIN_SIDE:
            raise PictureError(
                f"a picture of {width} x {height} pixels is too small; give at least {MIN_SIDE} x {MIN_SIDE}"
            )
        try:
            yield
        except Exception as error:  # the errors of the engines share no base class
            if out_of_memory(error):
                raise PictureError(
                    f"{width} x {height} pixels need more memory than there is; make the picture smaller, "
                    f"such as with --size {max(width, height) // 2}"
                ) from error
            raise ModelError(f"{self.file} failed to run ({first_line(error)})") from error


def _kind(value: object) -> str:
    return f"{value.dtype} {list(value.shape)}" if isinstance(value, np.ndarray) else type(value).__name__


def to_portable(pixels: Pixels, stride: int) -> Floats:
    """Pixels as a `portable` file takes them.

    Args:
        pixels: uint8 [H,W,3].
        stride: the padded height and width are multiples of this.

    Returns:
        float32 [1,3,H',W'], 0..1, padded by reflection at the bottom and on the right.
    """
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % stride), (0, -width % stride), (0, 0)), mode="reflect")
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def from_portable(pixels: Floats, height: int, width: int) -> Pixels:
    """The other way: float32 [1,3,H',W'], cropped, clipped and rounded to uint8 [height,width,3]."""
    cropped = pixels[0, :, :height, :width].transpose(1, 2, 0)
    result: Pixels = np.rint(cropped.clip(0, 1) * 255).astype(np.uint8)
    return result
