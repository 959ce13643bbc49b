"""Half precision, and what a graph holds: with the package onnx, which the running wing can do without."""

import collections
from pathlib import Path

import onnx
import onnxruntime
import pytest
from checks import psnr, shipped_feed
from onnx_writer import external_tensor
from tiny import tiny

from adain import shipped
from adain.engines import open_engine
from adain.engines.cuda.half import to_half
from adain.onnx_file import parse

SHIPPED = shipped.ONNX / "stylizer.onnx"


def test_half_precision_keeps_the_picture() -> None:
    inputs, model = shipped_feed(), SHIPPED.read_bytes()
    assert parse(model) == parse(to_half(model))
    full, half = (open_engine(each, "cpu") for each in (model, to_half(model)))
    assert psnr(full.run(inputs), half.run(inputs)) > 55


def test_half_precision_of_convolutions_not_of_statistics() -> None:
    graph = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(to_half(SHIPPED.read_bytes()))).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in graph.value_info}
    kinds |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            assert {kinds[name] for name in (*node.input, *node.output)} == {onnx.TensorProto.FLOAT16}
        if node.op_type in ("ReduceMean", "Sqrt", "Div", "Mul", "Sub"):
            assert onnx.TensorProto.FLOAT16 not in {kinds.get(name) for name in (*node.input, *node.output)}
    between = collections.Counter(node.op_type for node in graph.node)
    # Between convolutions are float16 values, but a modulation is float32: there and back again.
    assert between["Cast"] < 2 * between["Conv"]


def test_weights_outside_are_left_there() -> None:
    outside = tiny(constants=[external_tensor("white", [], "w.bin")])
    assert to_half(outside) is outside


# With float32 and float16 kernels in onnxruntime's CUDA provider: docs/OperatorKernels.md of onnxruntime.
ON_CUDA = {
    *("Add", "AveragePool", "Cast", "Clip", "Concat", "Conv", "Div", "Gemm", "Max", "MaxPool", "Mul", "Neg", "Pad"),
    *(
        "Reciprocal",
        "ReduceMean",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Resize",
        "Round",
        "Slice",
        "Split",
        "Sqrt",
        "Sub",
        "Transpose",
        "Unsqueeze",
    ),
}


@pytest.mark.parametrize("graph", ["stylizer", "style_encoder"])
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_nothing_in_a_lane_blocks_a_cuda_graph(graph: str, precision: str, tmp_path: Path) -> None:
    """No control flow, and no node that computes a shape, which onnxruntime puts on the CPU."""
    model = (shipped.ONNX / f"{graph}.onnx").read_bytes()
    options = onnxruntime.SessionOptions()
    # Above BASIC it would take kernels of the CPU, and there it has casts for what the CPU lacks in float16.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(tmp_path / "fixed.onnx")
    for axis, size in {"batch": 1, "style_batch": 1, "height": 509, "width": 701}.items():
        options.add_free_dimension_override_by_name(axis, size)
    model = to_half(model) if precision == "fp16" else model
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    assert all(isinstance(size, int) for size in session.get_outputs()[0].shape)
    fixed = onnx.load(tmp_path / "fixed.onnx").graph
    assert {node.op_type for node in fixed.node} <= ON_CUDA
    # What a kernel reads on the CPU has to be a constant, or it would be copied from the GPU.
    constants = {tensor.name for tensor in fixed.initializer} | {""}
    for node in fixed.node:
        if node.op_type in ("Pad", "Resize", "ReduceMean", "ReduceSum", "Reshape", "Split", "Slice", "Unsqueeze"):
            assert set(node.input[1:]) <= constants, node.name
