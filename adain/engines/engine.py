"""What every engine that runs our ONNX files offers, whatever library and device are below it."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from ..contract import Use

Device = Literal["auto", "cpu", "openvino", "cuda", "tensorrt"]
GPUS: tuple[Device, ...] = ("cuda", "tensorrt")
Stored = Literal["fp32", "fp16"]  # in a file
Compute = Literal["auto", "fp32", "fp16"]

Array = NDArray[Any]
Inputs = Mapping[str, Array]
# Bytes of memory that a run takes by what the model's file says: from its inputs, and how it is run.
Need = Callable[[Inputs, Use], int]


def unknown(inputs: Inputs, use: Use) -> int:
    """The `Need` of a file that says nothing."""
    return 0


class Lane(Protocol):
    """One graph with inputs of one shape; for one thread at a time, while other lanes run in others.

    The three steps of a run, apart, so that frames can overlap and each step can be timed.
    """

    def upload(self, inputs: Inputs) -> None:
        """Bring the inputs to the device; shapes and types are those of the lane."""

    def compute(self) -> None:
        """Run the graph on what was uploaded; ends when the device is done."""

    def download(self) -> Array:
        """What `compute` left, in memory that is the caller's."""


class Engine(Protocol):
    """An ONNX file with one output, ready to run.

    Attributes:
        device: where it runs; never "auto".
        precision: of the convolutions: "fp32", "fp16" or "bf16".
        lanes: how many lanes at once keep the device busy.
    """

    device: Device
    precision: str
    lanes: int

    def run(self, inputs: Inputs, last: bool = False) -> Array:
        """Inputs of any shapes in, the output out; safe to call from many threads.

        Args:
            inputs: by name.
            last: none of this size comes soon; memory that an engine keeps for the next one is given back.
        """

    def lane(self, inputs: Inputs) -> Lane:
        """A lane for inputs of these shapes and types; the values do not matter."""
