"""`portable` files from `bytes` files, with onnx alone: for those who have the shipped files and no torch.

What the two differ in stands at the ends of a graph: uint8 to float32 and padding in front, cropping, rounding and
uint8 behind. They are cut off; the network between them stays as it is, with its weights as they are stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper

from ..contract import GRAPHS, KINDS, Contract, Layout, read_model
from ..engines.onnxruntime import library
from ..errors import ModelError
from ..onnx_file import Tensor
from ..replacing import replacing
from .webgpu import take_channels_away

BOUND = 1  # step of 255, between a file and the one that it is made of


def convert(
    folder: Path, out: Path, report: Callable[[Path, float], None] = lambda path, difference: None
) -> list[Path]:
    """Write `portable` files for the `bytes` files of a folder, each compared with the one that it is made of.

    Args:
        folder: of GRAPH.onnx, for one graph or more.
        out: gets GRAPH.onnx; another folder.
        report: called after each file, with the largest difference on pictures whose sides the stride divides: see
            `compare`.

    Raises:
        ModelError: no such file, or one that is not of kind `bytes`, or the result differs.
    """
    files = [folder / f"{graph}.onnx" for graph in GRAPHS if (folder / f"{graph}.onnx").is_file()]
    if not files:
        raise ModelError(f"{folder} has no stylizer.onnx and no style_encoder.onnx; give a folder of `adain export`")
    if out.resolve() == folder.resolve():
        raise ModelError(f"{folder} holds the files that are read; give another folder for the new ones, with --out")
    written = []
    for file in files:
        source = read_model(file)
        facts = Contract.read(source, str(file))
        path = out / file.name
        model = to_portable(onnx.load_model_from_string(source), facts)
        with replacing(path) as temporary:
            onnx.save_model(model, temporary)
            difference = compare(source, temporary, facts)
            if not difference <= BOUND:
                raise ModelError(
                    f"{path} differs from {file} by {difference:.3g}: not written; export it from the model"
                )
        written.append(path)
        report(path, difference)
    return written


def to_portable(model: ModelProto, facts: Contract) -> ModelProto:
    """The same network with `portable` doors; the model is changed.

    Raises:
        ModelError: a graph of another kind than `bytes`, without the doors that `adain export` writes, or that needs
            the size of its pictures elsewhere too.
    """
    if facts.io != "bytes":
        raise ModelError(f"a {facts.graph} of the kind {facts.io} cannot be converted; give bytes files")
    graph, wanted = model.graph, replace(facts, io="portable", weights=None)
    doors = {"pixels": ("Transpose", "Cast", "Div", "Pad"), "weights": ("Unsqueeze", "Pad", "Gather")}
    for value, tensor in zip(graph.input, wanted.inputs, strict=True):
        if door := doors.get(KINDS[tensor.name]):
            _rename(graph.node, _behind(graph.node, tensor.name, *door), tensor.name)
        _set_shape(value, tensor)
    name = wanted.output.name
    if KINDS[name] == "pixels":
        _rename(graph.node, _before(graph.node, name, "Transpose", "Cast", "Round", "Mul", "Slice", "Slice"), name)
    _set_shape(graph.output[0], wanted.output)
    take_channels_away(graph)
    _drop_unused(graph)
    if any(node.op_type == "Shape" for node in graph.node):
        raise ModelError(f"this {facts.graph} asks for the size of its pictures inside; export it from the model")
    helper.set_model_props(model, wanted.to_metadata())
    onnx.checker.check_model(model, full_check=True)
    del graph.value_info[:]  # tract refuses symbolic shapes inside
    return model


def compare(source: bytes, portable: Path, facts: Contract) -> float:
    """The largest difference between a `bytes` file and a `portable` one on pictures that need no padding.

    Returns:
        Of pixels in steps of 255, of codes as it is, of statistics for each pixel; NaN where a value is NaN.
    """
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    ours, theirs = (onnxruntime.InferenceSession(file, options, providers=providers) for file in (source, portable))
    random, side = np.random.default_rng(0), 8 * facts.stride
    blocks = random.integers(0, 256, (1, 8, 12, 3), np.uint8)
    kinds = {
        "pixels": blocks.repeat(side // 8, 1).repeat(side // 8, 2),
        "code": random.uniform(0.5, 1.5, (1, facts.style_size)).astype(np.float32),
        "strength": np.array([0.7], np.float32),
        "weights": random.random((1, side, side * 12 // 8), np.float32),
        "statistics": _some_statistics(facts.statistics),
    }
    feeds = {name: kinds[KINDS[name]] for name in GRAPHS[facts.graph][0]}
    (expected,) = ours.run(None, feeds)
    (got,) = theirs.run(None, {name: _as_portable(value) for name, value in feeds.items()})
    if expected.dtype == np.uint8:
        got = np.rint(got.transpose(0, 2, 3, 1) * 255)
    if facts.graph == "measure":  # sums, as means
        got, expected = got / expected[0, 0], expected / expected[0, 0]
    return float(np.abs(got.astype(np.float64) - expected).max())


def _some_statistics(layout: Layout) -> np.ndarray:
    """Of a picture of one pixel: small means, and spreads about 1 that do not depend on each other."""
    values = [np.zeros(0)]
    for name, length in layout:
        if name.endswith(".sum"):
            values.append(np.linspace(0.1, 0.3, length))
        else:  # the weight, squares, or the lower triangle of the products of three colours
            values.append(np.eye(3)[np.tril_indices(3)] if name.endswith(".products") else np.ones(length))
    return np.concatenate(values, dtype=np.float32)[None]


def _as_portable(value: np.ndarray) -> np.ndarray:
    return value.transpose(0, 3, 1, 2).astype(np.float32) / 255 if value.dtype == np.uint8 else value


def _set_shape(value: onnx.ValueInfoProto, tensor: Tensor) -> None:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(tensor.type))
    value.CopyFrom(helper.make_tensor_value_info(tensor.name, kind, tensor.shape))


def _behind(nodes: Sequence[NodeProto], tensor: str, *kinds: str) -> str:
    """The tensor that a chain of nodes of these kinds makes of another, each by its first input."""
    for kind in kinds:
        found = [node for node in nodes if node.op_type == kind and node.input[0] == tensor]
        if len(found) != 1:
            raise ModelError(f"the graph has no {kind} behind {tensor}; it is not one that `adain export` wrote")
        tensor = found[0].output[0]
    return tensor


def _before(nodes: Sequence[NodeProto], tensor: str, *kinds: str) -> str:
    """The tensor that a chain of nodes of these kinds, the last one first, makes into another."""
    for kind in kinds:
        found = [node for node in nodes if node.op_type == kind and node.output[0] == tensor]
        if len(found) != 1:
            raise ModelError(f"the graph has no {kind} before {tensor}; it is not one that `adain export` wrote")
        tensor = found[0].input[0]
    return tensor


def _rename(nodes: Sequence[NodeProto], old: str, new: str) -> None:
    """Give a tensor the name of another, whose own nodes lose it."""
    for node in nodes:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == new:
                    names[index] = f"{new}_cut_off"
                elif name == old:
                    names[index] = new


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Remove the nodes and weights that the output does not come from, and who else makes an input."""
    inputs, wanted, kept = {value.name for value in graph.input}, {value.name for value in graph.output}, []
    for node in reversed(graph.node):  # in the order of computation, by ONNX's rule
        if wanted & set(node.output) - inputs:
            kept.append(node)
            wanted |= set(node.input)
    weights = [tensor for tensor in graph.initializer if tensor.name in wanted]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(weights)
