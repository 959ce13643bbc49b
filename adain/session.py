"""Runs one of our ONNX files: pixels go in and come out as uint8, whether the file is of io `bytes` or `portable`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import shipped
from .contract import GRAPHS, KINDS, Contract, Graph, Use, read_model
from .engines import GPUS, Compute, Device, Inputs, Lane, open_engine
from .engines.cuda.check import cuda_problem
from .errors import AdaINError, ModelError, PictureError, TooLargeError, first_line, out_of_memory
from .pictures import Pixels
from .stopping import Stopped

Floats = NDArray[np.float32]


class Session:
    """An ONNX file of the contract, ready to run. Safe to share between threads.

    Args:
        file: untrusted; read whole, at most 2 GB, and nothing beside it but the file that has its weights.
        graph: which one it has to be.
        device, threads, precision: see `adain.engines.open_engine`.

    Attributes:
        contract: what the file says of itself.
        device: where it runs, never "auto".
        precision: of the convolutions as they are computed: "fp32", "fp16" or "bf16".
        lanes: how many lanes at once keep the device busy.

    Raises:
        ModelError: no such file, or not one of ours.
        DeviceError, OptionError: see `adain.engines.open_engine`.
    """

    def __init__(
        self,
        file: Path,
        graph: Graph,
        device: Device = "auto",
        threads: int | None = None,
        precision: Compute = "auto",
    ) -> None:
        self.file = file
        model = read_model(file)
        self.contract = Contract.read(model, str(file), graph)
        stored = self.contract.precision
        try:
            engine = open_engine(model, device, threads=threads, precision=precision, stored=stored, need=self._memory)
        except AdaINError:
            raise
        except Exception as error:  # the errors of the engines share no base class
            raise ModelError(
                f"{file} is no ONNX file that can be run here ({first_line(error)}); "
                "give a file or folder that `adain export` wrote"
            ) from error
        self._engine = engine
        self.device, self.precision, self.lanes = engine.device, engine.precision, engine.lanes

    def run(self, pixels: Pixels, inputs: Inputs, last: bool = False) -> Any:
        """Run the graph on a batch.

        Args:
            pixels: uint8 [N,H,W,3].
            inputs: the others, by name; what may differ from picture to picture has one for all or one for each.
            last: see `Engine.run`.

        Returns:
            uint8 [N,H,W,3]; or float32 [N,S], [N,T] where the graph gives codes or statistics.

        Raises:
            PictureError: pictures too small, or too large for the memory.
            ModelError: the engine failed.
            Stopped: nobody waits for the result, see `adain.stopping.Stop`.
        """
        size = pixels.shape[1:3]
        self._check_size(*size)
        if self.contract.io == "bytes":
            parts = [(pixels, inputs)]
        else:
            parts = [(frame[None], _of_one(inputs, number)) for number, frame in enumerate(pixels)]
        outputs = [self._call(size, self._engine.run, self._feed(*part), last) for part in parts]
        results = [self._result(output, *size) for output in outputs]
        return results[0] if len(results) == 1 else np.concatenate(results)

    def lane(self, height: int, width: int, inputs: Inputs) -> "PictureLane":
        """A lane for pictures of one size, with inputs like these; see `PictureLane`."""
        return PictureLane(self, height, width, inputs)

    def _feed(self, pixels: Pixels, inputs: Inputs) -> Inputs:
        first, *others = GRAPHS[self.contract.graph][0]
        if found := {
            name: _kind(value) for name, value in inputs.items() if getattr(value, "dtype", None) != np.float32
        }:
            raise TypeError(f"{found} came, float32 arrays were expected")
        if inputs.keys() != set(others):
            raise TypeError(f"the inputs {sorted(inputs)} came, {sorted(others)} were expected")
        if self.contract.io == "bytes":
            return {first: np.ascontiguousarray(pixels), **inputs}
        stride = self.contract.stride
        padded = {name: _pad(value, stride) if KINDS[name] == "weights" else value for name, value in inputs.items()}
        return {first: to_portable(pixels[0], stride), **padded}

    def _memory(self, inputs: Inputs, use: Use) -> int:
        """Bytes that a run takes."""
        pixels = max(array.size // 3 for name, array in inputs.items() if KINDS[name] == "pixels")
        return self.contract.bytes_for(use) * pixels

    def _check_size(self, height: int, width: int) -> None:
        least = self.contract.smallest_side
        if min(height, width) < least:
            raise PictureError(
                f"a picture of {width} x {height} pixels is too small; give at least {least} x {least}, "
                f"or a larger {self._option} if it was shrunk"
            )

    @property
    def _encodes(self) -> bool:
        return self.contract.graph == "style_encoder"

    @property
    def _option(self) -> str:
        """Of the command line, for the size of the picture that this graph takes."""
        return "--style-size" if self._encodes else "--size"

    def _result(self, output: Any, height: int, width: int) -> Any:
        if self.contract.io == "bytes" or KINDS[GRAPHS[self.contract.graph][1]] != "pixels":
            return output
        return from_portable(output, height, width)[None]

    def _call(self, size: tuple[int, int], function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the engine, and tell its errors as ours; our own mistakes stay what they are."""
        try:
            return function(*arguments)
        except (AttributeError, KeyError, NameError, TypeError, Stopped):  # of Python code, which the engines are not
            raise
        except Exception as error:  # the errors of the engines share no base class
            if out_of_memory(error):
                raise TooLargeError(
                    f"{size[1]} x {size[0]} pixels need more memory than there is; make the picture smaller, "
                    f"such as with {self._option} {(min if self._encodes else max)(size) // 2}"
                ) from error
            raise ModelError(f"{self.file} failed to run ({first_line(error)})") from error


