"""onnxruntime on the CPU."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .engine import Array, Device, Engine, Inputs, Tensor

_TYPES = {"tensor(float)": "float32", "tensor(double)": "float64"}  # all others are named as numpy names them


class OnnxRuntime:
    """onnxruntime's CPU provider; an `Engine`, and the base of those for other providers of onnxruntime.

    Args:
        model: the bytes of an ONNX file.
        home: the model's file. External data may lie below it only, so none can: nothing lies below a file.
        threads: of the CPU; None takes one for each core.

    Raises:
        Exception: onnxruntime's own, where the model is at fault.
    """

    device: Device = "cpu"
    lanes = 1  # every run uses all cores

    def __init__(self, model: bytes, home: Path, threads: int | None) -> None:
        self._use(start(model, home, threads, ["CPUExecutionProvider"]))

    def _use(self, session: Any) -> None:
        self.session = session
        self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        self.inputs: Sequence[Tensor] = [_tensor(each) for each in session.get_inputs()]
        self.outputs: Sequence[Tensor] = [_tensor(each) for each in session.get_outputs()]

    def run(self, inputs: Inputs) -> Array:
        """See `Engine`."""
        output: Array = self.session.run(None, dict(inputs))[0]
        return output

    def lane(self, inputs: Inputs) -> "CpuLane":
        """See `Engine`."""
        return CpuLane(self)


class CpuLane:
    """A `Lane` where device and host are one: the first and the last step move nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def upload(self, inputs: Inputs) -> None:
        """See `Lane`."""
        self._inputs = inputs

    def compute(self) -> None:
        """See `Lane`."""
        self._output = self._engine.run(self._inputs)

    def download(self) -> Array:
        """See `Lane`."""
        return self._output


def start(model: bytes, home: Path, threads: int | None, providers: list[Any]) -> Any:
    """An `onnxruntime.InferenceSession` with our options; for the arguments see `OnnxRuntime`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong comes as an exception; the rest is noise on stderr
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Memory patterns help where every run has the same size. With varying sizes we measured 44 % less memory
    # without them at the same speed. The arena stays: without it runs took 25 % longer. ENABLE_ALL over EXTENDED:
    # 15 %, by the layout of the convolutions. Fixed sizes, threads that do not spin, denormals as zero: nothing sure.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = True
    options.intra_op_num_threads = threads or 0  # 0: one for each core
    options.add_session_config_entry("session.load_model_format", "ONNX")  # do not guess from the bytes
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(home))
    # The fallback would print to stdout and run on the CPU whatever the user asked for.
    return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)


def _tensor(argument: Any) -> Tensor:
    kind = _TYPES.get(argument.type, argument.type.removeprefix("tensor(").removesuffix(")"))
    return Tensor(argument.name, kind, tuple(argument.shape))
