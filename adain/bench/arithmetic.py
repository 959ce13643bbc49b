"""The arithmetic of a frame, counted from the graph; and the graph that shows what the device can do at most."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

from ..contract import Contract
from ..engines.onnxruntime import library

# Channels and side of the convolutions that show the peak: large enough for all cores, small enough for memory.
PEAK_SHAPES = {"cpu": (256, 128), "gpu": (512, 256)}
PEAK_CONVOLUTIONS = 4  # of all channels; with two, OpenVINO reached four fifths of this


def count(file: Path, contract: Contract, width: int, height: int) -> int:
    """Operations of the convolutions for one frame: each multiplication and each addition is one.

    Everything else (statistics, activations, padding, resizing) is a few operations a value and is left out.

    Args:
        file: of the contract, with one picture as its first input.
        width, height: of the frame, in px; portable files get it padded to their stride.
    """
    model = _with_sizes(file, contract, width, height)
    known = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    shapes = {value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in known}
    shapes |= {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    total = 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            _, *of_one_output = shapes[node.input[1]]  # weights are [out, in / group, kernel height, kernel width]
            total += 2 * int(np.prod(shapes[node.output[0]])) * int(np.prod(of_one_output))
    return total


def _with_sizes(file: Path, contract: Contract, width: int, height: int) -> onnx.ModelProto:
    """The graph with the shapes of all its tensors.

    Shape inference alone does not see through the arithmetic by which a bytes file pads; onnxruntime folds it into
    constants, once it knows the sizes.
    """
    if contract.io == "portable":
        width, height = width + -width % contract.stride, height + -height % contract.stride
    axes = {1: height, 2: width} if contract.io == "bytes" else {2: height, 3: width}
    inputs = onnx.load(file).graph.input
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    for value in inputs:
        for index, axis in enumerate(value.type.tensor_type.shape.dim):
            if axis.dim_param:
                size = axes.get(index, 1) if value.name == inputs[0].name else 1
                options.add_free_dimension_override_by_name(axis.dim_param, size)
    with tempfile.TemporaryDirectory(prefix="adain-") as folder:
        options.optimized_model_filepath = str(Path(folder) / "sized.onnx")
        onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        return shape_inference.infer_shapes(onnx.load(options.optimized_model_filepath), data_prop=True)


def peak_graph(hardware: str, precision: str) -> tuple[bytes, tuple[int, ...], int]:
    """Large convolutions of 3 x 3 in a row, behind a small input and before a small output: little is moved.

    Returns:
        the bytes of an ONNX file; the shape of its input `x0`, float16 or float32; its operations.
    """
    channels, side = PEAK_SHAPES[hardware]
    shape, depth = (1, 3, side, side), 1 + PEAK_CONVOLUTIONS
    kind = TensorProto.FLOAT16 if precision == "fp16" else TensorProto.FLOAT
    dtype, random = helper.tensor_dtype_to_np_dtype(kind), np.random.default_rng(0)
    first, others = (
        random.normal(0, (9 * before) ** -0.5, (channels, before, 3, 3)).astype(dtype)  # keeps the scale of values
        for before in (3, channels)
    )
    convolutions = [
        helper.make_node("Conv", [f"x{i}", "others" if i else "first"], [f"x{i + 1}"], pads=[1] * 4)
        for i in range(depth)
    ]
    graph = helper.make_graph(
        [*convolutions, helper.make_node("GlobalAveragePool", [f"x{depth}"], ["mean"])],
        "peak",
        [helper.make_tensor_value_info("x0", kind, shape)],
        [helper.make_tensor_value_info("mean", kind, (1, channels, 1, 1))],
        [numpy_helper.from_array(first, "first"), numpy_helper.from_array(others, "others")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    flop = 2 * 9 * side**2 * (3 * channels + PEAK_CONVOLUTIONS * channels**2)
    return model.SerializeToString(), shape, flop
