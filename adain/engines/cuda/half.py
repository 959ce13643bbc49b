"""A float32 model as one that computes its convolutions in float16, for GPUs.

A file of `adain export` holds float16 weights already, each with a cast to float32, so nothing is lost there.
"""

from typing import Any

# These move or choose values and so may be done before or after rounding alike: in float16 they move half the
# bytes. Each with the number of its inputs that hold such values, None for all.
_MOVES: dict[str, int | None] = {"Relu": 1, "MaxPool": 1, "Pad": 1, "Resize": 1, "Concat": None}


def to_half(model: bytes) -> bytes:
    """Let every convolution, and what only moves values between convolutions, compute in float16.

    Statistics, AdaIN, colours and the doors stay in float32, so the graph has the same inputs and outputs.

    Args:
        model: the bytes of an ONNX file.

    Returns:
        The bytes of the new file, with the same metadata; or the same bytes, if weights lie outside of the file.

    Raises:
        ImportError: the package onnx is not installed.
        Exception: onnx's own, where the bytes are no ONNX file.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    proto = onnx.load_model_from_string(model)
    graph = proto.graph
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in graph.initializer):
        return model
    makers = {output: node for node in graph.node for output in node.output}
    weights = {tensor.name: tensor for tensor in graph.initializer}
    halves = _half_outputs(graph)
    nodes: list[Any] = []
    casts: dict[str, str] = {}

    def cast(name: str, to: int) -> str:
        if name not in casts:
            casts[name] = f"{name}_{'half' if to == TensorProto.FLOAT16 else 'float'}"
            nodes.append(helper.make_node("Cast", [name], [casts[name]], name=casts[name], to=to))
        return casts[name]

    def in_half(name: str) -> str:
        maker = makers.get(name)
        if name in halves:
            return name
        if maker is not None and maker.op_type == "Cast" and _is_half(weights.get(maker.input[0])):
            return str(maker.input[0])
        if name in weights:
            stored = f"{name}_half"
            if stored not in weights:
                values = numpy_helper.to_array(weights[name]).astype("float16")
                weights[stored] = numpy_helper.from_array(values, stored)
            return stored
        return cast(name, TensorProto.FLOAT16)

    for node in graph.node:
        for index, name in enumerate(node.input):
            if node.output[0] in halves and index in _data_inputs(node):
                node.input[index] = in_half(name)
            elif name in halves:
                node.input[index] = cast(name, TensorProto.FLOAT)
        nodes.append(node)
    _replace(graph, nodes, weights)
    result: bytes = proto.SerializeToString()
    return result


def _replace(graph: Any, nodes: list[Any], weights: dict[str, Any]) -> None:
    """Give a graph other nodes, and those of the weights that they read."""
    from onnx import helper

    used = {name for node in nodes for name in node.input} | {output.name for output in graph.output}
    kept = [node for node in nodes if any(output in used for output in node.output)]  # casts of weights are not
    used = {name for node in kept for name in node.input}
    stored = [tensor for name, tensor in weights.items() if name in used]
    graph.CopyFrom(helper.make_graph(kept, graph.name, graph.input, graph.output, stored))


def _half_outputs(graph: Any) -> set[str]:
    """What the convolutions make, and the moves whose inputs or readers are all among them."""
    half = {node.output[0] for node in graph.node if node.op_type == "Conv"}
    moves = [node for node in graph.node if node.op_type in _MOVES]
    readers: dict[str, set[str]] = {}
    for node in graph.node:
        for index, name in enumerate(node.input):
            # "" reads it as something else, such as sizes: that is never in half.
            readers.setdefault(name, set()).add(node.output[0] if index in _data_inputs(node) else "")
    before = -1
    while len(half) > before:
        before = len(half)
        for node in moves:
            sources = {node.input[index] for index in _data_inputs(node)}
            after = readers.get(node.output[0], set())
            if sources <= half or (after and after <= half):
                half.add(node.output[0])
    return half


def _data_inputs(node: Any) -> range:
    """Which inputs hold the values that the node computes with; the others are pads, scales and the like."""
    count = _MOVES.get(node.op_type)
    return range(len(node.input) if count is None else count)


def _is_half(tensor: Any) -> bool:
    from onnx import TensorProto

    return tensor is not None and tensor.data_type == TensorProto.FLOAT16
