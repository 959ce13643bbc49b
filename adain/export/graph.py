"""torch's exporter, and what has to be mended after it."""

import warnings
from dataclasses import replace
from typing import Any, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor
from torch.export import Dim
from torch.fx.experimental import _config as fx_config

from .. import __version__
from ..contract import OPSET, Contract
from ..errors import ModelError
from ..network.model import StyleTransfer
from ..onnx_file import WEIGHTS
from .doors import folded, wrap
from .needs import count
from .webgpu import suit

COMPACT_FROM = 1024  # smaller weights are not worth a node
_DTYPES = {"float32": torch.float32, "uint8": torch.uint8, "int64": torch.int64}


def to_onnx(network: StyleTransfer, contract: Contract) -> tuple[onnx.ModelProto, Contract]:
    """The graph of a contract in float32, without metadata; and the contract with what the graph needs.

    Raises:
        ModelError: torch is too old to write the contract's opset.
    """
    inputs, free = _example(contract)
    # Oblivious: that no axis of the example is 1 does not mean that none ever is; small pictures get one value wide.
    with warnings.catch_warnings(), fx_config.patch(backed_size_oblivious=True):  # type: ignore[attr-defined]
        warnings.simplefilter("ignore")  # the exporter's own, about its internals
        program = torch.onnx.export(
            wrap(contract.graph, folded(network), contract.io),
            kwargs=inputs,
            input_names=list(inputs),
            output_names=[contract.output.name],
            dynamic_shapes=free,
            opset_version=OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = cast(onnx.ModelProto, program.model_proto)
    opset = next(entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx"))
    if opset != OPSET:  # the exporter only prints when it could not convert
        raise ModelError(f"torch wrote opset {opset} where {OPSET} was asked for; use torch 2.9 or later")
    # The exporter writes formulas for free axes; readers in other languages see the contract's plain names.
    tensors = (*contract.inputs, contract.output)
    for value, tensor in zip((*proto.graph.input, *proto.graph.output), tensors, strict=True):
        for axis, name in zip(value.type.tensor_type.shape.dim, tensor.shape, strict=True):
            if isinstance(name, str):
                axis.dim_param = name
    del proto.graph.value_info[:]  # tract refuses symbolic shapes inside
    if contract.io == "bytes":
        suit(proto.graph)
    proto.producer_name, proto.producer_version, proto.doc_string = "adain", __version__, ""
    for node in proto.graph.node:  # source lines of the exporting machine
        del node.metadata_props[:]
        node.doc_string = ""
    assert program.exported_program is not None
    height, width = (size - size % -contract.stride for size in _spatial(contract, inputs))
    pixels = len(inputs[contract.inputs[0].name]) * height * width
    operations, memory = count(program.exported_program.graph, pixels, contract.architecture)
    return proto, replace(contract, operations=operations, memory=memory)


def _spatial(contract: Contract, inputs: dict[str, Tensor]) -> tuple[int, int]:
    """Height and width of the first picture."""
    shape = inputs[contract.inputs[0].name].shape
    return (shape[1], shape[2]) if contract.io == "bytes" else (shape[2], shape[3])


def _example(contract: Contract) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Example inputs by name, and which of their axes are free, and within which bounds."""
    inputs, free = {}, {}
    dims: dict[str, Any] = {}  # one for each name, since axes of one name are equal
    for tensor in contract.inputs:
        shape: list[int] = []
        axes: dict[int, Any] = {}
        for at, axis in enumerate(tensor.shape):
            if isinstance(axis, int):
                shape.append(axis)
            elif axis is not None:
                dims.setdefault(axis, _dim(axis, contract))
                axes[at], size = dims[axis]
                shape.append(size)
        inputs[tensor.name] = torch.zeros(shape, dtype=_DTYPES[tensor.type])
        free[tensor.name] = axes
    return inputs, free


def _dim(axis: str, contract: Contract) -> tuple[Any, int]:
    """A free axis for the exporter, with its bounds; and an example of its size."""
    name = axis.removeprefix(f"{contract.stride}*")
    if name.endswith("batch"):
        return Dim(name, min=1, max=1024), 2
    if name == axis:
        return Dim(name, min=contract.smallest_side, max=1 << 15), 37 if name.endswith("height") else 43
    units = Dim(name, min=contract.smallest_side // contract.stride, max=1 << 12)
    return contract.stride * units, contract.stride * (5 if name.endswith("height") else 6)


def leave_weights(proto: onnx.ModelProto, source: onnx.ModelProto) -> None:
    """Take the weights out of a graph, which are in another one too.

    Raises:
        ModelError: one of them is not.
    """
    theirs = {tensor.name: tensor for tensor in source.graph.initializer}
    weights = [tensor for tensor in proto.graph.initializer if tensor.name.startswith(WEIGHTS)]
    for tensor in weights:
        if tensor != theirs.get(tensor.name):
            raise ModelError(f"the weight {tensor.name} is not in both graphs; export each with its own")
        proto.graph.initializer.remove(tensor)


def store_as_float16(proto: onnx.ModelProto) -> None:
    """Replace large float32 weights by float16 ones and a cast, which runtimes fold when they load."""
    casts = []
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < COMPACT_FROM:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_float16"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], name=name + "_cast", to=TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
