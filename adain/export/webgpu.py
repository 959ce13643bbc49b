"""What onnxruntime needs of a graph to run it rightly on WebGPU (seen with 1.30; export/web tests it)."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

TENSORS = 8  # that a node may have there: storage buffers of a shader, by the WebGPU standard's default limits
LANES = 4  # a convolution of more channels than these, and no multiple of them, is wrong (microsoft/onnxruntime#29651)


def suit(graph: onnx.GraphProto) -> None:
    """Change a graph, not what it computes."""
    nodes = []
    sizes = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Split" and len(node.output) >= TENSORS:
            nodes += _split_in_two_steps(graph, node, numpy_helper.to_array(sizes[node.input[1]]))
        elif node.op_type == "Conv" and node.input[1] in sizes:
            nodes += [*_fill_channels(graph, node, sizes[node.input[1]]), node]
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)


def _split_in_two_steps(graph: onnx.GraphProto, node: onnx.NodeProto, sizes: np.ndarray) -> list[onnx.NodeProto]:
    """Into a few large parts, and those into their own."""
    (axis,) = (helper.get_attribute_value(each) for each in node.attribute if each.name == "axis")
    step = -(-len(sizes) // (TENSORS - 1))
    outputs = [list(node.output[at : at + step]) for at in range(0, len(sizes), step)]
    parts = [sizes[at : at + step] for at in range(0, len(sizes), step)]
    names = [f"{node.name}_part_{index}" for index in range(len(parts))]

    def split(source: str, sizes: np.ndarray, outputs: list[str], name: str) -> onnx.NodeProto:
        graph.initializer.append(numpy_helper.from_array(sizes.astype(np.int64), f"{name}_sizes"))
        return helper.make_node("Split", [source, f"{name}_sizes"], outputs, name=name, axis=axis)

    whole = split(node.input[0], np.array([part.sum() for part in parts]), names, node.name)
    rows = zip(names, parts, outputs, strict=True)
    return [whole, *(split(name, part, own, f"{name}_split") for name, part, own in rows)]


def _fill_channels(graph: onnx.GraphProto, node: onnx.NodeProto, weight: onnx.TensorProto) -> list[onnx.NodeProto]:
    """Repeat the first channels, with zeros for their weights."""
    values = numpy_helper.to_array(weight)
    missing = -values.shape[1] % LANES
    if values.shape[1] <= LANES or not missing:
        return []
    filled = np.pad(values, ((0, 0), (0, missing), (0, 0), (0, 0)))
    weight.CopyFrom(numpy_helper.from_array(filled, weight.name))
    source, name = node.input[0], f"{node.name}_channels"
    for what, number in (("start", 0), ("end", missing), ("axis", 1)):
        graph.initializer.append(numpy_helper.from_array(np.array([number], np.int64), f"{name}_{what}"))
    first = helper.make_node(
        "Slice",
        [source, *(f"{name}_{what}" for what in ("start", "end", "axis"))],
        [f"{name}_first"],
        name=f"{name}_first",
    )
    node.input[0] = name
    return [first, helper.make_node("Concat", [source, f"{name}_first"], [name], name=name, axis=1)]


def take_channels_away(graph: onnx.GraphProto) -> None:
    """Let convolutions read what they did before `suit`; the nodes that filled their channels are left unused."""
    makers = {output: node for node in graph.node for output in node.output}
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv" and node.input[0] == f"{node.name}_channels":
            cast = makers.get(node.input[1])  # of weights that are stored as float16
            weight = tensors[cast.input[0] if cast else node.input[1]]
            (missing,) = numpy_helper.to_array(tensors[f"{node.name}_channels_end"])
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight)[:, :-missing], weight.name))
            node.input[0] = makers[node.input[0]].input[0]
