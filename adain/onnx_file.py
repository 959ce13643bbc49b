"""What an ONNX file says of itself, read from its bytes alone: no library, and nothing is run.

An ONNX file is one message of protocol buffers; the numbers of its fields are those of onnx.proto.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import ModelError

MAX_BYTES = 2**31 - 1  # more than protocol buffers, and so an ONNX file without external data, can hold

WEIGHTS = "network."  # begins the names of weights in our files, as opposed to constants of the graph

_TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64"}


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph: type as numpy names it, shape with names or None where it is free."""

    name: str
    type: str
    shape: tuple[int | str | None, ...]


@dataclass(frozen=True)
class OnnxFile:
    """The head of an ONNX file: its `metadata_props`, and its graph's inputs and outputs in order."""

    metadata: dict[str, str]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_bytes(file: Path) -> bytes:
    """The whole of a model file, untrusted.

    Raises:
        ModelError: it cannot be read, or is larger than MAX_BYTES.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ModelError(f"{file} is larger than 2 GB, which no model of ours is; give another file")
        return file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"the model {file} cannot be read ({error.strerror}); "
            "give large, fast, or a file or folder that `adain export` wrote, or reinstall adain"
        ) from error


def parse(model: bytes) -> OnnxFile:
    """Read the head of an ONNX file.

    Raises:
        ValueError: the bytes are no ONNX file.
    """
    metadata: dict[str, str] = {}
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    has_graph = False
    for number, value in _fields(memoryview(model)):
        if number == 14:
            entry = dict(_fields(_message(value)))
            metadata[_text(entry.get(1, b""))] = _text(entry.get(2, b""))
        elif number == 7:
            has_graph = True
            for kind, part in _fields(_message(value)):
                if kind in (11, 12):
                    (inputs if kind == 11 else outputs).append(_tensor(_message(part)))
    if not has_graph:
        raise ValueError("it holds no graph")
    return OnnxFile(metadata, tuple(inputs), tuple(outputs))


def with_weights(model: bytes, source: bytes) -> bytes:
    """A model without weights, and those of another model, as one.

    Weights are the initializers whose names begin with WEIGHTS. Messages of protocol buffers that stand one after the
    other are read as one message, in which repeated fields, such as initializers, are joined.

    Raises:
        ValueError: the source is no ONNX file.
    """
    graphs = (_message(value) for number, value in _fields(memoryview(source)) if number == 7)
    tensors = (_message(value) for graph in graphs for number, value in _fields(graph) if number == 5)
    weights = (tensor for tensor in tensors if _text(dict(_fields(tensor)).get(8, b"")).startswith(WEIGHTS))
    return model + _field(7, b"".join(_field(5, tensor) for tensor in weights))


def _field(number: int, message: bytes | memoryview) -> bytes:
    size, head = len(message), [number << 3 | 2]
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    return bytes([*head, size]) + message


_Value = int | memoryview | bytes


def _tensor(value_info: memoryview) -> Tensor:
    info = dict(_fields(value_info))
    of_tensor = dict(_fields(_message(dict(_fields(_message(info.get(2, b"")))).get(1, b""))))
    axes = [dict(_fields(_message(axis))) for number, axis in _fields(_message(of_tensor.get(2, b""))) if number == 1]
    kind = of_tensor.get(1, 0)
    return Tensor(
        _text(info.get(1, b"")),
        _TYPES.get(kind, f"type {kind}") if isinstance(kind, int) else "unknown",
        tuple(_axis(axis) for axis in axes),
    )


def _axis(fields: dict[int, _Value]) -> int | str | None:
    size = fields.get(1)
    if isinstance(size, int) and size < 1 << 63:  # others are negative, which stands for free
        return size
    return _text(fields[2]) if 2 in fields else None


def _fields(message: memoryview) -> Iterator[tuple[int, _Value]]:
    """The fields of a message, as (number, value): an int, or the bytes of a text or of a message inside."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if key & 7 == 2:
            size, at = _varint(message, at)
        elif key & 7 in (1, 5):
            size = 8 if key & 7 == 1 else 4
        else:
            raise ValueError("it is no ONNX file")
        if size > len(message) - at:
            raise ValueError("it is cut off")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """An integer, seven bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it is cut off")
        value |= (message[at] & 127) << shift
        at += 1
        if message[at - 1] < 128:
            return value, at
    raise ValueError("it is no ONNX file")


def _message(value: _Value) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is no ONNX file")
    return memoryview(value)


def _text(value: _Value) -> str:
    return bytes(_message(value)).decode("utf-8")