class PictureLane:
    """A lane of the engine that takes and gives pixels; for one thread at a time, while other lanes run in others.

    The three steps of a run, apart, so that frames can overlap and each step can be timed; `run` does all three. Each
    raises what `Session.run` does.

    Args:
        height, width: of the pictures.
        inputs: like those that will come; the values do not matter.
    """

    def __init__(self, session: Session, height: int, width: int, inputs: Inputs) -> None:
        session._check_size(height, width)
        self._session, self._size = session, (height, width)
        feed = session._feed(np.zeros((1, height, width, 3), np.uint8), inputs)
        self._lane: Lane = session._call(self._size, session._engine.lane, feed)

    def upload(self, pixels: Pixels, inputs: Inputs) -> None:
        """Bring a picture, uint8 [height,width,3], and the other inputs to the device.

        Raises:
            PictureError: the picture is of another size or type.
        """
        check_frame(pixels, *self._size)
        self._session._call(self._size, self._lane.upload, self._session._feed(pixels[None], inputs))

    def compute(self) -> None:
        """Run the graph on what was uploaded; ends when the device is done."""
        self._session._call(self._size, self._lane.compute)

    def download(self) -> Pixels:
        """What `compute` made of the picture: uint8 [height,width,3]."""
        output = self._session._call(self._size, self._lane.download)
        result: Pixels = self._session._result(output, *self._size)[0]
        return result

    def run(self, pixels: Pixels, inputs: Inputs) -> Pixels:
        """All three steps."""
        self.upload(pixels, inputs)
        self.compute()
        return self.download()


def check_frame(pixels: object, height: int, width: int) -> None:
    """Raise a PictureError where a picture is of another size or type than uint8 [height,width,3]."""
    shape = (height, width, 3)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape != shape:
        raise PictureError(f"{_kind(pixels)} came, uint8 {list(shape)} was expected; convert or resize it")


def _of_one(inputs: Inputs, number: int) -> Inputs:
    """What belongs to one picture of a batch: its own where there is one for each, otherwise what all share."""
    return {name: value[[number]] if value.ndim > 1 and len(value) > 1 else value for name, value in inputs.items()}


def _pad(array: Any, stride: int) -> Any:
    """[1,H,W,...] padded by reflection at the bottom and on the right, so that the stride divides H and W."""
    height, width = array.shape[1:3]
    ends = [(0, 0), (0, -height % stride), (0, -width % stride), (0, 0)]
    return np.pad(array, ends[: array.ndim], mode="reflect")


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
    planes = _pad(pixels[None], stride).transpose(0, 3, 1, 2)
    result: Floats = np.ascontiguousarray(planes, np.float32) / np.float32(255)
    return result


def from_portable(pixels: Floats, height: int, width: int) -> Pixels:
    """The other way: float32 [1,3,H',W'], cropped, clipped and rounded to uint8 [height,width,3]."""
    cropped = pixels[0, :, :height, :width].transpose(1, 2, 0)
    result: Pixels = np.rint(cropped.clip(0, 1) * 255).astype(np.uint8)
    return result


def real_time_model(device: Device = "auto") -> str:
    """The package's model for whoever paints frames as they come: "large" where a GPU runs it, else "fast".

    Args:
        device: where it is going to run, as for `Stylizer`.
    """
    gpu = device in GPUS or (device == "auto" and cuda_problem() is None)
    return "large" if gpu else "fast"


def stylizer_file(model: str | Path | None) -> Path:
    """The file that a model stands for: "large" (or None) and "fast" are the package's own; else it is a folder of
    `adain export`, or a stylizer file.
    """
    own = shipped.MODELS.get(str(model or "large"))
    file = own or Path(str(model))
    return file / "stylizer.onnx" if own or file.is_dir() else file
