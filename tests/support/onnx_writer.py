"""ONNX files without the package onnx, which the base install does not have: the fields of onnx.proto3, written out."""

from collections.abc import Mapping, Sequence

import numpy as np

FLOAT, UINT8, INT64 = 1, 2, 7  # of TensorProto.DataType
_KINDS = {np.dtype(np.float32): FLOAT, np.dtype(np.uint8): UINT8, np.dtype(np.int64): INT64}
_ATTRIBUTES = {
    float: (2, 1),
    int: (3, 2),
    list: (8, 7),
}  # type of the value: field number, AttributeProto.AttributeType


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _fields(*fields: tuple[int, int | float | str | bytes]) -> bytes:
    """A message of protobuf; its fields are given as (number, value)."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        elif isinstance(value, float):
            out += _varint(number << 3 | 5) + np.float32(value).tobytes()
        else:
            content = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(content)) + content
    return out


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: int | float | list[int]) -> bytes:
    """A NodeProto."""
    described = []
    for name, value in attributes.items():
        number, kind = _ATTRIBUTES[type(value)]
        values = value if isinstance(value, list) else [value]
        described.append((5, _fields((1, name), *((number, each) for each in values), (20, kind))))
    return _fields(*((1, name) for name in inputs), *((2, name) for name in outputs), (4, op), *described)


def value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    """A ValueInfoProto: an input or output; axes without a size have a name."""
    axes = (_fields((1, axis) if isinstance(axis, int) else (2, axis)) for axis in shape)
    tensor_type = _fields((1, kind), (2, b"".join(_fields((1, axis)) for axis in axes)))
    return _fields((1, name), (2, _fields((1, tensor_type))))


def tensor(name: str, values: np.ndarray) -> bytes:
    """A TensorProto: a constant."""
    dims = ((1, size) for size in values.shape)
    return _fields(*dims, (2, _KINDS[values.dtype]), (8, name), (9, values.tobytes()))


def external_tensor(name: str, shape: Sequence[int], location: str) -> bytes:
    """A TensorProto of float32 whose values are in another file."""
    entries = {"location": location, "offset": "0", "length": str(4 * int(np.prod(shape)))}
    external = ((13, _fields((1, key), (2, value))) for key, value in entries.items())
    return _fields(*((1, size) for size in shape), (2, FLOAT), (8, name), *external, (14, 1))


def model(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    constants: Sequence[bytes] = (),
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """The content of an ONNX file: opset 18, IR version 9."""
    parts = ((1, nodes), (5, constants), (11, inputs), (12, outputs))
    graph = _fields((2, "tiny"), *((number, each) for number, group in parts for each in group))
    properties = ((14, _fields((1, key), (2, text))) for key, text in (metadata or {}).items())
    return _fields((1, 9), (7, graph), (8, _fields((1, ""), (2, 18))), *properties)
